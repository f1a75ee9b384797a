import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import { childPids, residentBytes } from '../integration/harness/child-pids.ts';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

export interface IdleOptions {
  readonly folder: string;
  readonly runs: number;
  /** How long it rests before it is weighed. */
  readonly seconds: number;
  readonly say: (text: string) => void;
}

const mebibyte = 1024 * 1024;

/**
 * Resident memory of a node that has nothing to do, without forwarding; a bare Node process is the
 * baseline.
 */
export const measureIdle = async (options: IdleOptions): Promise<Figure> => {
  const nodes: number[] = [];
  const children: number[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    options.say(`idle: run ${run + 1} of ${options.runs}`);
    const folder = join(options.folder, `idle-${run}`);
    mkdirSync(folder);
    const node = await launchNode({ folder });
    try {
      await delay(options.seconds * 1_000);
      nodes.push(round(residentBytes(node.pid) / mebibyte));
      children.push(childPids(node.pid).length);
    } finally {
      await node.stop();
    }
  }
  return {
    figure: 'idle',
    value: median(nodes),
    unit: 'MiB RSS',
    runs: nodes,
    baselines: { bareNode: await bareNodeMebibytes(options) },
    details: { restedSeconds: options.seconds, childProcesses: median(children) },
  };
};

const bareNodeMebibytes = async ({ folder, seconds }: IdleOptions): Promise<number> => {
  const args = ['-e', 'setInterval(() => {}, 60000)'];
  const outputFile = join(folder, 'bare-node.txt');
  const bare = spawnOwned({ command: process.execPath, args, outputFile });
  try {
    await delay(Math.min(seconds, 2) * 1_000);
    return round(residentBytes(bare.pid) / mebibyte);
  } finally {
    await bare.kill();
  }
};

const round = (value: number): number => Math.round(value * 10) / 10;
