import { freePorts } from '../../../edge/cli/demo/free-ports.ts';
import type { ClusterNetwork, NodePlace } from './cluster-network.ts';

/** Ports of 127.0.0.1, where namespaces are not allowed: processes can die, links cannot. */
export class LoopbackNetwork implements ClusterNetwork {
  readonly cannotCut: string;
  readonly outsideHost = '127.0.0.1';
  readonly #places: ReadonlyMap<number, NodePlace>;

  private constructor(places: ReadonlyMap<number, NodePlace>, why: string) {
    this.#places = places;
    this.cannotCut = why;
  }

  /** `why`: there are no namespaces. */
  static async open(ids: readonly number[], why: string): Promise<LoopbackNetwork> {
    const free = await freePorts(4 * ids.length);
    const places = ids.map((id, index): [number, NodePlace] => {
      const [mqtt = 0, kafka = 0, admin = 0, peer = 0] = free.slice(4 * index);
      return [id, { host: '127.0.0.1', ports: { mqtt, kafka, admin, peer }, runUnder: [] }];
    });
    return new LoopbackNetwork(new Map(places), why);
  }

  place(node: number): NodePlace {
    const place = this.#places.get(node);
    if (place === undefined) throw new Error(`no ports for node ${node}`);
    return place;
  }

  cut(): void {
    throw new Error(this.cannotCut);
  }

  heal(): void {}

  healAll(): void {}

  async close(): Promise<void> {}
}
