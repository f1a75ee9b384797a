import type { ConnectionId, Uuid } from '../../base/brand.ts';
import { kafkaCodeOf } from '../../base/errors.ts';
import type {
  IntroduceRequest,
  IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import type { TypedExchange } from '../kafka/handler.ts';
import { KnownDirectories, type KnownDirectory } from './known-directories.ts';
import {
  factsOf,
  factsRefusal,
  introductionOf,
  isBorn,
  type ClusterFacts,
  type Introduction,
  type NodeFacts,
} from './node-facts.ts';
import type { IntroducedNodes } from './peer-handler.ts';
import type { PeerPurpose } from './peer-transport.ts';

export interface PeerIntroductionsOptions {
  /** This node, as it is now: its cluster id changes once, at birth (V2). */
  readonly facts: () => NodeFacts;
  readonly clusterFacts: () => ClusterFacts;
  /** From earlier starts (V4). */
  readonly knownDirectories: Iterable<KnownDirectory>;
  readonly directorySeen: (known: KnownDirectory) => void;
  /** What a node says of itself is new, or said again. */
  readonly introduced: (nodeId: number) => void;
  /** Nothing can be done with a node; told once for each reason. */
  readonly refused: (nodeId: number, reason: string) => void;
}

/** Who is who: both sides of every introduction, and who was refused (V2, V4, V6). */
export class PeerIntroductions implements IntroducedNodes {
  readonly #options: PeerIntroductionsOptions;
  readonly #directories: KnownDirectories;
  readonly #answers = new Map<number, Introduction>();
  readonly #refusals = new Map<number, string>();
  readonly #connections = new Map<ConnectionId, NodeFacts>();
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
    return facts !== undefined && facts.clusterId === own.clusterId ? facts : undefined;
  }

  introducedOn(connection: ConnectionId): NodeFacts | undefined {
    return this.#connections.get(connection);
  }

  request(purpose: PeerPurpose): IntroduceRequest {
    return { ...this.#options.facts(), purpose };
  }

  /** A node's answer to ours. @returns why it is refused. */
  answered(nodeId: number, answer: IntroduceResponse): string | undefined {
    const said = introductionOf(answer);
    const isOther = said.nodeId !== nodeId;
    const refusal = isOther
      ? `node ${said.nodeId} answers at the address of node ${nodeId}`
      : (this.#refusal(said) ?? toldRefusal(answer));
    if (refusal !== undefined) {
      this.#refuse(nodeId, refusal);
      return refusal;
    }
    this.#refusals.delete(nodeId);
    this.#answers.set(nodeId, said);
    this.#options.introduced(nodeId);
    return undefined;
  }

  /** A node introduces itself on a connection, or says again who it is. */
  introduce(request: IntroduceRequest, typed: TypedExchange<IntroduceResponse>): void {
    const said = factsOf(request);
    const { connection } = typed.exchange;
    const refusal = this.#refusal(said);
    if (refusal === undefined) this.#connections.set(connection, said);
    else this.#connections.delete(connection);
    typed.reply({
      errorCode: refusal === undefined ? 0 : kafkaCodeOf('INVALID_REQUEST'),
      errorMessage: refusal ?? null,
      ...this.#options.facts(),
      ...this.#options.clusterFacts(),
    });
    if (refusal !== undefined) return this.#refuse(said.nodeId, refusal);
    const known = this.#answers.get(said.nodeId);
    if (known === undefined) return undefined;
    this.#answers.set(said.nodeId, { ...known, ...said });
    return this.#options.introduced(said.nodeId);
  }

  connectionClosed(connection: ConnectionId): void {
    this.#connections.delete(connection);
  }

  /** Also remembers its directory, which is why each introduction comes through here. */
  #refusal(said: NodeFacts): string | undefined {
    const refusal = factsRefusal(this.#options.facts(), said) ?? this.#directories.refusal(said);
    if (refusal !== undefined) return refusal;
    if (!isBorn(said) && !isBorn(this.#options.facts())) this.#metUnborn.add(said.directoryId);
    const news = this.#directories.seen(said);
    if (news !== undefined) this.#options.directorySeen(news);
    return undefined;
  }

  #refuse(nodeId: number, reason: string): void {
    if (this.#refusals.get(nodeId) === reason) return;
    this.#refusals.set(nodeId, reason);
    this.#options.refused(nodeId, reason);
  }
}

const toldRefusal = ({ errorCode, errorMessage, nodeId }: IntroduceResponse): string | undefined =>
  errorCode === 0 ? undefined : `node ${nodeId} refuses: ${errorMessage ?? `error ${errorCode}`}`;
