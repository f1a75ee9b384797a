import { resolve } from 'node:path';

import type { CliContext } from './cli-config.ts';
import { configFor } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { probeDisk } from './probe-disk.ts';
import { formatBytes, printProblem } from './terminal.ts';

const syncs = 500;
const appendBytes = 64 * 1024 * 1024;

/**
 * `shorelog bench`: what the disk under the data directory can do, which bounds everything else.
 */
export async function runBench(
  context: CliContext,
  options: { readonly config?: string; readonly json?: boolean },
): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const dir = resolve(loaded.config.node.dataDir);
  const probe = await probeDisk(dir, { syncs, appendBytes });
  if (!probe.ok) {
    printProblem(terminal, { text: `cannot write to ${dir} (${probe.error})` });
    return exitCodes.problem;
  }
  if (probe.value.isMemory) {
    const hint = 'point node.dataDir at a disk';
    printProblem(terminal, {
      text: `${dir} is in memory (tmpfs): a figure would mean nothing`,
      hint,
    });
    return exitCodes.problem;
  }
  if (options.json === true) {
    terminal.out(JSON.stringify({ dataDir: dir, syncs, appendBytes, ...probe.value }));
    return exitCodes.ok;
  }
  const { syncMsP50, syncMsP99, appendBytesPerSecond } = probe.value;
  terminal.out(`data directory  ${dir}`);
  terminal.out(`fdatasync       p50 ${syncMsP50.toFixed(2)} ms, p99 ${syncMsP99.toFixed(2)} ms`);
  terminal.out(`append          ${formatBytes(appendBytesPerSecond)}/s`);
  return exitCodes.ok;
}
