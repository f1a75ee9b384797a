import type { GroupNode } from './group-node.ts';
import type { GroupWorld } from './group-world.ts';

const promoteEachMs = 1_000;

/** What happens to disks: to one at a time, and never to the last that has something. */
export class Operator {
  readonly #world: GroupWorld;
  #gone: { readonly node: GroupNode; readonly directoryId: string } | undefined;

  constructor(world: GroupWorld) {
    this.#world = world;
  }

  /** Replaces the disk of a node if the others have everything; of two voters one is promoted. */
  replaceDisk(node: GroupNode): void {
    if (!this.#mayReplace(node)) return;
    const world = this.#world;
    const { leader } = world;
    const isVoter = leader?.voters.current.find(node.self) !== undefined;
    if (isVoter) this.#gone = { node, directoryId: node.directoryId };
    const isPair = isVoter && leader.voters.current.voters.length === 2;
    world.replaceDisk(node);
    world.queue.after(2_000, () => world.restart(node));
    if (isPair) this.#promote(leader);
  }

  /** Some of its log is lost, and known to be. */
  rot(node: GroupNode): void {
    if (!this.#mayReplace(node)) return;
    // One of two would not vote for the other any more.
    const { current } = this.#world.leader?.voters ?? node.voters;
    if (current.find(node.self) !== undefined && current.voters.length < 3) return;
    this.#world.rot(node);
    this.#world.queue.after(2_000, () => this.#world.restart(node));
  }

  #mayReplace(node: GroupNode): boolean {
    const { leader } = this.#world;
    const leadership = leader?.replica?.leadership;
    if (leader === undefined || leadership === undefined || leader === node) return false;
    const { current, currentFrom } = leader.voters;
    if (!leadership.isEpochCommitted || currentFrom >= leadership.highWatermark) return false;
    if (this.#isReplacing(leader) || this.#world.nodes.some((each) => each.isRotten)) return false;
    if (current.find(node.self) === undefined) return true;
    return current.voters.every((voter) => {
      const { log, directoryId, isUp } = this.#world.node(voter.nodeId);
      if (voter.nodeId === node.nodeId) return true;
      if (directoryId !== voter.directoryId || !isUp) return false;
      return (
        log.lastEpoch === leadership.leaderEpoch && log.persistedOffset >= leadership.highWatermark
      );
    });
  }

  /** The last one is still a voter somewhere. */
  #isReplacing(leader: GroupNode): boolean {
    const gone = this.#gone;
    if (gone === undefined) return false;
    return leader.voters.current.voters.some((voter) => voter.directoryId === gone.directoryId);
  }

  /** V5, until the group has a leader again. */
  #promote(node: GroupNode): void {
    const world = this.#world;
    world.queue.after(promoteEachMs, () => {
      const { leader } = world;
      if (leader?.replica?.leadership?.isEpochCommitted === true && !this.#isReplacing(leader))
        return;
      if (node.isUp && !node.isPaused && node.voters.current.voters.length === 2) {
        node.replica?.forceVoters(world.now);
        world.wake(node);
      }
      this.#promote(node);
    });
  }
}
