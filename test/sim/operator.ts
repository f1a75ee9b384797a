import type { GroupNode } from './group-node.ts';
import { settings, type GroupWorld } from './group-world.ts';

const promoteEachMs = 1_000;
/** Longer than the silence that a promotion asks for. */
const stoppedMs = 5_000;

/** What happens to disks: to one at a time, and never to the last that has something. */
export class Operator {
  readonly #world: GroupWorld;
  #gone: { readonly node: GroupNode; readonly directoryId: string } | undefined;

  constructor(world: GroupWorld) {
    this.#world = world;
  }

  /** Replaces the disk of a node if the others have everything. */
  replaceDisk(node: GroupNode, isOld = false): void {
    if (!this.#mayReplace(node)) return;
    const world = this.#world;
    const isVoter = world.leader?.voters.current.find(node.self) !== undefined;
    if (isVoter) this.#gone = { node, directoryId: node.directoryId };
    world.replaceDisk(node, isOld);
    world.queue.after(2_000, () => world.restart(node));
    if (isVoter) this.#promote();
  }

  /** Some of a log is lost, and known to be: mostly of a voter's. */
  rot(any: GroupNode): void {
    const { leader } = this.#world;
    if (leader === undefined || !this.#isQuiet(leader)) return;
    const { queue, random, network } = this.#world;
    const followers = leader.voters.current.dataVoters.filter((v) => v.nodeId !== leader.nodeId);
    const isVoter = followers.length > 0 && random.chance(0.8);
    const node = isVoter ? this.#world.node(random.pick(followers).nodeId) : any;
    if (node === leader) return;
    // Others lack the latest: those that have it are the leader and this one.
    for (const { nodeId } of leader.voters.current.voters) {
      if (nodeId === leader.nodeId || nodeId === node.nodeId) continue;
      if (random.chance(0.7)) network.cut(leader.nodeId, nodeId);
    }
    queue.after(random.next() * 1_000, () => {
      if (this.#world.leader !== leader || !this.#isQuiet(leader)) return network.heal();
      this.#world.rot(node);
      queue.after(2_000, () => this.#world.restart(node));
      // Who has the rest dies before it could give all of it back.
      queue.after(1_900 + random.next() * 300, () => {
        network.heal();
        this.#world.crashFor(leader, 5_000);
      });
      this.#promote();
    });
  }

  #mayReplace(node: GroupNode): boolean {
    const { leader } = this.#world;
    const leadership = leader?.replica?.leadership;
    if (leader === undefined || leadership === undefined || leader === node) return false;
    if (!this.#isQuiet(leader)) return false;
    const { current } = leader.voters;
    if (current.find(node.self) === undefined) return true;
    // Without enough copies nothing commits, not even the change that would help.
    const copies = current.dataVoters.filter(({ nodeId }) => nodeId !== node.nodeId).length;
    const isPair = current.voters.length === 2;
    if (!isPair && copies < this.#world.minInsyncReplicas(current.dataVoters.length)) return false;
    return current.voters.every((voter) => {
      const { log, directoryId, isUp } = this.#world.node(voter.nodeId);
      if (voter.nodeId === node.nodeId) return true;
      if (directoryId !== voter.directoryId || !isUp) return false;
      return (
        log.lastEpoch === leadership.leaderEpoch && log.persistedOffset >= leadership.highWatermark
      );
    });
  }

  /** Nothing is on its way: no change of voters, no disk. */
  #isQuiet(leader: GroupNode): boolean {
    const leadership = leader.replica?.leadership;
    if (leadership?.isEpochCommitted !== true) return false;
    if (leader.voters.currentFrom >= leadership.highWatermark) return false;
    return !this.#isReplacing(leader) && !this.#world.nodes.some((each) => each.isRotten);
  }

  /** The last one is still a voter somewhere. */
  #isReplacing(leader: GroupNode): boolean {
    const gone = this.#gone;
    if (gone === undefined) return false;
    return leader.voters.current.voters.some((voter) => voter.directoryId === gone.directoryId);
  }

  /** V5: of two voters where the other one is gone, until the group has a leader again. */
  #promote(): void {
    const world = this.#world;
    world.queue.after(promoteEachMs, () => {
      const { leader, nodes } = world;
      const isLed = leader?.replica?.leadership?.isEpochCommitted === true;
      if (isLed && this.#isQuiet(leader)) return;
      const last = nodes.find((node) => this.#otherOfTwo(node) !== undefined);
      if (last !== undefined) this.#force(last);
      this.#promote();
    });
  }

  /**
   * Nobody is promoted while the other one answers (V5); one whose disk rotted goes on answering
   * though it may not vote (V4): then it is stopped first.
   */
  #force(last: GroupNode): void {
    const world = this.#world;
    const other = this.#otherOfTwo(last);
    const heardAt = other === undefined ? undefined : last.heardAt(other.nodeId);
    const isHeard = heardAt !== undefined && world.now(last) - heardAt < settings.fetchTimeoutMs;
    if (!isHeard) world.force(last);
    else if (other?.isUp === true) world.crashFor(other, stoppedMs);
  }

  /**
   * The other of two voters, if its disk is gone and this one has all that is committed: whoever
   * promotes another one loses records.
   */
  #otherOfTwo(node: GroupNode): GroupNode | undefined {
    const { current } = node.voters;
    const voter = current.voters.find(({ nodeId }) => nodeId !== node.nodeId);
    if (!node.isUp || node.isPaused || !node.isVoter || voter === undefined) return undefined;
    if (current.voters.length !== 2) return undefined;
    const other = this.#world.node(voter.nodeId);
    if (other.directoryId === voter.directoryId && !other.isRotten) return undefined;
    const hasAll = !node.isRotten && this.#world.invariants.committed.isIn(node.log);
    return hasAll ? other : undefined;
  }
}
