import { statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Config } from '../../src/config/config.ts';
import { makeBenchFolder } from './bench/bench-folder.ts';
import type { BenchFolder } from './bench/bench-folder.ts';
import type { BenchShape, NodeMeasured } from './bench/bench-phases.ts';
import { measureNode } from './bench/bench-phases.ts';
import { printReport } from './bench/bench-report.ts';
import type { BenchReport } from './bench/bench-report.ts';
import { outlookOf } from './bench/gateway-outlook.ts';
import type { CliContext } from './cli-config.ts';
import { configFor } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { probeDisk } from './probe-disk.ts';
import type { DiskProbe } from './probe-disk.ts';
import { printProblem } from './terminal.ts';
import type { Terminal } from './terminal.ts';

const probeSize = { syncs: 200, appendBytes: 32 * 1024 * 1024 };
const interruptedCode = 130;

/** As commander gives them. */
export interface BenchFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly seconds: number;
  readonly rate: number;
  readonly payload: number;
  readonly endurance: number;
}

const flagBounds = {
  seconds: [1, 600],
  rate: [1, 100_000],
  payload: [1, 65_536],
  endurance: [1, 1_000_000],
} as const;

/**
 * `shorelog bench`: what this machine does with its own disk, and what that means for a gateway. It
 * runs a temporary node beside the data directory and removes everything again, also when it is
 * interrupted.
 */
export async function runBench(context: CliContext, flags: BenchFlags): Promise<number> {
  const { terminal } = context;
  const wrong = outOfBounds(flags);
  if (wrong !== undefined) {
    printProblem(terminal, { text: wrong });
    return exitCodes.usage;
  }
  const loaded = await configFor(context, flags.config);
  if (loaded === undefined) return exitCodes.usage;
  const { config } = loaded;
  const dir = resolve(config.node.dataDir);
  let folder: BenchFolder;
  try {
    folder = await makeBenchFolder(dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    printProblem(terminal, { text: `cannot write beside ${dir} (${code})` });
    return exitCodes.problem;
  }
  return withInterrupt(async (signal) => {
    try {
      return await bench({ terminal, config, dir, folder: folder.path, flags, signal });
    } catch (error) {
      if (signal.aborted) return interruptedCode;
      printProblem(terminal, { text: error instanceof Error ? error.message : String(error) });
      return exitCodes.problem;
    } finally {
      await folder.remove();
    }
  });
}

interface BenchRun {
  readonly terminal: Terminal;
  readonly config: Config;
  readonly dir: string;
  readonly folder: string;
  readonly flags: BenchFlags;
  readonly signal: AbortSignal;
}

async function bench(run: BenchRun): Promise<number> {
  const { terminal, config, dir, folder, flags, signal } = run;
  terminal.error(`Measuring in ${folder} for about ${2 * flags.seconds + 8} s.`);
  const probe = await probeDisk(join(folder, 'probe'), probeSize);
  if (!probe.ok) throw new Error(`cannot write to ${folder} (${probe.error})`);
  if (probe.value.isMemory) {
    const hint = 'point node.dataDir at a disk';
    printProblem(terminal, { text: `${dir} is in memory (tmpfs): figures mean nothing`, hint });
    return exitCodes.problem;
  }
  const shape: BenchShape = {
    seconds: flags.seconds,
    ratePerSecond: flags.rate,
    payloadBytes: flags.payload,
  };
  const node = await measureNode(join(folder, 'node'), config, shape, signal);
  const report = reportOf(run, probe.value, node, await budgetOf(config, folder));
  if (flags.json === true) terminal.out(JSON.stringify(report));
  else printReport(terminal, report);
  return exitCodes.ok;
}

function reportOf(
  { dir, flags }: BenchRun,
  disk: DiskProbe,
  node: NodeMeasured,
  budgetBytes: number,
): BenchReport {
  const outlook = outlookOf({
    busyPerSecond: Math.max(1, node.busy.perSecond),
    ratePerSecond: flags.rate,
    payloadBytes: flags.payload,
    logBytesPerRecord: node.logBytesPerRecord,
    deviceBytesPerPayloadByte: node.deviceBytesPerPayloadByte,
    budgetBytes,
    enduranceTerabytes: flags.endurance,
  });
  const { rate, payload, seconds, endurance } = flags;
  const asked = { ratePerSecond: rate, payloadBytes: payload, seconds };
  return { dataDir: dir, asked, disk, node, budgetBytes, enduranceTerabytes: endurance, outlook };
}

/** What the logs may grow to: the config's budget, or what is free without the reserve (L9). */
async function budgetOf({ disk }: Config, folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.max(0, bavail * bsize - disk.reserveBytes);
  return disk.budgetBytes === 'auto' ? free : Math.min(free, disk.budgetBytes);
}

function outOfBounds(flags: BenchFlags): string | undefined {
  for (const [name, [lowest, highest]] of Object.entries(flagBounds)) {
    const value = flags[name as keyof typeof flagBounds];
    if (value < lowest || value > highest) {
      return `--${name} must be from ${lowest} to ${highest}, not ${value}`;
    }
  }
  return undefined;
}

/** A closed terminal is SIGHUP. */
const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs work that an interrupt aborts; it cleans up by itself before this settles. */
async function withInterrupt(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const name of interrupts) process.once(name, onSignal);
  try {
    return await work(interrupt.signal);
  } finally {
    for (const name of interrupts) process.removeListener(name, onSignal);
  }
}
