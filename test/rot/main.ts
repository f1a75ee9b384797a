import { parseArgs } from 'node:util';
import { runRot } from './rot-run.ts';

const usage = `npm run rot -- [--flips N] [--seed N]

Flips single bits in copies of a data directory, one at a time: most under the storage in this
process, a tenth under a node that then starts, a twentieth under a node that runs. Exit code 1 if
one wrong byte was served, or one offset was missing without a word.
`;

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean' },
  },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const flips = Number(values.flips);
const seed = Number(values.seed);
const log = (line: string): void => void process.stdout.write(`${line}\n`);
log(`seed ${seed}`);
const [stopped, running] = [Math.ceil(flips / 10), Math.ceil(flips / 20)];
const stored = Math.max(0, flips - stopped - running);
const { kinds, failures } = await runRot({ seed, stored, stopped, running, log });
log('| file | flips | whole | hole, named | failed |\n|---|---|---|---|---|');
for (const [kind, count] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
  log(`| ${kind} | ${count.flips} | ${count.whole} | ${count.holes} | ${count.failed} |`);
}
log(JSON.stringify({ flips, seed, failed: failures.length }));
process.exitCode = failures.length === 0 ? 0 : 1;
