import type { GroupNode } from '../group-node.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Each node goes by the voters that its log names: a set is undone with its record (V1). */
export class VotersOfLog {
  readonly #generations = new Map<GroupNode, number>();

  /** Looks into logs that were cut since. */
  check(nodes: readonly GroupNode[]): void {
    for (const node of nodes) {
      const { log } = node;
      if (!node.isUp || this.#generations.get(node) === log.generation) continue;
      this.#generations.set(node, log.generation);
      if (node.voters.current.isSameAs(log.history().current)) continue;
      const text = `node ${node.nodeId} goes by voters that its log does not name any more`;
      throw new InvariantBroken('voters-of-log', text);
    }
  }
}
