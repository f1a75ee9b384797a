import type { GroupNode } from '../group-node.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** The high watermark of a process never falls (C6). */
export class WatermarkRises {
  readonly #seen = new Map<GroupNode, { incarnation: number; highWatermark: number }>();

  check(nodes: readonly GroupNode[]): void {
    for (const node of nodes) {
      const { incarnation, replica } = node;
      if (replica === undefined) continue;
      const { highWatermark } = replica;
      const seen = this.#seen.get(node);
      if (seen === undefined) {
        this.#seen.set(node, { incarnation, highWatermark });
        continue;
      }
      if (seen.incarnation === incarnation && highWatermark < seen.highWatermark) {
        const text = `of node ${node.nodeId} from ${seen.highWatermark} to ${highWatermark}`;
        throw new InvariantBroken('watermark-rises', text);
      }
      seen.incarnation = incarnation;
      seen.highWatermark = highWatermark;
    }
  }
}
