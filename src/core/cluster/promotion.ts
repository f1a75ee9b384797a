import { limits } from '../../base/limits.ts';
import type { Random } from '../../ports/random.ts';
import type { AdminAnswer, Effect } from '../effect.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import { isBorn, type NodeFacts } from '../peer/node-facts.ts';
import type { Peers } from '../peer/peers.ts';
import { isSameReplica, VoterSet, type ReplicaId } from '../replica/voter-set.ts';
import { clusterMembers } from './admission.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { OperatorsOptions } from './operators.ts';
import type { PromotedLog } from './promotion-state.ts';
import {
  dependsOn,
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
  readonly decide: OperatorsOptions['decide'];
  /** All that `__cluster` says is known here, and the logs that it names take part. */
  readonly isOpen: () => boolean;
  readonly random: Random;
  readonly now: () => Now;
  readonly later: (ms: number, run: () => void) => void;
  readonly emit: (effect: Effect) => void;
}

type Done = (answer: AdminAnswer) => void;

/** Confirmed, and on its way. */
interface Begun {
  readonly gone: readonly ReplicaId[];
  readonly untilMs: number;
  readonly done: Done;
}

/** Whether `__cluster` is led here is looked at so often. */
const stepMs = 50;

/**
 * V5: the last node that is left of a majority goes on alone, by an operator's word. First it leads
 * `__cluster`, then it records there whom it does without and where each log is cut, and only what
 * is committed there makes a log lead: after a crash it goes on where it was.
 */
export class Promotion {
  readonly #options: PromotionOptions;
  readonly #promoted = new Set<Partition>();
  #isUnderWay = false;

  constructor(options: PromotionOptions) {
    this.#options = options;
  }

  /** Without a confirmation nothing happens: it is told what would. */
  ask(isConfirmed: boolean, asked: Done): void {
    if (this.#isUnderWay) return asked(refuse('A promotion is under way here: see the status.'));
    const { partitions } = this.#options;
    const cluster = partitions.find(clusterTopicName, 0);
    const refusal = this.#refusal(cluster);
    if (refusal !== undefined || cluster === undefined) return asked(refuse(refusal ?? ''));
    const view = this.#view(cluster);
    const gone = silentReplicas(view);
    if (gone.length === 0) return asked(refuse(nobodyGone));
    const promotion = planPromotion(view, gone);
    if (!isConfirmed) return asked({ ok: true, promotion });
    // Of `__cluster` the record would be the others' to commit, and they may be back for it; what
    // else is led here would not be led anew.
    const isLed = (log: Partition): boolean => log.isLeader && dependsOn(log, view, gone);
    if (view.partitions.some(isLed)) return asked(refuse(stillLeads));
    this.#isUnderWay = true;
    const done: Done = (answer) => {
      this.#isUnderWay = false;
      asked(answer);
    };
    if (!cluster.isLeader && !cluster.promote(cluster.leaderEpoch)) return done(refuse(noVoter));
    const untilMs = this.#options.now().monotonicMs + limits.operatorCallMsMax;
    return this.#record(cluster, { gone, untilMs, done });
  }

  /** Makes the logs lead that a committed promotion names. */
  pursue(): void {
    const { state, partitions, facts } = this.#options;
    const self = facts();
    for (const promoted of state.promotions.promoted) {
      const { topicId, partition: index } = promoted;
      if (!isSameReplica(promoted.replica, self)) continue;
      const name = state.topicById(topicId)?.name;
      const log = name === undefined ? undefined : partitions.findById(name, topicId, index);
      if (log?.hasBegun === true) this.#promote(log, promoted);
    }
  }

  /** Once: behind that, and behind a later start, it votes alone. */
  #promote(log: Partition, { replica, leaderEpoch }: PromotedLog): void {
    if (log.isLeader || this.#promoted.has(log)) return;
    const { promotions } = this.#options.state;
    const voters = log.voters?.voters ?? [];
    const others = voters.filter((voter) => !isSameReplica(voter, replica));
    if (!others.every(({ directoryId }) => promotions.isGivenUp(directoryId))) return;
    if (others.length === 0 && voters.length > 0) return;
    this.#promoted.add(log);
    log.promote(leaderEpoch);
  }

  /**
   * `__cluster` is about to be led here: then all that it says is known. Who was found gone before
   * stays so, back or not: `__cluster` does without them since, and there must not be two of it.
   */
  #record(cluster: Partition, promotion: Begun): void {
    const { decide, isOpen, random, now, later } = this.#options;
    const { gone, untilMs, done } = promotion;
    const again = (): void => {
      if (now().monotonicMs > untilMs) return done(refuse(tooSlow));
      return later(stepMs, () => this.#record(cluster, promotion));
    };
    // A log that still waits for its disk may end lower after a crash than it was recorded to.
    const isAtRest = [...this.#options.partitions].every(isSettled);
    if (!cluster.isEpochCommitted || !isOpen() || !isAtRest) return again();
    const view = this.#view(cluster);
    const plan = planPromotion(view, gone);
    const promotionId = random.uuid();
    const changes = promotionChanges(view, gone, { promotionId, atMs: now().wallMs });
    const isLeader = decide(changes, (isCommitted) => {
      if (!isCommitted) return done(refuse(tooSlow));
      const fields = { promotionId, givenUp: plan.givenUp.join(', ') };
      const text = 'This node was promoted: it goes on without the nodes that are given up.';
      this.#options.emit({ type: 'Print', level: 'warn', text, fields });
      return done({ ok: true, promotion: plan });
    });
    return isLeader ? undefined : again();
  }

  /** Why it is not done; undefined: it may be. */
  #refusal(cluster: Partition | undefined): string | undefined {
    const own = this.#options.facts();
    if (!isBorn(own) || cluster?.hasBegun !== true || cluster.voters === undefined) return notBorn;
    if (own.isWitness) return 'A witness has no records and cannot go on alone.';
    const { voters } = cluster.voters;
    const role = cluster.voters.find(own)?.role;
    if (voters.length > 0 && role !== 'data') {
      const ids = voters.filter((voter) => voter.role === 'data').map(({ nodeId }) => nodeId);
      return `This node does not vote on ${clusterTopicName}: promote node ${ids.join(' or ')}.`;
    }
    const other = voters.find((voter) => !isSameReplica(voter, own) && this.#answers(voter));
    if (other === undefined) return undefined;
    return `Node ${other.nodeId} answers: with it a majority is there. ${waitOrStop}`;
  }

  #view(cluster: Partition): PromotionView {
    const { state, partitions, facts } = this.#options;
    const { nodeId, directoryId } = facts();
    const voters = cluster.voters;
    return {
      self: { nodeId, directoryId },
      clusterVoters: voters ?? emptySet,
      members: clusterMembers(voters?.voters ?? [], state.members()),
      cluster: state,
      partitions: [...partitions],
      answers: (replica) => this.#answers(replica),
    };
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

const refuse = (text: string): AdminAnswer => ({ ok: false, text });

const notBorn = 'This node is not part of a cluster yet: there is nothing that it could lead.';
const noVoter = 'This node has no vote now: its disk is about to stop, or is not whole.';
const nobodyGone = 'No node is away that votes with this one: there is nobody to give up.';
const waitOrStop = 'If its leaders do not come back, look there; to give it up, stop it first.';
const stillLeads = 'This node has not missed the others for long enough: run it again in a moment.';
const tooSlow = 'The promotion was not committed in time: see `shorelog status`, and run it again.';
