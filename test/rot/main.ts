import { parseArgs } from 'node:util';
import { runClusterRot } from './cluster-rot.ts';
import { runRot } from './rot-run.ts';

const usage = `npm run rot -- [--flips N] [--seed N] [--nodes 3]

Flips single bits in copies of a data directory, one at a time: most under the storage in this
process, a tenth under a node that then starts, a twentieth under a node that runs. Exit code 1 if
one wrong byte was served, or one offset was missing without a word.

With --nodes 3 in the directories of three nodes under load, of each partition on one node at a
time, while the node is stopped and while it runs: what readers get must be what was written, and
all three copies must be equal again after each round.
`;

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    nodes: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const flips = Number(values.flips);
const seed = Number(values.seed);
if (!['1', '3'].includes(values.nodes)) throw new Error('--nodes must be 1 or 3');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
if (values.nodes === '3') await rotCluster();
else await rotNode();

async function rotCluster(): Promise<void> {
  const { kinds, failures, ...sums } = await runClusterRot({ seed, flips, flipsPerRound: 30, say });
  const columns = ['running', 'stopped', 'read', 'scrub', 'start', 'replaced', 'unread'] as const;
  say(`| file | ${columns.join(' | ')} |\n|---${'|---'.repeat(columns.length)}|`);
  for (const [kind, count] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    say(`| ${kind} | ${columns.map((column) => count[column]).join(' | ')} |`);
  }
  say(JSON.stringify({ ...sums, seed, failed: failures.length }));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function rotNode(): Promise<void> {
  const [stopped, running] = [Math.ceil(flips / 10), Math.ceil(flips / 20)];
  const stored = Math.max(0, flips - stopped - running);
  const { kinds, failures } = await runRot({ seed, stored, stopped, running, say });
  say('| file | flips | whole | hole, named | failed |\n|---|---|---|---|---|');
  for (const [kind, count] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    say(`| ${kind} | ${count.flips} | ${count.whole} | ${count.holes} | ${count.failed} |`);
  }
  say(JSON.stringify({ flips, seed, failed: failures.length }));
  process.exitCode = failures.length === 0 ? 0 : 1;
}
