import { linkId, type LinkId, type MonotonicMs } from '../../base/brand.ts';
import type { Random } from '../../ports/random.ts';
import type {
  IntroduceRequest,
  IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import type { Deadlines } from '../kafka/deadlines.ts';
import { PeerLink, type LinkHost } from './peer-link.ts';
import type { PeerEffect, PeerPurpose } from './peer-transport.ts';

export interface PeerLinksOptions {
  readonly clientId: string;
  readonly deadlines: Deadlines;
  readonly random: Pick<Random, 'next'>;
  readonly now: () => MonotonicMs;
  readonly emit: (effect: PeerEffect) => void;
  readonly introduction: (purpose: PeerPurpose) => IntroduceRequest;
  /** @returns why the node that answered on a link to `nodeId` is refused. */
  readonly introduced: (nodeId: number, answer: IntroduceResponse) => string | undefined;
  /** Any bytes of that node. */
  readonly heard: (nodeId: number) => void;
  /** The machine is there and nobody listens (T3). */
  readonly refused: (nodeId: number) => void;
  /** A link takes calls now, or no more. */
  readonly changed: (nodeId: number, purpose: PeerPurpose) => void;
}

/** All connections that this node opens to others, one for each node and purpose (T2). */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #host: LinkHost;
  readonly #byPurpose = new Map<string, PeerLink>();
  readonly #byId = new Map<LinkId, PeerLink>();
  #dirty: PeerLink[] = [];
  #nextId = 1;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    const { clientId, deadlines, random, now, introduction, introduced, changed } = options;
    this.#host = {
      ...{ clientId, deadlines, random, now, introduction },
      open: (link) => this.#open(link),
      close: (id, reason) => this.#close(id, reason),
      dirty: (link) => this.#dirty.push(link),
      introduced: ({ nodeId }, answer) => introduced(nodeId, answer),
      changed: ({ nodeId, purpose }) => changed(nodeId, purpose),
    };
  }

  of(nodeId: number, purpose: PeerPurpose): PeerLink {
    const key = `${nodeId} ${purpose}`;
    const known = this.#byPurpose.get(key);
    if (known !== undefined) return known;
    const link = new PeerLink(nodeId, purpose, this.#host);
    this.#byPurpose.set(key, link);
    return link;
  }

  /** A node is there: links to it that wait for their next attempt are opened now. */
  hasten(nodeId: number): void {
    for (const link of this.#byPurpose.values()) if (link.nodeId === nodeId) link.hasten();
  }

  /** Says again who we are, on every open link. */
  introduceAgain(): void {
    for (const link of this.#byPurpose.values()) link.introduce();
  }

  /** An event of a link that was given up meanwhile is nobody's. */
  opened(id: LinkId): void {
    this.#byId.get(id)?.opened();
  }

  received(id: LinkId, chunk: Uint8Array): void {
    const link = this.#byId.get(id);
    if (link === undefined) return;
    link.received(chunk);
    // Before it has introduced itself it may be anybody.
    if (link.isReady) this.#options.heard(link.nodeId);
  }

  closed(id: LinkId, isRefused: boolean, reason: string): void {
    const link = this.#byId.get(id);
    if (link === undefined) return;
    this.#byId.delete(id);
    link.closed(reason, isRefused);
    if (isRefused) this.#options.refused(link.nodeId);
  }

  /** The end of a turn: all calls of one link leave together. */
  flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const link of dirty) {
      const outgoing = link.takeOutgoing();
      if (outgoing === undefined) continue;
      const { id, chunks } = outgoing;
      this.#options.emit({ type: 'SendToLink', link: id, chunks });
    }
  }

  #open(link: PeerLink): LinkId {
    const id = linkId(this.#nextId++);
    this.#byId.set(id, link);
    const { nodeId, purpose } = link;
    this.#options.emit({ type: 'OpenLink', link: id, nodeId, purpose });
    return id;
  }

  #close(id: LinkId, reason: string): void {
    this.#byId.delete(id);
    this.#options.emit({ type: 'CloseLink', link: id, reason });
  }
}
