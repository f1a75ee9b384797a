import type { Uuid } from '../../base/brand.ts';
import { kafkaCodeOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { apiKeys } from '../../wire/kafka/api-keys.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import {
  addRaftVoterCodec,
  type AddRaftVoterRequest,
  type AddRaftVoterResponse,
} from '../../wire/kafka/generated/80-add-raft-voter.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';
import { alterTopicCodec } from '../../wire/kafka/generated/10002-alter-topic.ts';
import type { AdminAnswer } from '../effect.ts';
import { handlerOf, type Handler } from '../kafka/handler.ts';
import type { Partition } from '../partition.ts';
import {
  directoryIdsOf,
  givenUpText,
  isBorn,
  isSameProcess,
  type Introduction,
  type NodeFacts,
} from '../peer/node-facts.ts';
import type { Peers } from '../peer/peers.ts';
import type { Voter } from '../replica/voter-set.ts';
import { admit, readmit, type Admission } from './admission.ts';
import type { AdmissionView } from './admission.ts';
import { alterTopic } from './alter-topic.ts';
import type { Decisions } from './decisions.ts';
import type { OperatorRequest } from './operator-request.ts';
import type { ClusterMember } from './place-topic.ts';
import { readTopicSettings, topicSettings } from './topic-alteration.ts';

/** The cluster that a newcomer was let into. */
export interface Admitted {
  readonly clusterId: Uuid;
  readonly clusterTopicId: Uuid;
  readonly voters: readonly Voter[];
}

export interface OperatorsOptions {
  readonly facts: () => NodeFacts;
  /** This disk is of the cluster and goes on as a new one, with what it has (V4). */
  readonly isRenewed: boolean;
  readonly peers: () => Peers;
  readonly clusterPartition: () => Partition | undefined;
  /** The nodes of the cluster, by who votes on `__cluster`. */
  readonly members: (voters: readonly Voter[]) => readonly ClusterMember[];
  readonly decisions: Pick<Decisions, 'state' | 'decide'>;
  readonly promote: (isConfirmed: boolean, done: (answer: AdminAnswer) => void) => void;
  /** The cluster took this node in: once that is durable, `done`. */
  readonly adopt: (admitted: Admitted, done: () => void) => void;
}

/**
 * What operators ask: carried to the leader of `__cluster`, which alone decides; a node that it
 * lets in takes part from then on.
 */
export class Operators {
  readonly #options: OperatorsOptions;

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  ask(request: OperatorRequest, done: (answer: AdminAnswer) => void): void {
    if (request.type === 'alterTopic') this.#alter(request, done);
    else if (request.type === 'promote') this.#options.promote(request.isConfirmed, done);
    else this.#enter(request.type === 'rejoin', done);
  }

  /** From nodes of the cluster. */
  handlers(): readonly (readonly [number, Handler])[] {
    const handler = handlerOf(alterTopicCodec, ({ topic, settings }, { reply }) => {
      const answer = (outcome: AdminAnswer): void => reply(said(outcome));
      const alteration = readTopicSettings(settings);
      if (!alteration.ok) return answer(refuse(alteration.error));
      return this.#decide((view) => alterTopic(topic, alteration.value, view), answer);
    });
    return [[apiKeys.alterTopic, handler]];
  }

  /** From nodes that want to be of it. */
  newcomerHandlers(): readonly (readonly [number, Handler])[] {
    const handler = handlerOf(addRaftVoterCodec, (asked, { exchange, reply }) => {
      const from = this.#options.peers().introducedOn(exchange.connection);
      if (from === undefined) return exchange.close('AddRaftVoter of nobody that is known');
      const { nodeId, directoryId, isWitness } = from;
      const newcomer: ClusterMember = { nodeId, directoryId, isWitness };
      const isItself = asked.voterId === nodeId && asked.voterDirectoryId === directoryId;
      const answer = (outcome: AdminAnswer): void => reply({ throttleTimeMs: 0, ...said(outcome) });
      if (!isItself) return answer(refuse('A node can only ask for itself.'));
      const { isReplacing, replacedDirectoryId: replaced } = asked;
      const refusal = this.#enterRefusal(from, replaced !== zeroUuid);
      if (refusal !== undefined) return answer(refuse(refusal));
      const enter = (view: AdmissionView): Admission =>
        isReplacing ? readmit(newcomer, replaced, view) : admit(newcomer, view);
      return this.#decide(enter, answer);
    });
    return [[apiKeys.addRaftVoter, handler]];
  }

