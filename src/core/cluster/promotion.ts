import type { LeaderEpoch, Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Random } from '../../ports/random.ts';
import type { AdminAnswer, Effect } from '../effect.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { isBorn, isDiskOf, type NodeFacts } from '../peer/node-facts.ts';
import type { Peers } from '../peer/peers.ts';
import { isSameReplica, VoterSet, type ReplicaId } from '../replica/voter-set.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { Decisions } from './decisions.ts';
import type { ClusterMember } from './place-topic.ts';
import type { PromotedLog } from './promotion-state.ts';
import type { PromotionPlan } from './planned-promotion.ts';
import {
  dependsOn,
  hasLostVotes,
  planPromotion,
  promotionChanges,
  silentReplicas,
  type PromotionView,
} from './promotion-plan.ts';

export interface PromotionOptions {
  readonly facts: () => NodeFacts;
  readonly peers: () => Peers;
  readonly partitions: PartitionTable;
  readonly state: ClusterState;
  readonly decisions: Pick<Decisions, 'state' | 'decide'>;
  /** The nodes of the cluster, with what is decided of them. */
  readonly members: () => readonly ClusterMember[];
  /** `__cluster` says who is given up: others may vote on it again. */
  readonly recorded: () => void;
  /** All that `__cluster` says is known here, and the logs that it names take part. */
  readonly isOpen: () => boolean;
  readonly random: Random;
  readonly now: () => Now;
  readonly later: (ms: number, run: () => void) => void;
  readonly emit: (effect: Effect) => void;
  /** Whom an earlier start gave up, if `__cluster` may not say so yet. */
  readonly givingUp: readonly ReplicaId[];
}

type Done = (answer: AdminAnswer) => void;

/** Confirmed, and on its way until `__cluster` says so. */
interface Begun {
  readonly gone: readonly ReplicaId[];
  /** Who asked waits so long; the promotion goes on. */
  readonly untilMs: number;
  readonly done: (outcome: 'recorded' | 'late') => void;
}

/** Whether `__cluster` is led here is looked at so often. */
const stepMs = 50;

/**
 * V5: the last node that is left of a majority goes on alone, by an operator's word. First that
 * word is kept on its own disk, then it leads `__cluster`, then it records there whom it does
 * without and where each log is cut, and only what is committed there makes a log lead: after a
 * crash it goes on where it was.
 */
export class Promotion {
  readonly #options: PromotionOptions;
  /** The epoch that was recorded of each log that led for it. */
  readonly #promoted = new Map<Partition, LeaderEpoch>();
  #begun: Begun | undefined;
  /** The leader epoch of `__cluster` that was entered alone. */
  #forcedIn: LeaderEpoch | undefined;
  /** The last one in which this node led it. */
  #ledIn: LeaderEpoch | undefined;

  constructor(options: PromotionOptions) {
    this.#options = options;
  }

  /** An operator's word is on its way into `__cluster`. */
  get isUnderway(): boolean {
    return this.#begun !== undefined;
  }

  /** That disk takes no part any more, or not from when `__cluster` will say so. */
  isGivenUp(directoryId: Uuid): boolean {
    const isGoing = this.#begun?.gone.some((one) => one.directoryId === directoryId) === true;
    return isGoing || this.#options.state.promotions.isGivenUp(directoryId);
  }

  /** Without a confirmation nothing happens: it is told what would. */
  ask(isConfirmed: boolean, asked: Done): void {
    if (this.#begun !== undefined) {
      return asked(refuse('A promotion is under way here: see the status.'));
    }
    const { partitions, emit, now } = this.#options;
    const cluster = partitions.find(clusterTopicName, 0);
    const refusal = this.#refusal(cluster);
    if (refusal !== undefined || cluster === undefined) return asked(refuse(refusal ?? ''));
    const view = this.#view(cluster);
    const gone = silentReplicas(view);
    if (gone.length === 0 && !hasLostVotes(view)) return asked(refuse(nobodyGone));
    const promotion = planPromotion(view, gone);
    if (!isConfirmed) return asked({ ok: true, promotion });
    // Of `__cluster` the record would be the others' to commit, and they may be back for it; what
    // else is led here would not be led anew.
    const isLed = (log: Partition): boolean => log.isLeader && dependsOn(log, view, gone);
    if (view.partitions.some(isLed)) return asked(refuse(stillLeads));
    const untilMs = now().monotonicMs + limits.operatorCallMsMax;
    this.#begun = { gone, untilMs, done: answerOnce(asked, promotion) };
    return gone.length === 0 ? this.#step() : emit({ type: 'StoreGivingUp', disks: gone });
  }

