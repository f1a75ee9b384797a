import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { spawnOwned } from '../../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../../edge/cli/demo/owned-process.ts';
import { packageRoot } from '../../../edge/cli/demo/package-root.ts';
import type { ForwarderToNode } from '../../../src/core/forward/supervision.ts';

export interface RivalOptions {
  readonly node: NodeProcess;
  /** As the node gave them to its own forwarder, JSON. */
  readonly settings: string;
  readonly topic: string;
  readonly outputFile: string;
}

/** What a rival did, by what it told. */
export interface RivalReport {
  /** Offsets that its transactions committed; claims count nothing. */
  readonly forwarded: number;
  readonly transactions: number;
  /** How often a partition of it was seen fenced. */
  readonly fenced: number;
}

/** A second forwarder process with the identity of the node's own: same node, same settings. */
export class RivalForwarder {
  readonly #process: OwnedProcess;
  readonly #outputFile: string;

  private constructor(process: OwnedProcess, outputFile: string) {
    this.#process = process;
    this.#outputFile = outputFile;
  }

  /** `outputFile` must be another one for each rival. */
  static async start({ node, settings, topic, outputFile }: RivalOptions): Promise<RivalForwarder> {
    const status = await node.status();
    const partitions = status.partitions
      .filter((partition) => partition.topic === topic)
      .map(({ topicId, partition }) => ({ topic, topicId, partition, drops: [] }));
    const described = {
      type: 'PartitionsDescribed',
      clusterId: status.node.clusterId,
      nodeId: status.node.id,
      kafka: node.bootstrap,
      partitions,
    };
    const process_ = spawnOwned({
      command: process.execPath,
      args: [join(packageRoot(), 'dist', 'cloud-sync', 'main.js')],
      outputFile,
      env: {
        SHORELOG_FORWARDER_SETTINGS: settings,
        SHORELOG_FORWARDER_NODE: JSON.stringify(described),
      },
    });
    return new RivalForwarder(process_, outputFile);
  }

  report(): RivalReport {
    const offsets = new Map<number, number>();
    const states = new Map<number, string>();
    const report = { forwarded: 0, transactions: 0, fenced: 0 };
    for (const word of this.#words()) {
      if (word.type === 'ForwardProgressed') {
        const { partition, forwardOffset } = word.mark;
        const before = offsets.get(partition);
        offsets.set(partition, forwardOffset);
        report.forwarded += Math.max(0, forwardOffset - (before ?? forwardOffset));
        if (before !== undefined && forwardOffset > before) report.transactions += 1;
      }
      if (word.type !== 'ForwardStatusChanged') continue;
      for (const { partition, state } of word.statuses) {
        if (state === 'fenced' && states.get(partition) !== state) report.fenced += 1;
        states.set(partition, state);
      }
    }
    return report;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Without IPC the forwarder prints its words as JSON lines, among its telemetry. */
  #words(): ForwarderToNode[] {
    const lines = readFileSync(this.#outputFile, 'utf8').split('\n').slice(0, -1);
    return lines
      .filter((line) => line.startsWith('{"type":'))
      .map((line) => JSON.parse(line) as ForwarderToNode);
  }
}
