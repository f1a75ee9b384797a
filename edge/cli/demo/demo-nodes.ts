import { join } from 'node:path';
import type { NodeStatus } from '../../../src/core/node-status.ts';
import { freePorts } from './free-ports.ts';
import { prepareNode } from './node-launcher.ts';
import type { NodeConfig, NodeProcess } from './node-launcher.ts';

export interface DemoNodesOptions {
  /** Takes a folder for each node. Must exist. */
  readonly folder: string;
  readonly count: number;
  readonly config: NodeConfig;
}

/** What the nodes that answer know together. */
export type DemoStatus = Pick<NodeStatus, 'partitions' | 'forward'>;

/** The demo's gateways: one, or a cluster on this machine. */
export class DemoNodes {
  readonly all: readonly NodeProcess[];
  readonly #down = new Set<NodeProcess>();

  private constructor(all: readonly NodeProcess[]) {
    this.all = all;
  }

  /** All of them are ready. */
  static async launch({ folder, count, config }: DemoNodesOptions): Promise<DemoNodes> {
    const ports = await freePorts(4 * count);
    const portOf = (index: number, which: number): number => ports[4 * index + which] ?? 0;
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const peers = ids.map((id, index) => ({
      ...{ id, role: 'data' as const },
      peer: `127.0.0.1:${portOf(index, 3)}`,
      kafka: `127.0.0.1:${portOf(index, 1)}`,
    }));
    const cluster = count === 1 ? {} : { cluster: { id: 'demo', peers } };
    const nodes = new DemoNodes(
      await Promise.all(
        ids.map((id, index) =>
          prepareNode({
            folder: join(folder, count === 1 ? 'node' : `node-${id}`),
            config: { ...config, ...cluster, node: { id } },
            ports: { mqtt: portOf(index, 0), kafka: portOf(index, 1), admin: portOf(index, 2) },
          }),
        ),
      ),
    );
    try {
      await Promise.all(nodes.all.map((node) => node.start()));
    } catch (error) {
      await nodes.stop();
      throw error;
    }
    return nodes;
  }

  /** host:port of the Kafka listeners, those of nodes that are up first. */
  get bootstrap(): string {
    const up = this.all.filter(({ isRunning }) => isRunning);
    return up.map(({ bootstrap }) => bootstrap).join(',');
  }

  /** The newest of what each of them says. Throws when one ended by itself, or none answers. */
  async status(): Promise<DemoStatus> {
    const up = this.all.filter((node) => !this.#down.has(node));
    if (up.some(({ isRunning }) => !isRunning)) throw new Error('a node ended during the demo');
    const asked = await Promise.allSettled(up.map((node) => node.status()));
    const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (told.length === 0) throw new Error('no node answers');
    return {
      partitions: newestOf(
        told.flatMap(({ partitions }) => partitions),
        ({ highWatermark }) => highWatermark,
      ),
      forward: newestOf(
        told.flatMap(({ forward }) => forward),
        ({ forwardOffset }) => forwardOffset ?? -1,
      ),
    };
  }

  /** SIGKILL for the node that leads most of a topic. @returns its place among `all`. */
  async killLeader(topic: string): Promise<number> {
    const { partitions } = await this.status();
    const ledBy = (id: number): number =>
      partitions.filter((one) => one.topic === topic && one.leader === id).length;
    const leads = this.all.map((_, index) => ledBy(index + 1));
    const index = leads.indexOf(Math.max(...leads));
    const node = this.all[index];
    if (node === undefined) return index;
    this.#down.add(node);
    await node.kill();
    return index;
  }

  /** Starts what was killed. */
  async startKilled(): Promise<void> {
    await Promise.all([...this.#down].map((node) => node.start()));
    this.#down.clear();
  }

  async stop(): Promise<void> {
    const running = this.all.filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((node) => node.stop()));
  }
}

/** By topic and partition the one with the highest offset. */
const newestOf = <T extends { readonly topic: string; readonly partition: number }>(
  all: readonly T[],
  offsetOf: (one: T) => number,
): T[] => {
  const newest = new Map<string, T>();
  for (const one of all) {
    const key = `${one.topic}-${one.partition}`;
    const known = newest.get(key);
    if (known === undefined || offsetOf(one) > offsetOf(known)) newest.set(key, one);
  }
  return [...newest.values()];
};
