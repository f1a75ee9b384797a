import {
  leaderEpoch,
  monotonicMs,
  timestampMs,
  type ConnectionId,
  type MonotonicMs,
} from '../../base/brand.ts';
import type { Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Random } from '../../ports/random.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import {
  introduceCodec,
  type IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import type { Effect } from '../effect.ts';
import type { BrokerView } from '../kafka/broker-view.ts';
import { Deadlines } from '../kafka/deadlines.ts';
import type { Handler } from '../kafka/handler.ts';
import { KafkaRouter, type KafkaCounters, type RouterSurface } from '../kafka/router.ts';
import type { Now } from '../now.ts';
import type { BeginEpoch, EndEpoch, VoteRequest } from '../replica/peer-call.ts';
import type { ReadPort } from './fetch-session.ts';
import type { KnownDirectory } from './known-directories.ts';
import type { PeerAnswered } from './link-calls.ts';
import type { LinkTrouble } from './peer-link.ts';
import { isBorn, type ClusterFacts, type Introduction, type NodeFacts } from './node-facts.ts';
import type { PeerClocks } from './peer-clocks.ts';
import { PeerIntroductions } from './peer-introductions.ts';
import { PeerLinks } from './peer-links.ts';
import {
  sendProduce,
  type NamedLeader,
  type PeerProduce,
  type PeerProduceOutcome,
} from './peer-produce.ts';
import type { PeerReplica } from './peer-replica.ts';
import { peerSurface } from './peer-surface.ts';
import type { PeerEffect, PeerEvent } from './peer-transport.ts';
import { ProduceAnswers, type ProducePort } from './produce-answers.ts';
import { ReplicaTraffic } from './replica-traffic.ts';
import { VoteAnswers } from './vote-answers.ts';

export interface PeersOptions {
  /** This node, as it is now: its cluster id and topic id change once, at birth (V2). */
  readonly facts: () => NodeFacts;
  readonly clusterFacts: () => ClusterFacts;
  readonly clocks: PeerClocks;
  /** Directories that earlier starts of this node have seen (V4). */
  readonly knownDirectories: Iterable<KnownDirectory>;
  readonly directorySeen: (known: KnownDirectory) => void;
  /** That disk takes no part any more (V5). */
  readonly isGivenUp: (directoryId: Uuid) => boolean;
  /** What a node says of itself is new, or said again. */
  readonly introduced: (nodeId: number) => void;
  /** Every replica that has begun. */
  readonly replicas: () => Iterable<PeerReplica>;
  readonly find: (topicId: Uuid, partition: number) => PeerReplica | undefined;
  /** An answer named a partition's leader (KIP-951), of one that is not here, too. */
  readonly leaderNamed: (topicId: Uuid, partition: number, leader: NamedLeader) => void;
  readonly read: ReadPort;
  readonly produce: ProducePort;
  /** What `handlers` work with. */
  readonly view: BrokerView;
  /** Further requests that other nodes may send, by API key. */
  readonly handlers: ReadonlyMap<number, Handler>;
  /** The same from nodes that have introduced themselves and are not of the cluster yet. */
  readonly newcomerHandlers: ReadonlyMap<number, Handler>;
  readonly requestBytesMax: number;
  readonly batchBytesMax: number;
  readonly replicaLagTimeMaxMs: number;
  /** How long a batch may wait at its leader to be committed. */
  readonly produceTimeoutMs: number;
  readonly emit: (effect: Effect | PeerEffect) => void;
  readonly random: Pick<Random, 'next'>;
}

