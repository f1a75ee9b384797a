import type { GroupNode } from '../group-node.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** One leader for each leader epoch, and each leads it once (C1). */
export class OneLeader {
  readonly #leaders = new Map<number, number>();

  /** A node was elected. */
  led(leaderEpoch: number, nodeId: number): void {
    const other = this.#leaders.get(leaderEpoch);
    if (other === nodeId) fail(`node ${nodeId} leads epoch ${leaderEpoch} twice (C1)`);
    if (other !== undefined) fail(`two leaders of epoch ${leaderEpoch}: ${other} and ${nodeId}`);
    this.#leaders.set(leaderEpoch, nodeId);
  }

  /** Who believes to lead was elected in that epoch. */
  check(nodes: readonly GroupNode[]): void {
    for (const { nodeId, replica } of nodes) {
      if (replica?.isLeader !== true) continue;
      const elected = this.#leaders.get(replica.leaderEpoch);
      if (elected === nodeId) continue;
      fail(`node ${nodeId} leads epoch ${replica.leaderEpoch}, elected was ${elected}`);
    }
  }
}

function fail(text: string): never {
  throw new InvariantBroken('one-leader', text);
}
