import type { GroupNode } from '../group-node.ts';
import { InvariantBroken } from './invariant-broken.ts';

/** Ticks come up to 100 ms late, and clocks differ a little. */
const slackMs = 300;

/** T3: who leads is asked by a majority of its voters, else it resigns. */
export class QuorumHeard {
  readonly #limitMs: number;
  /** By leader and its process: when each replica asked it, and when it began to lead. */
  readonly #asked = new Map<GroupNode, Map<string, number>>();
  readonly #since = new Map<GroupNode, number>();

  constructor(fetchTimeoutMs: number) {
    this.#limitMs = 1.5 * fetchTimeoutMs + slackMs;
  }

  /** Elected, or awake again: from now on it is asked. */
  begins(leader: GroupNode, nowMs: number): void {
    this.#since.set(leader, nowMs);
    this.#asked.set(leader, new Map());
  }

  asked(leader: GroupNode, directoryId: string, nowMs: number): void {
    this.#asked.get(leader)?.set(directoryId, nowMs);
  }

  check(nodes: readonly GroupNode[], nowMs: number): void {
    for (const node of nodes) {
      if (node.replica?.isLeader !== true || node.isPaused) continue;
      const since = this.#since.get(node) ?? nowMs;
      if (nowMs - since < this.#limitMs) continue;
      const { voters, majority } = node.voters.current;
      const asked = this.#asked.get(node);
      let heard = 0;
      for (const { directoryId } of voters) {
        const atMs = directoryId === node.directoryId ? nowMs : (asked?.get(directoryId) ?? since);
        if (nowMs - atMs < this.#limitMs) heard++;
      }
      if (heard >= majority) continue;
      const text = `node ${node.nodeId} leads on, asked by ${heard} of ${voters.length} voters`;
      throw new InvariantBroken('quorum-heard', text);
    }
  }
}