/**
 * The traffic between nodes: links to the others, connections of the others, and what replicas say
 * to each other over them. Bytes and events in, effects out; whatever a turn brings about leaves at
 * its end.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #deadlines = new Deadlines();
  readonly #introductions: PeerIntroductions;
  readonly #links: PeerLinks;
  readonly #router: KafkaRouter;
  readonly #traffic: ReplicaTraffic;
  readonly #heard = new Map<number, MonotonicMs>();
  #now: Now = { monotonicMs: monotonicMs(0), wallMs: timestampMs(0) };

  constructor(options: PeersOptions) {
    this.#options = options;
    const { find, read, random, facts } = options;
    const { nodeId, directoryId } = facts();
    const deadlines = this.#deadlines;
    const now = (): MonotonicMs => this.#now.monotonicMs;
    this.#introductions = new PeerIntroductions({
      ...options,
      introduced: (other) => {
        this.#links.hasten(other);
        options.introduced(other);
      },
      refused: (other, reason) => this.#print(other, reason),
      isConnected: (other) => this.isConnected(other),
      ask: (other, done) => this.#ask(other, done),
      later: (ms, run) => void deadlines.add(monotonicMs(now() + ms), run),
      strange: (from, isNewer) => this.#printStranger(from, isNewer),
      now: () => this.#now,
    });
    this.#links = new PeerLinks({
      ...{ deadlines, random, now, emit: options.emit, clientId: `shorelog-${nodeId}` },
      introduction: (purpose) => this.#introductions.request(purpose),
      introduced: (other, answer) => this.#introductions.answered(other, answer),
      heard: (other) => this.#heard.set(other, now()),
      refused: (other) => this.#refused(other),
      changed: (other, purpose) => this.#traffic.linkChanged(other, purpose),
    });
    this.#traffic = new ReplicaTraffic({
      ...{ find, read, deadlines, self: { nodeId, directoryId } },
      replicaLagTimeMaxMs: options.replicaLagTimeMaxMs,
      clusterId: () => facts().clusterId,
      others: () => this.#others(),
      link: (other, purpose) => this.#links.of(other, purpose),
      now: () => this.#now,
    });
    this.#router = new KafkaRouter(options.view, (effect) => this.#fromRouter(effect), {
      requestBytesMax: options.requestBytesMax,
      batchBytesMax: options.batchBytesMax,
      autoCreateTopics: false,
      surface: this.#surface(now),
    });
  }

  /** Opens a link to every other node; from now on a node that refuses one is noticed. */
  start(now: Now): void {
    this.#now = now;
    for (const nodeId of this.#others()) this.#links.of(nodeId, 'control').want(true);
    this.#introduceWhileUnborn();
  }

  handle(event: PeerEvent, now: Now): void {
    this.#now = now;
    switch (event.type) {
      case 'LinkOpened':
        return this.#links.opened(event.link);
      case 'LinkBytesReceived':
        return this.#links.received(event.link, event.chunk);
      case 'LinkClosed':
        return this.#links.closed(event.link, event.isRefused, event.reason);
      case 'PeerConnectionOpened':
        this.#introductions.connectionOpened(event.connection, event.from);
        return this.#router.opened(event.connection, now.monotonicMs);
      case 'PeerBytesReceived':
        return this.#received(event.connection, event.chunk);
      case 'PeerBytesSent':
        return this.#router.sent(event.connection, event.bytes, now.monotonicMs);
    }
  }

  /** A connection of the peer port, or any other: those of clients are not known here. */
  connectionClosed(connection: ConnectionId, now: Now): void {
    this.#now = now;
    this.#router.closed(connection);
    this.#traffic.connectionClosed(connection);
    this.#introductions.connectionClosed(connection);
  }

  /**
   * Its log end, persisted offset, log start, high watermark, leader, epoch or voters changed, or
   * it is new, or its cut is done. Looked at when the turn ends.
   */
  changed(replica: PeerReplica): void {
    this.#traffic.changed(replica);
  }

  /** It is no more on this node; `find` does not give it either. */
  removed(replica: PeerReplica): void {
    this.#traffic.removed(replica);
  }

  /** This node's facts are different (birth), or its clock is: every node is told. */
  factsChanged(): void {
    this.#links.introduceAgain();
  }

  /** When something of that node was heard last; undefined: never. */
  heardAt(nodeId: number): MonotonicMs | undefined {
    return this.#heard.get(nodeId);
  }

  /** Nodes that have answered, as they were last. */
  introductions(): ReadonlyMap<number, Introduction> {
    return this.#introductions.answers;
  }

  /** Disks that were met before they, or this node, belonged to a cluster. */
  metUnborn(): ReadonlySet<Uuid> {
    return this.#introductions.metUnborn;
  }

  /** Why nothing can be done with a node. */
  refusals(): ReadonlyMap<number, string> {
    return this.#introductions.refusals;
  }

  /** Who introduced itself on a connection, also if it belongs to no cluster yet. */
  introducedOn(connection: ConnectionId): NodeFacts | undefined {
    return this.#introductions.introducedOn(connection);
  }

  /** What stands between this node and another one; undefined: nothing, or it was not tried yet. */
  troubleWith(nodeId: number): LinkTrouble | undefined {
    return this.#links.of(nodeId, 'control').trouble;
  }

  isConnected(nodeId: number): boolean {
    return this.#links.of(nodeId, 'control').isReady;
  }

  get counters(): KafkaCounters {
    return this.#router.counters;
  }

  askVote(replica: PeerReplica, nodeId: number, request: VoteRequest): void {
    this.#traffic.votes.askVote(replica, nodeId, request);
  }

  beginEpoch(replica: PeerReplica, nodeId: number, begin: BeginEpoch): void {
    this.#traffic.votes.beginEpoch(replica, nodeId, begin);
  }

  endEpoch(replica: PeerReplica, nodeId: number, end: EndEpoch): void {
    this.#traffic.votes.endEpoch(replica, nodeId, end);
  }

  /** A batch for a partition that another node leads (P1); `done` is called once. */
  produce(nodeId: number, produce: PeerProduce, done: (outcome: PeerProduceOutcome) => void): void {
    const link = this.#links.of(nodeId, 'produce');
    const { produceTimeoutMs: timeoutMs, find, leaderNamed } = this.#options;
    const told = ({ leaderId, leaderEpoch: epoch }: NamedLeader): void => {
      const found = find(produce.topicId, produce.partition);
      const known = leaderId < 0 ? undefined : leaderId;
      found?.replica.leaderTold(leaderEpoch(epoch), known, this.#now.monotonicMs);
      leaderNamed(produce.topicId, produce.partition, { leaderId, leaderEpoch: epoch });
    };
    sendProduce(produce, { link, timeoutMs, told }, done);
  }

  /** Anything else that one node asks of another, over its control link. */
  // hot: one call has no object for its options
  call<Q, R>(
    nodeId: number,
    codec: ApiCodec<Q, R>,
    body: Q,
    timeoutMs: number,
    done: PeerAnswered<R>,
  ): void {
    this.#links.of(nodeId, 'control').call(codec, body, timeoutMs, done);
  }

  /** What the turn brought about leaves. */
  turnEnded(now: Now): void {
    this.#now = now;
    this.#traffic.turnEnded();
    this.#links.flush();
  }

  nextDeadline(): MonotonicMs | undefined {
    const own = this.#deadlines.next();
    const router = this.#router.nextDeadline();
    if (own === undefined || router === undefined) return own ?? router;
    return own < router ? own : router;
  }

  tick(now: Now): void {
    this.#now = now;
    this.#deadlines.expire(now.monotonicMs);
    this.#router.tick(now.monotonicMs);
  }

  #received(connection: ConnectionId, chunk: Uint8Array): void {
    const { monotonicMs: nowMs } = this.#now;
    this.#router.received(connection, chunk, nowMs);
    const from = this.#introductions.of(connection);
    if (from !== undefined) this.#heard.set(from.nodeId, nowMs);
  }

  /**
   * Its process is gone: nobody waits for its silence to last (T3). All that it led is asked for at
   * once: one message to each voter, one fsync of votes.
   */
  #refused(nodeId: number): void {
    for (const { replica } of this.#options.replicas()) {
      replica.nodeRefused(nodeId, this.#now.monotonicMs);
    }
  }

  #introduceWhileUnborn(): void {
    if (isBorn(this.#options.facts())) return;
    const at = monotonicMs(this.#now.monotonicMs + limits.peerUnbornIntroduceMs);
    this.#deadlines.add(at, () => {
      this.#links.introduceAgain();
      this.#introduceWhileUnborn();
    });
  }

  #others(): number[] {
    const { peers, nodeId: self } = this.#options.facts();
    return peers.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId !== self);
  }

  #ask(nodeId: number, done: (answer: IntroduceResponse | undefined) => void): void {
    const body = this.#introductions.request('control');
    this.call(nodeId, introduceCodec, body, limits.peerRivalMsMax, (outcome) =>
      done(outcome.ok ? outcome.value : undefined),
    );
  }

  #print(nodeId: number, reason: string): void {
    this.#options.emit({ type: 'Print', level: 'warn', text: reason, fields: { peer: nodeId } });
  }

  #printStranger(from: string, isNewer: boolean): void {
    const text = isNewer
      ? `A node at ${from} speaks a newer version than this node: update this one too.`
      : `Refused a connection from ${from} on the way between nodes: it does not speak as a node ` +
        'does; keep all but nodes off the peer port.';
    this.#options.emit({ type: 'Print', level: 'warn', text });
  }

  #surface(now: () => MonotonicMs): RouterSurface {
    const { find, facts, produce, batchBytesMax, handlers, newcomerHandlers } = this.#options;
    const deadlines = this.#deadlines;
    const clusterId = (): Uuid => facts().clusterId;
    const changed = (replica: PeerReplica): void => this.changed(replica);
    return peerSurface({
      ...{
        handlers,
        newcomerHandlers,
        nodes: this.#introductions,
        sessions: this.#traffic.sessions,
      },
      votes: new VoteAnswers({ clusterId, find, deadlines, now, changed }),
      produces: new ProduceAnswers({ find, produce, batchBytesMax, deadlines, now }),
    });
  }

  /** Who is closed for a fault before it said who it is, is nobody of the cluster. */
  #fromRouter(effect: Effect): void {
    if (effect.type === 'CloseConnection') this.#introductions.closing(effect.connection);
    this.#options.emit(effect);
  }
}
