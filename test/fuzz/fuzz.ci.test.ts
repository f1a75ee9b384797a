import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Executions of each target: 10^5 where a decoder is all there is. A whole start of a node, a
 * connection through aedes and a parse of YAML take milliseconds each; `npm run fuzz` goes further.
 */
const executions: Readonly<Record<string, number>> = {
  'kafka-request': 100_000,
  'kafka-response': 100_000,
  'kafka-router': 100_000,
  'peer-request': 100_000,
  'peer-response': 100_000,
  'kafka-client': 100_000,
  'record-batch': 100_000,
  decompress: 100_000,
  state: 100_000,
  files: 100_000,
  config: 10_000,
  recovery: 10_000,
  mqtt: 10_000,
};

interface Report {
  readonly executions: number;
  readonly finding: unknown;
}

/** Of each target; a slower machine does fewer executions, never fewer than 100. */
const secondsMax = 25;

/** Runs a target in a process of its own, as `npm run fuzz` does. */
async function run(target: string, seed: number): Promise<Report> {
  const options = ['--target', target, '--executions', String(executions[target])];
  const limits = ['--seed', String(seed), '--seconds', String(secondsMax)];
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', 'test/fuzz/main.ts', ...options, ...limits],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 },
  );
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  process.stdout.write(printed);
  return JSON.parse(printed) as Report;
}

/** Two at a time: hangs are measured in processor time, so a neighbour does no harm. */
async function runAll(seed: number): Promise<ReadonlyMap<string, Report>> {
  const reports = new Map<string, Report>();
  const waiting = Object.keys(executions);
  const lane = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      reports.set(target, await run(target, seed));
    }
  };
  await Promise.all([lane(), lane()]);
  return reports;
}

it('hostile bytes break nothing', async () => {
  const reports = await runAll(1);
  for (const [target, count] of Object.entries(executions)) {
    const report = reports.get(target);
    expect(report, target).toMatchObject({ finding: null });
    expect(report?.executions, target).toBeGreaterThanOrEqual(Math.min(count, 100));
  }
});