  /**
   * Durable here: whoever was found gone stays so from now on, back or not, and over a crash. Else
   * `__cluster` might be led alone with nobody given up, and the others lead it too.
   */
  stored(gone: readonly ReplicaId[]): void {
    if (gone.length > 0) this.#step();
  }

  /** What an earlier start began. */
  resume(): void {
    const { givingUp: gone } = this.#options;
    if (gone.length === 0) return;
    this.#begun = { gone, untilMs: Number.POSITIVE_INFINITY, done: () => undefined };
    this.#step();
  }

  /** Which may let a log lead alone that another one led when that was recorded. */
  leaderChanged({ topic, topicId, partition, isLeader, leaderEpoch }: Partition): void {
    if (isLeader && topic === clusterTopicName) this.#ledIn = leaderEpoch;
    if (isLeader || this.#options.state.promotions.of(topicId, partition).length === 0) return;
    // Not within the step of the replica that tells it.
    this.#options.later(0, () => this.pursue());
  }

  /** Makes the logs lead that a committed promotion names. */
  pursue(): void {
    const { state, partitions, facts } = this.#options;
    const self = facts();
    // Of several the last one says in which epochs the log may lead.
    const newest = new Map<Partition, PromotedLog>();
    for (const promoted of state.promotions.promoted) {
      const { topicId, partition: index, leaderEpoch } = promoted;
      if (!isSameReplica(promoted.replica, self)) continue;
      const name = state.topicById(topicId)?.name;
      const log = name === undefined ? undefined : partitions.findById(name, topicId, index);
      if (log?.hasBegun !== true || (newest.get(log)?.leaderEpoch ?? 0) > leaderEpoch) continue;
      newest.set(log, promoted);
    }
    for (const [log, promoted] of newest) this.#promote(log, promoted);
  }

  /** Once for each promotion: behind that, and behind a later start, it votes alone. */
  #promote(log: Partition, { replica, leaderEpoch }: PromotedLog): void {
    if (log.isLeader || (this.#promoted.get(log) ?? 0) >= leaderEpoch) return;
    const own = this.#options.facts();
    const { promotions } = this.#options.state;
    const voters = log.voters?.voters ?? [];
    const others = voters.filter((voter) => !isSameReplica(voter, replica));
    const isOver = (voter: ReplicaId): boolean =>
      isDiskOf(own, voter) || promotions.isGivenUp(voter.directoryId);
    if (!others.every(isOver)) return;
    if (others.length === 0 && voters.length > 0) return;
    if (this.#force(log, leaderEpoch)) this.#promoted.set(log, leaderEpoch);
  }

  #force(log: Partition, epochMin: LeaderEpoch): boolean {
    const own = this.#options.facts();
    return log.promote(
      epochMin,
      log.voters?.voters.find((voter) => isDiskOf(own, voter)),
    );
  }

  #step(): void {
    const { partitions, isOpen, later } = this.#options;
    const begun = this.#begun;
    if (begun === undefined) return;
    const cluster = partitions.find(clusterTopicName, 0);
    // A log that still waits for its disk may end lower after a crash than it was recorded to.
    const isAtRest = [...partitions].every(isSettled);
    const isAlone = cluster?.hasBegun === true && this.#leadsAlone(cluster);
    if (isAlone && cluster.isEpochCommitted && isOpen() && isAtRest) {
      if (this.#record(cluster, begun)) return;
    }
    if (this.#options.now().monotonicMs > begun.untilMs) begun.done('late');
    later(stepMs, () => this.#step());
  }

  /** While others vote on it they might lead it beside this node. */
  #leadsAlone(cluster: Partition): boolean {
    const own = this.#options.facts();
    const voters = cluster.voters?.voters ?? [];
    if (voters.length > 0 && voters.every((voter) => isSameReplica(voter, own))) {
      return cluster.isLeader;
    }
    // Its vote may take its time to be durable.
    if (this.#forcedIn === cluster.leaderEpoch) return false;
    if (this.#force(cluster, cluster.leaderEpoch)) this.#forcedIn = cluster.leaderEpoch;
    return false;
  }

  /**
   * `__cluster` is led here: all that it says is known.
   * @returns false if it cannot be decided now.
   */
  #record(cluster: Partition, { gone, done }: Begun): boolean {
    const { decisions, random, now, state, emit } = this.#options;
    const recorded = (): void => {
      this.#begun = undefined;
      if (gone.length > 0) emit({ type: 'StoreGivingUp', disks: [] });
      this.#options.recorded();
      return done('recorded');
    };
    // A crash may have come between the record and this.
    const isSaid = gone.every(({ directoryId }) => state.promotions.isGivenUp(directoryId));
    const view = this.#view(cluster);
    if (isSaid && !hasLostVotes(view)) {
      recorded();
      return true;
    }
    const promotionId = random.uuid();
    const changes = promotionChanges(view, gone, { promotionId, atMs: now().wallMs });
    return decisions.decide(changes, (isCommitted) => {
      if (!isCommitted) return this.#step();
      const givenUp = gone.map(({ nodeId }) => nodeId).join(', ');
      const text = 'This node was promoted: it goes on without the nodes that are given up.';
      emit({ type: 'Print', level: 'warn', text, fields: { promotionId, givenUp } });
      return recorded();
    });
  }

  /** Why it is not done; undefined: it may be. */
  #refusal(cluster: Partition | undefined): string | undefined {
    const own = this.#options.facts();
    if (!isBorn(own) || cluster?.hasBegun !== true || cluster.voters === undefined) return notBorn;
    if (own.isWitness) return 'A witness has no records and cannot go on alone.';
    const { voters } = cluster.voters;
    const role = voters.find((voter) => isDiskOf(own, voter))?.role;
    if (voters.length > 0 && role !== 'data') {
      const ids = voters.filter((voter) => voter.role === 'data').map(({ nodeId }) => nodeId);
      return `This node does not vote on ${clusterTopicName}: promote node ${ids.join(' or ')}.`;
    }
    const other = voters.find((voter) => !isDiskOf(own, voter) && this.#answers(voter));
    if (other === undefined) return undefined;
    return `Node ${other.nodeId} answers: with it a majority is there. ${waitOrStop}`;
  }

  #view(cluster: Partition): PromotionView {
    const { decisions, partitions, facts, members } = this.#options;
    return {
      self: facts(),
      clusterVoters: cluster.voters ?? emptySet,
      isClusterKnown: this.#isKnown(cluster),
      members: members(),
      cluster: decisions.state,
      partitions: [...partitions],
      answers: (replica) => this.#answers(replica),
    };
  }

  /**
   * All that was ever committed in it and persisted here has been applied here: where others led
   * last, they may have committed the end of it without that this node heard of it.
   */
  #isKnown({ highWatermark, logEndOffset, lastEpoch, lastEpochStart }: Partition): boolean {
    return highWatermark >= (this.#ledIn === lastEpoch ? lastEpochStart : logEndOffset);
  }

  /** That disk: a node that came back with another one says nothing for the voter that it was. */
  #answers({ nodeId, directoryId }: ReplicaId): boolean {
    const { now, peers } = this.#options;
    const nodes = peers();
    if (nodes.introductions().get(nodeId)?.directoryId !== directoryId) return false;
    const heardMs = nodes.heardAt(nodeId) ?? Number.NEGATIVE_INFINITY;
    return nodes.isConnected(nodeId) || now().monotonicMs - heardMs < limits.peerAnswersMsMax;
  }
}

/** What rot has taken is never persisted again. */
const isSettled = ({ isLeader, isAllPersisted, holes }: Partition): boolean =>
  isLeader || isAllPersisted || holes.length > 0;

const emptySet = new VoterSet([]);

/** Who asked is answered once; a promotion that is late goes on. */
function answerOnce(asked: Done, promotion: PromotionPlan): Begun['done'] {
  let isAnswered = false;
  return (outcome) => {
    if (isAnswered) return;
    isAnswered = true;
    asked(outcome === 'recorded' ? { ok: true, promotion } : refuse(tooSlow));
  };
}

const refuse = (text: string): AdminAnswer => ({ ok: false, text });

const notBorn = 'This node is not part of a cluster yet: there is nothing that it could lead.';
const nobodyGone = 'No node is away that votes with this one: there is nobody to give up.';
const waitOrStop = 'If its leaders do not come back, look there; to give it up, stop it first.';
const stillLeads = 'This node has not missed the others for long enough: run it again in a moment.';
const tooSlow = 'The promotion is not committed yet, and goes on: see `shorelog status`.';
