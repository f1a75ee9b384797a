import type { ClusterNode, TestCluster } from '../../cluster/test-cluster.ts';

/** Whom a case takes away: by SIGKILL, or, as it leads, by SIGTERM. */
export type Victim = 'leader' | 'follower' | 'witness' | 'plannedStop';

/** Who goes, and the partitions of the topic that it leads. */
export interface Turn {
  readonly node: ClusterNode;
  readonly led: ReadonlySet<number>;
}

/**
 * Whose turn it is to go: of the nodes that fit the case the one that was there longest. So no
 * leader sees the same follower fall twice within a minute, which would keep it out of sync (C4).
 */
export class Turns {
  readonly #cluster: TestCluster;
  readonly #topic: string;
  readonly #victim: Victim;
  /** Last whose turn was last. */
  #order: readonly ClusterNode[];

  constructor(cluster: TestCluster, topic: string, victim: Victim) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#victim = victim;
    const role = victim === 'witness' ? 'witness' : 'data';
    this.#order = cluster.nodes.filter((node) => node.role === role);
  }

  async next(): Promise<Turn> {
    const leaders = await this.#leaders();
    const turns = this.#order.map((node): Turn => {
      const led = leaders.flatMap((id, partition) => (id === node.id ? [partition] : []));
      return { node, led: new Set(led) };
    });
    const found = turns.find(({ led }) => this.#fits(led.size, leaders.length));
    if (found === undefined) throw new Error(`no ${this.#victim} in this cluster`);
    this.#order = [...this.#order.filter((node) => node !== found.node), found.node];
    return found;
  }

  /** A leader leads something; a follower leaves something that others lead. */
  #fits(led: number, partitions: number): boolean {
    if (this.#victim === 'witness') return true;
    return this.#victim === 'follower' ? led < partitions : led > 0;
  }

  /** By partition. */
  async #leaders(): Promise<(number | undefined)[]> {
    const [status] = (await this.#cluster.statuses()).values();
    const own = (status?.partitions ?? []).filter(({ topic }) => topic === this.#topic);
    return own.toSorted((a, b) => a.partition - b.partition).map(({ leader }) => leader);
  }
}
