import type { NodeStatus } from '../../src/core/node-status.ts';
import type { TestCluster } from '../cluster/test-cluster.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { PartitionName } from './cluster-reader.ts';
import type { Batches } from './judge.ts';
import { difference, readCopy } from './node-copies.ts';
import type { NodeCopy } from './node-copies.ts';

/** What three nodes have on their disks, and what they had: nothing committed ever changes. */
export class ClusterCopies {
  readonly #cluster: TestCluster;
  readonly #truth = new Map<string, Map<number, Uint8Array>>();

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Every batch of a partition that all nodes ever agreed on. */
  truth(name: PartitionName): Batches {
    return this.#truth.get(folderOf(name)) ?? new Map<number, Uint8Array>();
  }

  /** No node knows of damage, all are in sync, and all copies are the same; they are the truth. */
  async untilWhole(msMax: number): Promise<void> {
    let open = '';
    try {
      await waitUntil('three equal copies', msMax, async () => {
        const statuses = await this.#cluster.statuses();
        open = damageOf(statuses);
        if (open !== '') return false;
        await this.#cluster.untilSettled(msMax);
        open = this.#differences(statuses);
        return open === '';
      });
    } catch (error) {
      throw new Error(open === '' ? String(error) : open, { cause: error });
    }
  }

  #differences(statuses: ReadonlyMap<number, NodeStatus>): string {
    for (const name of namesOf(statuses)) {
      const ranges = [...statuses.values()].flatMap((status) => partitionOf(status, name));
      const from = Math.max(...ranges.map(({ logStartOffset }) => logStartOffset));
      const to = Math.min(...ranges.map(({ highWatermark }) => highWatermark));
      const folder = folderOf(name);
      const copies = this.#cluster.nodes.map(({ id, process }) =>
        readCopy(id, process.dataDir, folder),
      );
      const found = difference(copies, from, to) || this.#againstTruth(folder, copies, from);
      if (found !== '') return `${folder}: ${found}`;
    }
    return '';
  }

  /** What all three agree on must be what was there before; the rest is new, and kept. */
  #againstTruth(folder: string, [copy]: readonly NodeCopy[], from: number): string {
    const known = this.#truth.get(folder) ?? new Map<number, Uint8Array>();
    this.#truth.set(folder, known);
    for (const [base, bytes] of known) {
      const now = copy?.batches.get(base);
      if (now === undefined && base >= from) return `the batch at ${base} is gone`;
      if (now !== undefined && Buffer.compare(now, bytes) !== 0) {
        return `the batch at ${base} is another one`;
      }
    }
    for (const [base, bytes] of copy?.batches ?? []) known.set(base, bytes);
    return '';
  }
}

const folderOf = ({ topic: name, partition }: PartitionName): string => `${name}-${partition}`;

/** The partitions that a node names. */
export function namesOf(statuses: ReadonlyMap<number, NodeStatus>): readonly PartitionName[] {
  const [status] = statuses.values();
  return (status?.partitions ?? []).map(({ topic: name, partition }) => ({
    topic: name,
    partition,
  }));
}

const partitionOf = ({ partitions: all }: NodeStatus, name: PartitionName) =>
  all.filter((one) => one.topic === name.topic && one.partition === name.partition);

function damageOf(statuses: ReadonlyMap<number, NodeStatus>): string {
  for (const [id, { damaged }] of statuses) {
    const [first] = damaged;
    if (first === undefined) continue;
    const { topic: name, partition, from, to, reason } = first;
    return `node ${id} says that ${name}-${partition} is damaged: ${from} to ${to}, ${reason}`;
  }
  return '';
}
