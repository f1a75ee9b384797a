import type { ConnectionId, MonotonicMs, Uuid } from '../../base/brand.ts';
import { kafkaCodeOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type {
  IntroduceRequest,
  IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import type { TypedExchange } from '../kafka/handler.ts';
import type { Now } from '../now.ts';
import { KnownDirectories, type KnownDirectory } from './known-directories.ts';
import {
  directoryIdsOf,
  factsOf,
  factsRefusal,
  givenUpText,
  introductionOf,
  isBorn,
  isSameProcess,
  saidFacts,
  type ClusterFacts,
  type Introduction,
  type NodeFacts,
} from './node-facts.ts';
import type { PeerClocks } from './peer-clocks.ts';
import type { IntroducedNodes } from './peer-handler.ts';
import type { PeerPurpose } from './peer-transport.ts';

export interface PeerIntroductionsOptions {
  /** This node, as it is now: its cluster id changes once, at birth (V2). */
  readonly facts: () => NodeFacts;
  readonly clusterFacts: () => ClusterFacts;
  /** From earlier starts (V4). */
  readonly knownDirectories: Iterable<KnownDirectory>;
  readonly directorySeen: (known: KnownDirectory) => void;
  /** That disk takes no part any more (V5). */
  readonly isGivenUp: (directoryId: Uuid) => boolean;
  /** What a node says of itself is new, or said again. */
  readonly introduced: (nodeId: number) => void;
  /** Nothing can be done with a node; each reason is told once in a while. */
  readonly refused: (nodeId: number, reason: string) => void;
  /** The node at a listed address has introduced itself and is connected now. */
  readonly isConnected: (nodeId: number) => boolean;
  /** Asks the node at a listed address who it is; undefined: nobody answers in time. */
  readonly ask: (nodeId: number, done: (answer: IntroduceResponse | undefined) => void) => void;
  readonly later: (ms: number, run: () => void) => void;
  /** Once in a while for each address: it is no node, or (`isNewer`) one of a later version. */
  readonly strange: (from: string, isNewer: boolean) => void;
  readonly clocks: PeerClocks;
  readonly now: () => Now;
}

/**
 * Who is who: both sides of every introduction, and who was refused (V2, V4, V6). A number stands
 * for one process: as long as the one at the listed address answers, no other is let in under it.
 */
export class PeerIntroductions implements IntroducedNodes {
  readonly #options: PeerIntroductionsOptions;
  readonly #directories: KnownDirectories;
  readonly #answers = new Map<number, Introduction>();
  readonly #refusals = new Map<number, string>();
  readonly #connections = new Map<ConnectionId, NodeFacts>();
  /** What nodes have opened them for. */
  readonly #purposes = new Map<ConnectionId, string>();
  /** Their nodes have opened others since: what still comes on them was given up long ago. */
  readonly #replaced = new Set<ConnectionId>();
  /** Where connections come from. */
  readonly #origins = new Map<ConnectionId, string>();
  /** When which refusal was told. */
  readonly #told = new Map<string, MonotonicMs>();
  /** Disks of nodes that belonged to no cluster when this one did not either. */
  readonly #metUnborn = new Set<Uuid>();

  constructor(options: PeerIntroductionsOptions) {
    this.#options = options;
    this.#directories = new KnownDirectories(options.knownDirectories);
  }

  /** Nodes that have answered us, as they were last. */
  get answers(): ReadonlyMap<number, Introduction> {
    return this.#answers;
  }

  /**
   * Disks that this node met before any of them belonged to a cluster: what they are born into, it
   * is part of (V2).
   */
  get metUnborn(): ReadonlySet<Uuid> {
    return this.#metUnborn;
  }

  /** Why nothing can be done with a node, as of its last introduction. */
  get refusals(): ReadonlyMap<number, string> {
    return this.#refusals;
  }

  of(connection: ConnectionId): NodeFacts | undefined {
    const facts = this.#connections.get(connection);
    const own = this.#options.facts();
    if (facts?.clusterId !== own.clusterId || this.#replaced.has(connection)) return undefined;
    return this.#isGivenUp(facts) || this.#rivalOf(facts) !== undefined ? undefined : facts;
  }

  introducedOn(connection: ConnectionId): NodeFacts | undefined {
    return this.#connections.get(connection);
  }

  request(purpose: PeerPurpose): IntroduceRequest {
    const wallMs = Math.floor(this.#options.now().wallMs);
    return { ...saidFacts(this.#options.facts()), purpose, wallMs };
  }

  /** A node's answer to ours. @returns why it is refused. */
  answered(nodeId: number, answer: IntroduceResponse): string | undefined {
    const said = introductionOf(answer);
    const isOther = said.nodeId !== nodeId;
    const refusal = isOther
      ? `node ${said.nodeId} answers at the address of node ${nodeId}: correct cluster.peers here`
      : (this.#refusal(said) ?? toldRefusal(answer));
    if (refusal !== undefined) {
      this.#refuse(nodeId, refusal);
      return refusal;
    }
    this.#remember(said, answer.wallMs);
    this.#refusals.delete(nodeId);
    this.#answers.set(nodeId, said);
    this.#options.introduced(nodeId);
    return undefined;
  }

  connectionOpened(connection: ConnectionId, from: string | undefined): void {
    if (from !== undefined) this.#origins.set(connection, from);
  }

  /** A node introduces itself on a connection, or says again who it is. */
  introduce(request: IntroduceRequest, typed: TypedExchange<IntroduceResponse>): void {
    const said = factsOf(request);
    const refusal = this.#refusal(said);
    if (refusal !== undefined) return this.#refuseLiving(said, refusal, typed);
    const rival = this.#rivalOf(said);
    const welcome = (): void => this.#welcome(said, request, typed);
    if (rival === undefined) return welcome();
    // Its connection may be of a process that is gone: only an answer says that it is there.
    return this.#options.ask(said.nodeId, (answer) => {
      if (typed.exchange.isAbandoned) return;
      const isThere = answer !== undefined && isSameProcess(introductionOf(answer), rival);
      if (!isThere) return welcome();
      this.#turnAway(said, this.#twice(said, rival, typed.exchange.connection), typed);
    });
  }

  /** A request that this node does not know; `isGreeting`: the first one, of a later version. */
  unserved(connection: ConnectionId, isGreeting: boolean): void {
    if (!this.#connections.has(connection)) this.#strange(connection, isGreeting);
  }

  /** It is closed for a fault of its own, or for saying nothing. */
  closing(connection: ConnectionId): void {
    if (!this.#connections.has(connection)) this.#strange(connection, false);
  }

  connectionClosed(connection: ConnectionId): void {
    this.#connections.delete(connection);
    this.#origins.delete(connection);
    this.#purposes.delete(connection);
    this.#replaced.delete(connection);
  }

  #refusal(said: NodeFacts): string | undefined {
    if (this.#isGivenUp(said)) return givenUpText(said);
    return factsRefusal(this.#options.facts(), said) ?? this.#directories.refusal(said);
  }

  #isGivenUp(said: NodeFacts): boolean {
    return directoryIdsOf(said).some((id) => this.#options.isGivenUp(id));
  }

  /** The process that is connected at the node's listed address, where it is another one. */
  #rivalOf(said: NodeFacts): NodeFacts | undefined {
    const known = this.#answers.get(said.nodeId);
    if (known === undefined || isSameProcess(known, said)) return undefined;
    return this.#options.isConnected(said.nodeId) ? known : undefined;
  }

  #twice(said: NodeFacts, rival: NodeFacts, connection: ConnectionId): string {
    const { nodeId, directoryId } = said;
    const listed = this.#options.facts().peers.find((peer) => peer.nodeId === nodeId)?.address;
    const from = this.#origins.get(connection) ?? 'elsewhere';
    const isCopy = directoryId === rival.directoryId;
    const which = isCopy ? `a copy of it, start ${said.startCounter}` : directoryId;
    return (
      `node ${nodeId} is there twice: the one at ${listed ?? 'its address'} ` +
      `(data directory ${rival.directoryId}, start ${rival.startCounter}) goes on, and the one ` +
      `from ${from} (data directory ${which}) is refused; ` +
      (isCopy ? 'stop it, and never start both' : 'give it another node.id, or stop it')
    );
  }

  /** It may talk from now on. */
  #welcome(
    said: NodeFacts,
    { wallMs, purpose }: IntroduceRequest,
    typed: TypedExchange<IntroduceResponse>,
  ): void {
    const { nodeId } = said;
    const { connection } = typed.exchange;
    this.#connections.set(connection, said);
    this.#purposes.set(connection, purpose);
    this.#replaceOlder(said, purpose);
    // What it says now was overtaken, too.
    if (this.#replaced.has(connection)) return this.#answer(undefined, typed);
    this.#remember(said, wallMs);
    this.#answer(undefined, typed);
    const known = this.#answers.get(nodeId);
    // Which disk a node has is told by the node at its address.
    if (known?.directoryId !== said.directoryId) return;
    this.#answers.set(nodeId, { ...known, ...said });
    this.#options.introduced(nodeId);
  }

  /**
   * A process has one connection for each purpose, the last that came, and gave up those before. A
   * kernel goes on delivering what was written there for minutes after a cut: a batch that comes so
   * late is one that its sensor has sent again, and newer ones behind it (P3).
   */
  #replaceOlder(said: NodeFacts, purpose: string): void {
    const alike = [...this.#connections.keys()].filter((each) => {
      const facts = this.#connections.get(each);
      const isSame = facts !== undefined && isSameProcess(facts, said);
      return isSame && this.#purposes.get(each) === purpose;
    });
    const last = Math.max(...alike);
    for (const each of alike) if (each !== last) this.#replaced.add(each);
  }

  /**
   * After a cut a kernel may deliver what a killed process said once its next start is here already
   * (V4). Such a connection ends behind that: only a copy waits for the answer.
   */
  #refuseLiving(said: NodeFacts, refusal: string, typed: TypedExchange<IntroduceResponse>): void {
    if (!this.#directories.isOlder(said)) return this.#turnAway(said, refusal, typed);
    this.#connections.delete(typed.exchange.connection);
    return this.#options.later(limits.peerLastWordsMsMax, () => {
      if (!typed.exchange.isAbandoned) this.#turnAway(said, refusal, typed);
    });
  }

  #turnAway(said: NodeFacts, refusal: string, typed: TypedExchange<IntroduceResponse>): void {
    this.#connections.delete(typed.exchange.connection);
    this.#answer(refusal, typed);
    this.#refuse(said.nodeId, refusal);
  }

  #answer(refusal: string | undefined, { reply }: TypedExchange<IntroduceResponse>): void {
    reply({
      errorCode: refusal === undefined ? 0 : kafkaCodeOf('INVALID_REQUEST'),
      errorMessage: refusal ?? null,
      ...saidFacts(this.#options.facts()),
      ...this.#options.clusterFacts(),
      wallMs: Math.floor(this.#options.now().wallMs),
    });
  }

  #remember(said: NodeFacts, wallMs: number): void {
    this.#options.clocks.told(said.nodeId, wallMs, this.#options.now());
    if (!isBorn(said) && !isBorn(this.#options.facts())) this.#metUnborn.add(said.directoryId);
    const news = this.#directories.seen(said);
    if (news !== undefined) this.#options.directorySeen(news);
  }

  /** What stands between us and a node; of one that is connected it is somebody else's. */
  #refuse(nodeId: number, reason: string): void {
    const isKnown = this.#refusals.get(nodeId) === reason;
    if (!this.#options.isConnected(nodeId)) this.#refusals.set(nodeId, reason);
    if (!isKnown && this.#isNews(`${nodeId} ${reason}`)) this.#options.refused(nodeId, reason);
  }

  #strange(connection: ConnectionId, isNewer: boolean): void {
    const from = this.#origins.get(connection) ?? 'an unknown address';
    if (this.#isNews(`stranger ${from}`)) this.#options.strange(from, isNewer);
  }

  /** Where two reasons take turns, or whoever is refused comes again, each is told once a while. */
  #isNews(line: string): boolean {
    const now = this.#options.now().monotonicMs;
    for (const [key, at] of this.#told) {
      if (now - at >= limits.peerTroubleMs) this.#told.delete(key);
    }
    if (this.#told.has(line) || this.#told.size >= limits.peerTroublesMax) return false;
    this.#told.set(line, now);
    return true;
  }
}

const toldRefusal = ({ errorCode, errorMessage, nodeId }: IntroduceResponse): string | undefined =>
  errorCode === 0 ? undefined : `node ${nodeId} refuses: ${errorMessage ?? `error ${errorCode}`}`;