  /**
   * Its connection may be older than the promotion that did without it (V5). And who comes by
   * itself must be the one at the node's address: a clone elsewhere would take the place of a disk
   * that is only away (V4).
   */
  #enterRefusal(from: NodeFacts, isByItself: boolean): string | undefined {
    const { decisions, peers } = this.#options;
    const { promotions } = decisions.state;
    const isGivenUp = directoryIdsOf(from).some((id) => promotions.isGivenUp(id));
    if (isGivenUp) return givenUpText(from);
    const { nodeId } = from;
    const there = peers().introductions().get(nodeId);
    const isThere =
      there !== undefined && isSameProcess(there, from) && peers().isConnected(nodeId);
    if (!isByItself || isThere) return undefined;
    return `Another one may be at the address of node ${nodeId}.`;
  }

  #enter(isReplacing: boolean, done: (answer: AdminAnswer) => void): void {
    const own = this.#options.facts();
    const { nodeId, directoryId } = own;
    const isKept = isBorn(own) && isReplacing && this.#options.isRenewed;
    if (isBorn(own) && !isKept) {
      return done(refuse(`Node ${nodeId} is part of a cluster, with data. ${beginEmpty}`));
    }
    const leader = this.#leaderOutside();
    if (leader === undefined) return done(refuse(this.#refusedBy() ?? noLeader));
    const { clusterId, clusterTopicId, clusterLeaderId, clusterVoters } = leader;
    const body = requestOf({ ...own, clusterId, clusterTopicId }, isReplacing, zeroUuid);
    // Of the set that it will once be part of it knows nothing yet: its log will tell (V1).
    const voters = clusterVoters.filter((voter) => voter.directoryId !== directoryId).map(toVoter);
    return this.#call(clusterLeaderId, addRaftVoterCodec, body, (answer) => {
      if (!answer.ok || isKept) return done(answer);
      return this.#options.adopt({ clusterId, clusterTopicId, voters }, () => done(answer));
    });
  }

  /**
   * A disk that gave up its id takes the place of that one, where the cluster still counts it (V4).
   * `again` is called once if it is not done: to be tried a little later.
   */
  comeBack(former: readonly Uuid[], again: () => void): void {
    const { facts, clusterPartition } = this.#options;
    const own = facts();
    // Who votes on `__cluster` may be what its journal lost.
    const leader = this.#leaderOutside();
    const voters = leader?.clusterVoters.map(toVoter) ?? [];
    const members = this.#options.members(voters);
    const counted = members.find(({ nodeId }) => nodeId === own.nodeId)?.directoryId;
    if (counted === own.directoryId) return undefined;
    const leaderId = clusterPartition()?.leaderId ?? leader?.clusterLeaderId;
    if (leaderId === undefined || counted === undefined || !former.includes(counted)) {
      return again();
    }
    return this.#call(leaderId, addRaftVoterCodec, requestOf(own, true, counted), again);
  }

  #alter(
    request: Extract<OperatorRequest, { type: 'alterTopic' }>,
    done: (answer: AdminAnswer) => void,
  ): void {
    const { topic } = request;
    const own = this.#options.facts();
    const leaderId = this.#options.clusterPartition()?.leaderId;
    if (!isBorn(own) || leaderId === undefined) return done(refuse(noLeader));
    if (leaderId === own.nodeId) {
      return this.#decide((view) => alterTopic(topic, request, view), done);
    }
    const settings = topicSettings(request);
    return this.#call(leaderId, alterTopicCodec, { topic, settings }, done);
  }

  /** What the others have against this node. */
  #refusedBy(): string | undefined {
    const [[nodeId, reason] = []] = this.#options.peers().refusals();
    return reason === undefined ? undefined : `Nothing can be done with node ${nodeId}: ${reason}.`;
  }

  /** The leader of `__cluster`, as one of its nodes tells it. */
  #leaderOutside(): Introduction | undefined {
    let newest: Introduction | undefined;
    for (const told of this.#options.peers().introductions().values()) {
      if (!isBorn(told) || told.clusterLeaderId < 0) continue;
      const isNewer = newest === undefined || told.clusterLeaderEpoch > newest.clusterLeaderEpoch;
      if (isNewer) newest = told;
    }
    return newest;
  }

  #call<Q, R extends Refusal>(
    nodeId: number,
    codec: ApiCodec<Q, R>,
    body: Q,
    done: (answer: AdminAnswer) => void,
  ): void {
    const { peers } = this.#options;
    peers().call(nodeId, codec, body, limits.operatorCallMsMax, (answer) => {
      if (!answer.ok) return done(refuse(`Node ${nodeId} does not answer: ${answer.error.text}.`));
      const { errorCode, errorMessage } = answer.value;
      return done(errorCode === 0 ? { ok: true } : refuse(errorMessage ?? `error ${errorCode}`));
    });
  }

  #decide(decision: (view: AdmissionView) => Admission, done: (answer: AdminAnswer) => void): void {
    const { facts, clusterPartition, decisions, members } = this.#options;
    const { nodeId, directoryId, isWitness } = facts();
    const voters = clusterPartition()?.voters?.voters ?? [];
    const admission = decision({
      members: members(voters),
      ...{ cluster: decisions.state, self: { nodeId, directoryId, isWitness } },
    });
    if (!admission.ok) return done(refuse(admission.text));
    const settled = (isCommitted: boolean): void =>
      done(isCommitted ? { ok: true } : refuse(notCommitted));
    if (!decisions.decide(admission.changes, settled)) done(refuse(noLeader));
  }
}

const requestOf = (
  { clusterId, clusterTopicId, nodeId, directoryId, isWitness }: NodeFacts,
  isReplacing: boolean,
  replacedDirectoryId: Uuid,
): AddRaftVoterRequest => ({
  ...{ clusterId, timeoutMs: limits.operatorCallMsMax, voterId: nodeId, listeners: [] },
  ...{ voterDirectoryId: directoryId, topicId: clusterTopicId, partition: 0 },
  ...{ isWitness, isReplacing, replacedDirectoryId },
});

type Refusal = Pick<AddRaftVoterResponse, 'errorCode' | 'errorMessage'>;

const said = (answer: AdminAnswer): Refusal => ({
  errorCode: answer.ok ? 0 : kafkaCodeOf('INVALID_REQUEST'),
  errorMessage: answer.ok ? null : answer.text,
});

const refuse = (text: string): AdminAnswer => ({ ok: false, text });

const noLeader =
  'The cluster has no leader that this node knows of now: see `shorelog status`, and try again.';
const notCommitted = 'The cluster lost its leader meanwhile and nothing was changed: try again.';
const beginEmpty =
  'Only an empty one can come in: stop it, move its data directory away, start it, and ask again.';

const toVoter = ({
  nodeId,
  directoryId,
  isWitness,
}: Introduction['clusterVoters'][number]): Voter => ({
  ...{ nodeId, directoryId, role: isWitness ? 'witness' : 'data' },
});
