import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { ConnectionId } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import type { Result } from '../src/base/result.ts';
import type { Address } from '../src/config/address.ts';
import { apiKeys } from '../src/wire/kafka/api-keys.ts';
import type { PeerEvent } from '../src/core/peer/peer-transport.ts';
import { certificateNames, certifiedPeers, type PeerAddress } from './peer-identity.ts';
import type { PeerTls } from './peer-tls.ts';
import { isTlsRecord, troubleOf, type PeerTrouble, type PeerTroubles } from './peer-trouble.ts';
import { SocketListener, type SocketListenerCounters } from './socket-listener.ts';

/** Counts since the start, for metrics. */
export interface PeerListenerCounters extends SocketListenerCounters {
  /** Not let in: no TLS, no certificate, or not one of this cluster. */
  readonly strangers: number;
}

/** What a peer port tells the core. */
export type PeerPortEvent =
  | Extract<
      PeerEvent,
      { readonly type: 'PeerConnectionOpened' | 'PeerBytesReceived' | 'PeerBytesSent' }
    >
  | { readonly type: 'ConnectionClosed'; readonly connection: ConnectionId };

export interface PeerListenerOptions {
  readonly address: Address;
  /** Every node of the config: whoever connects must be one of them. */
  readonly peers: readonly PeerAddress[];
  /** Undefined: plain TCP, for loopback and for `cluster.insecure`. */
  readonly tls: PeerTls | undefined;
  readonly troubles: Pick<PeerTroubles, 'tell'>;
  readonly post: (event: PeerPortEvent) => void;
  readonly nextConnectionId: () => ConnectionId;
}

/** The port on which other nodes reach this one. The core hears of nobody who is not let in. */
export class PeerListener {
  readonly #options: PeerListenerOptions;
  readonly #sockets: SocketListener;
  /** Plain ones that have not said a word. */
  readonly #unheard = new Set<ConnectionId>();
  /** By the other end's address and port: those whose handshake is not over, the oldest first. */
  readonly #handshakes = new Map<string, Socket>();

  #strangers = 0;

  constructor(options: PeerListenerOptions) {
    this.#options = options;
    const { address, tls, post, nextConnectionId } = options;
    this.#sockets = new SocketListener({
      ...{ address, nextConnectionId },
      connectionsMax: limits.peerConnectionsMax,
      drainTimeoutMs: limits.peerDrainTimeoutMs,
      // Whoever does not begin as nodes do gives way to one that may be a node.
      ...(tls === undefined ? { isSpeech: isIntroduction } : {}),
      ...(tls === undefined
        ? {}
        : { createServer: (accept) => this.#createTlsServer(tls, accept) }),
      events: {
        opened: (connection) => {
          if (tls === undefined) this.#unheard.add(connection);
          const from = this.#sockets.remoteAddress(connection);
          post({
            type: 'PeerConnectionOpened',
            connection,
            ...(from === undefined ? {} : { from }),
          });
        },
        received: (connection, chunk) => this.#received(connection, chunk),
        sent: (connection, bytes) => post({ type: 'PeerBytesSent', connection, bytes }),
        closed: (connection) => {
          this.#unheard.delete(connection);
          post({ type: 'ConnectionClosed', connection });
        },
      },
    });
  }

  get connections(): number {
    return this.#sockets.connections;
  }

  get counters(): PeerListenerCounters {
    return { ...this.#sockets.counters, strangers: this.#strangers };
  }

  owns(connection: ConnectionId): boolean {
    return this.#sockets.owns(connection);
  }

  /** @returns the bound address, or the operating system's code. */
  listen(): Promise<Result<AddressInfo, string>> {
    return this.#sockets.listen();
  }

  send(connection: ConnectionId, chunks: readonly Uint8Array[]): void {
    this.#sockets.send(connection, chunks);
  }

  close(connection: ConnectionId, isAbrupt: boolean): void {
    this.#sockets.close(connection, isAbrupt);
  }

  hold(connection: ConnectionId, isHeld: boolean): void {
    this.#sockets.hold(connection, isHeld);
  }

  async stop(): Promise<void> {
    for (const socket of this.#handshakes.values()) socket.destroy();
    await this.#sockets.stop();
  }

  #received(connection: ConnectionId, chunk: Uint8Array): void {
    if (this.#unheard.delete(connection) && isTlsRecord(chunk)) {
      this.#refused(this.#sockets.remoteAddress(connection), 'tls');
      return this.#sockets.close(connection, true);
    }
    this.#options.post({ type: 'PeerBytesReceived', connection, chunk });
  }

  #createTlsServer({ context }: PeerTls, accept: (socket: Socket) => void): Server {
    const options = {
      ...context,
      requestCert: true,
      // `#admits` refuses, with the address and the name of whoever is refused.
      rejectUnauthorized: false,
      handshakeTimeout: limits.peerHandshakeMs,
    };
    const server = createTlsServer(options, (socket) => {
      this.#handshakes.delete(endOf(socket));
      if (this.#admits(socket)) accept(socket);
      else socket.destroy();
    });
    server.on('connection', (socket: Socket) => this.#track(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const trouble = troubleOf(error.code);
      // Otherwise it left before it said who it is: a scan, a probe, a lost network.
      if (trouble !== undefined) this.#refused(socket.remoteAddress, trouble);
    });
    return server;
  }

  /** Nobody who is not known yet can keep a peer out by holding places. */
  #track(socket: Socket): void {
    const end = endOf(socket);
    this.#handshakes.set(end, socket);
    socket.once('close', () => {
      if (this.#handshakes.get(end) === socket) this.#handshakes.delete(end);
    });
    const [oldest] = this.#handshakes;
    if (this.#handshakes.size <= limits.peerHandshakesMax || oldest === undefined) return;
    this.#handshakes.delete(oldest[0]);
    oldest[1].destroy();
  }

  /** A certificate of the cluster's authority, with the name of one of its nodes. */
  #admits(socket: TLSSocket): boolean {
    const certificate = socket.getPeerCertificate();
    const hasCertificate = Object.keys(certificate).length > 0;
    const shown = hasCertificate ? { certificate: certificateNames(certificate) } : {};
    const trouble = this.#troubleWith(socket, hasCertificate);
    if (trouble === undefined) return true;
    this.#refused(socket.remoteAddress, trouble, shown);
    return false;
  }

  #troubleWith(socket: TLSSocket, hasCertificate: boolean): PeerTrouble | undefined {
    if (!hasCertificate) return 'noCertificate';
    if (!socket.authorized) return troubleOf(String(socket.authorizationError)) ?? 'untrusted';
    const known = certifiedPeers(socket.getPeerCertificate(), this.#options.peers);
    return known.length === 0 ? 'unnamed' : undefined;
  }

  #refused(
    address: string | undefined,
    trouble: PeerTrouble,
    fields: { readonly certificate?: string } = {},
  ): void {
    this.#strangers++;
    const who = `a connection from ${address ?? 'an address that is gone'}`;
    this.#options.troubles.tell({ who, trouble, fields });
  }
}

/** Length, then the API key of Introduce. */
const isIntroduction = (chunk: Uint8Array): boolean =>
  chunk.length >= 6 && ((chunk[4] ?? 0) << 8) + (chunk[5] ?? 0) === apiKeys.introduce;

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;
