import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeStatus, PartitionStatus } from '../../src/core/node-status.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { ClusterNetwork, NodePlace } from './network/cluster-network.ts';

export type NodeRole = 'data' | 'witness';

/** One node of a cluster under test: its process, its role, its place in the network. */
export interface ClusterNode {
  readonly id: number;
  readonly role: NodeRole;
  readonly place: NodePlace;
  readonly process: NodeProcess;
}

export interface ClusterOptions {
  /** Takes a folder for each node. Must exist. */
  readonly folder: string;
  /** By id, which are 1, 2, 3, ... */
  readonly roles: readonly NodeRole[];
  readonly network: ClusterNetwork;
  /** Of every node; `node`, listeners and `cluster` are filled in. */
  readonly config?: NodeConfig;
  readonly replicaLagTimeMaxMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Of one node alone, beside `env`. */
  readonly envOf?: (id: number) => Readonly<Record<string, string>>;
}

const settledMsMax = 60_000;

/** The ids that a cluster of these roles has. */
export const idsOf = (roles: readonly NodeRole[]): number[] => roles.map((_, index) => index + 1);

/** Real nodes, each the built program in a process of its own, that know each other. */
export class TestCluster {
  readonly nodes: readonly ClusterNode[];
  readonly network: ClusterNetwork;

  private constructor(nodes: readonly ClusterNode[], network: ClusterNetwork) {
    this.nodes = nodes;
    this.network = network;
  }

  /** Writes the configs, starts nothing. */
  static async prepare(options: ClusterOptions): Promise<TestCluster> {
    const { roles, network } = options;
    const nodes: ClusterNode[] = [];
    for (const id of idsOf(roles)) {
      const place = network.place(id);
      const folder = join(options.folder, `node-${id}`);
      mkdirSync(folder);
      const { host, ports, runUnder } = place;
      const process = await prepareNode({
        ...{ folder, host, ports, runUnder, config: configOf(id, options) },
        env: { ...options.env, ...options.envOf?.(id) },
      });
      nodes.push({ id, role: roles[id - 1] ?? 'data', place, process });
    }
    return new TestCluster(nodes, network);
  }

  get dataNodes(): readonly ClusterNode[] {
    return this.nodes.filter(({ role }) => role === 'data');
  }

  /** host:port of the Kafka listeners of all data nodes. */
  get bootstrap(): string {
    return this.dataNodes.map(({ process }) => process.bootstrap).join(',');
  }

  node(id: number): ClusterNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** All at once; ready when each says so. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.nodes.map(({ process }) => process.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason as Error;
  }

  /** What nodes say that answer now. */
  async statuses(): Promise<ReadonlyMap<number, NodeStatus>> {
    const asked = this.nodes
      .filter(({ process }) => process.isRunning)
      .map(async ({ id, process }): Promise<[number, NodeStatus] | undefined> => {
        const status = await process.status().catch(() => undefined);
        return status === undefined ? undefined : [id, status];
      });
    return new Map((await Promise.all(asked)).filter((answer) => answer !== undefined));
  }

  /** The leader of a partition as the node with the highest leader epoch tells it. */
  async leaderOf(topic: string, partition: number): Promise<number | undefined> {
    let newest: PartitionStatus | undefined;
    for (const { partitions } of (await this.statuses()).values()) {
      const told = partitions.find((one) => one.topic === topic && one.partition === partition);
      if (told?.leader === undefined) continue;
      if (newest === undefined || told.leaderEpoch > newest.leaderEpoch) newest = told;
    }
    return newest?.leader;
  }

  /**
   * Waits until every node answers, all name the same leader for each partition, every data node is
   * in sync, and all logs end at the same high watermark. Throws with what is still open.
   */
  async untilSettled(msMax = settledMsMax): Promise<void> {
    let open = 'nobody answered';
    try {
      await waitUntil('a settled cluster', msMax, async () => {
        open = this.#unsettled(await this.statuses());
        return open === '';
      });
    } catch (error) {
      throw new Error(`the cluster did not settle in ${msMax} ms: ${open}`, { cause: error });
    }
  }

  /** Ends all nodes cleanly. */
  async stop(): Promise<void> {
    await Promise.all(this.#running().map(({ process }) => process.stop()));
  }

  /** Ends all nodes at once, however they stand; `network` stays. */
  async kill(): Promise<void> {
    await Promise.all(this.#running().map(({ process }) => process.kill()));
  }

  #running(): ClusterNode[] {
    return this.nodes.filter(({ process }) => process.isRunning);
  }

  /** What keeps it from being settled; empty: nothing. */
  #unsettled(statuses: ReadonlyMap<number, NodeStatus>): string {
    const silent = this.nodes.filter(({ id }) => !statuses.has(id)).map(({ id }) => id);
    if (silent.length > 0) return `no answer from ${silent.join(', ')}`;
    const told = new Map<string, PartitionStatus>();
    for (const [id, { partitions }] of statuses) {
      for (const partition of partitions) {
        const name = `${partition.topic}-${partition.partition}`;
        const other = told.get(name);
        told.set(name, partition);
        const wrong = this.#partitionTrouble(id, partition, other);
        if (wrong !== '') return `node ${id}: ${name} ${wrong}`;
      }
    }
    return told.size === 0 ? 'no partitions' : '';
  }

  #partitionTrouble(
    id: number,
    partition: PartitionStatus,
    other: PartitionStatus | undefined,
  ): string {
    const { leader, leaderEpoch, highWatermark, logEndOffset, inSync, replicas } = partition;
    if (leader === undefined) return 'has no leader';
    if (other !== undefined && other.leader !== leader) {
      return `is led by ${leader}, another node says ${other.leader}`;
    }
    if (other !== undefined && other.leaderEpoch !== leaderEpoch) {
      return `is in leader epoch ${leaderEpoch}, another node says ${other.leaderEpoch}`;
    }
    const dataReplicas = replicas.filter((replica) => this.node(replica).role === 'data');
    const missing = dataReplicas.filter((replica) => !inSync.includes(replica));
    // Only the leader knows.
    if (leader === id && missing.length > 0) return `is not in sync on ${missing.join(', ')}`;
    if (this.node(id).role === 'witness') return '';
    if (highWatermark !== logEndOffset)
      return `is committed to ${highWatermark} of ${logEndOffset}`;
    if (other !== undefined && other.highWatermark !== highWatermark) {
      return `ends at ${highWatermark}, elsewhere at ${other.highWatermark}`;
    }
    return '';
  }
}

const configOf = (id: number, options: ClusterOptions): NodeConfig => {
  const { roles, network, config = {}, replicaLagTimeMaxMs = 1_000 } = options;
  const peers = idsOf(roles).map((peerId) => {
    const { host, ports } = network.place(peerId);
    return {
      id: peerId,
      peer: `${host}:${ports.peer}`,
      kafka: `${host}:${ports.kafka}`,
      role: roles[peerId - 1] ?? 'data',
    };
  });
  return {
    ...config,
    node: { ...config.node, id },
    cluster: {
      id: 'proof',
      replicaLagTimeMaxMs,
      peers,
      // The addresses of namespaces are not loopback.
      insecure: true,
    },
  };
};
