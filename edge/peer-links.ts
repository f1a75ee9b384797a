import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LinkId } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import type { PeerEffect, PeerEvent } from '../src/core/peer/peer-transport.ts';
import { certifiedPeers, type PeerAddress } from './peer-identity.ts';
import type { PeerTls } from './peer-tls.ts';
import {
  isTlsRecord,
  troubleOf,
  troubleText,
  type PeerTrouble,
  type PeerTroubles,
} from './peer-trouble.ts';

/** What a link tells the core. */
export type PeerLinkEvent = Extract<
  PeerEvent,
  { readonly type: 'LinkOpened' | 'LinkBytesReceived' | 'LinkClosed' }
>;

export interface PeerLinksOptions {
  readonly peers: readonly PeerAddress[];
  /** Undefined: plain TCP. */
  readonly tls: PeerTls | undefined;
  readonly troubles: Pick<PeerTroubles, 'tell'>;
  readonly post: (event: PeerLinkEvent) => void;
}

interface Link {
  readonly id: LinkId;
  readonly nodeId: number;
  readonly socket: Socket;
  /** Until then it is given up. */
  readonly timer: NodeJS.Timeout;
  hasConnected: boolean;
  isOpen: boolean;
  hasHeard: boolean;
  /** The core ordered its end: no further byte of it is told. */
  isEnding: boolean;
  isRefused: boolean;
  reason: string | undefined;
}

/** Counts since the start, for metrics. */
export interface PeerLinksCounters {
  opened: number;
  /** Never got as far. */
  failed: number;
  /** The node at the other end did not take what was sent. */
  closedUndrained: number;
}

