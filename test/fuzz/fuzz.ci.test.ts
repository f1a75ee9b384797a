import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { fuzzTargets } from './fuzz-targets.ts';

const folder = fileURLToPath(new URL('../..', import.meta.url));

const executions = 100_000;

/** The slowest first, so that both lanes end at about the same time. */
const slowest = ['recovery', 'config', 'kafka-router', 'mqtt', 'kafka-client'];
const targets: readonly string[] = [...new Set([...slowest, ...fuzzTargets.keys()])];

interface Report {
  readonly executions: number;
  readonly finding: unknown;
}

/** Of the processor, for each target: five times what the slowest takes. */
const secondsMax = 400;
const timeoutMs = 900_000;

/** Runs a target in a process of its own, as `npm run fuzz` does. */
async function run(target: string, seed: number): Promise<Report> {
  const options = ['--target', target, '--executions', String(executions)];
  const limits = ['--seed', String(seed), '--seconds', String(secondsMax)];
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', 'test/fuzz/main.ts', ...options, ...limits],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], timeout: timeoutMs },
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
  const waiting = [...targets];
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
  for (const target of targets) {
    expect(reports.get(target), target).toMatchObject({ executions, finding: null });
  }
});