/**
 * Connections that this node opens to others. Each order to open ends in exactly one LinkClosed,
 * also where the core closed it. When to try again is the core's business.
 */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #links = new Map<LinkId, Link>();
  readonly counters: PeerLinksCounters = { opened: 0, failed: 0, closedUndrained: 0 };

  constructor(options: PeerLinksOptions) {
    this.#options = options;
  }

  get open(): number {
    let open = 0;
    for (const { isOpen } of this.#links.values()) if (isOpen) open++;
    return open;
  }

  run(effect: PeerEffect): void {
    if (effect.type === 'OpenLink') return this.#open(effect.link, effect.nodeId);
    const link = this.#links.get(effect.link);
    if (link === undefined) return; // closed, and the core has not heard of it yet
    if (effect.type === 'SendToLink') return this.#send(link, effect.chunks);
    this.#end(link, effect.reason);
  }

  /** What was sent before has a moment to leave. */
  async stop(): Promise<void> {
    const links = [...this.#links.values()];
    for (const link of links) this.#end(link, 'the node stops');
    await Promise.all(
      links.map(
        ({ socket }) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
      ),
    );
  }

  #open(id: LinkId, nodeId: number): void {
    const { peers, post } = this.#options;
    const peer = peers.find((each) => each.id === nodeId);
    if (peer === undefined) {
      const reason = `node ${nodeId} is not in cluster.peers`;
      return post({ type: 'LinkClosed', link: id, isRefused: false, reason });
    }
    const socket = this.#connect(peer);
    const link: Link = {
      ...{ id, nodeId, socket },
      timer: setTimeout(() => this.#giveUp(link), limits.peerHandshakeMs),
      ...{ hasConnected: false, isOpen: false, hasHeard: false, isEnding: false },
      isRefused: false,
      reason: undefined,
    };
    this.#links.set(id, link);
    this.#listen(link);
  }

  #connect(peer: PeerAddress): Socket {
    const { host, port } = peer.address;
    const { tls } = this.#options;
    if (tls === undefined) return connect({ host, port });
    return connectTls({
      ...tls.context,
      ...{ host, port },
      servername: `node-${peer.id}`,
      checkServerIdentity: (_, certificate) =>
        certifiedPeers(certificate, [peer]).length > 0 ? undefined : new WrongNameError(),
    });
  }

  #listen(link: Link): void {
    const { socket } = link;
    const isTls = this.#options.tls !== undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    socket.once('connect', () => {
      link.hasConnected = true;
      if (!isTls) this.#opened(link);
    });
    socket.once('secureConnect', () => this.#opened(link));
    socket.on('data', (chunk: Buffer<ArrayBuffer>) => this.#received(link, chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { code } = error;
      link.isRefused = !link.hasConnected && (code === 'ECONNREFUSED' || code === 'ECONNRESET');
      const trouble = troubleOf(code);
      if (trouble !== undefined) this.#trouble(link, trouble);
      link.reason ??= code ?? error.message;
    });
    socket.once('close', () => this.#closed(link));
  }

  #opened(link: Link): void {
    clearTimeout(link.timer);
    if (link.isEnding) return;
    link.isOpen = true;
    this.counters.opened++;
    // Node counts what the kernel takes of a write as life, so this is about bytes untaken.
    link.socket.setTimeout(limits.peerDrainTimeoutMs, () => {
      if (link.socket.writableLength > 0) this.#closeUndrained(link);
    });
    this.#options.post({ type: 'LinkOpened', link: link.id });
  }

  #received(link: Link, { buffer, byteOffset, length }: Buffer<ArrayBuffer>): void {
    if (link.isEnding) return;
    // A plain array: Buffer's slice shares memory where Uint8Array's copies.
    const chunk = new Uint8Array(buffer, byteOffset, length);
    if (!link.hasHeard && this.#options.tls === undefined && isTlsRecord(chunk)) {
      this.#trouble(link, 'tls');
      return void link.socket.destroy();
    }
    link.hasHeard = true;
    this.#options.post({ type: 'LinkBytesReceived', link: link.id, chunk });
  }

  #send(link: Link, chunks: readonly Uint8Array[]): void {
    const { socket, isEnding } = link;
    if (isEnding || socket.destroyed) return;
    socket.cork();
    for (const chunk of chunks) socket.write(chunk);
    socket.uncork();
    if (socket.writableLength > limits.peerUnsentBytesMax) this.#closeUndrained(link);
  }

  #closeUndrained(link: Link): void {
    this.counters.closedUndrained++;
    link.reason ??= `it took none of ${link.socket.writableLength} bytes`;
    link.socket.destroy();
  }

  #giveUp(link: Link): void {
    link.reason ??= `no answer within ${limits.peerHandshakeMs} ms`;
    link.socket.destroy();
  }

  #end(link: Link, reason: string): void {
    if (link.isEnding) return;
    link.isEnding = true;
    link.reason ??= reason;
    clearTimeout(link.timer);
    const { socket } = link;
    if (!link.isOpen) return void socket.destroy();
    socket.destroySoon();
    const flush = setTimeout(() => socket.destroy(), limits.peerFlushMs);
    socket.once('close', () => clearTimeout(flush));
  }

  #closed(link: Link): void {
    const { id, isRefused, isOpen, timer } = link;
    clearTimeout(timer);
    if (!isOpen) this.counters.failed++;
    this.#links.delete(id);
    const reason = link.reason ?? this.#silentEnd(link);
    this.#options.post({ type: 'LinkClosed', link: id, isRefused, reason });
  }

  /** With TLS 1.3 the caller's handshake is over before the other end looks at its certificate. */
  #silentEnd({ isOpen, hasHeard }: Link): string {
    if (this.#options.tls === undefined || hasHeard) return 'the other node closed it';
    if (isOpen) return `the other node closed it without a word; maybe ${troubleText('refusesUs')}`;
    return 'the other node closed it during the TLS handshake';
  }

  #trouble(link: Link, trouble: PeerTrouble): void {
    link.reason ??= troubleText(trouble);
    this.#options.troubles.tell({ who: `node ${link.nodeId}`, trouble });
  }
}

/** The chain is good; it is the certificate of somebody else. */
class WrongNameError extends Error {
  readonly code = 'ERR_TLS_CERT_ALTNAME_INVALID';
}
