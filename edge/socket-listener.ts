import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { ConnectionId } from '../src/base/brand.ts';
import type { Address } from '../src/config/address.ts';
import { listenOn } from './listen-on.ts';

/** What a listener tells of its connections; `closed` comes once for each, last. */
export interface SocketListenerEvents {
  opened(connection: ConnectionId): void;
  received(connection: ConnectionId, chunk: Uint8Array): void;
  /** So many more bytes have left, at the latest for each `socketReportBytes` of them. */
  sent(connection: ConnectionId, bytes: number): void;
  closed(connection: ConnectionId): void;
}

export interface SocketListenerOptions {
  readonly address: Address;
  readonly connectionsMax: number;
  /** A peer that takes none of its answers for this long is disconnected. */
  readonly drainTimeoutMs: number;
  readonly nextConnectionId: () => ConnectionId;
  readonly events: SocketListenerEvents;
  /** Whether a first chunk is worth a place; default: any. Whose is not may have to make place. */
  readonly isSpeech?: (chunk: Uint8Array) => boolean;
  /** Default: plain TCP. A TLS server hands over sockets whose handshake is done. */
  readonly createServer?: (accept: (socket: Socket) => void) => Server;
}

interface Connection {
  readonly socket: Socket;
  /** The core asked for a pause (requests in progress), or the peer does not read what we send. */
  isHeldByCore: boolean;
  isHeldBySocket: boolean;
  /** Written and not reported to the core. */
  unreportedBytes: number;
}

/** Counts since the start, for metrics. */
export interface SocketListenerCounters {
  /** Nobody could be closed for them: all places were taken by peers that had spoken. */
  refused: number;
  /** Silent ones that made place for newer ones. */
  closedSilent: number;
  /** Peers that did not take their answers. */
  closedUndrained: number;
}

const closeMsMax = 5_000;

/** Sockets of one port: bytes in as events, bytes out as the core orders. Decides nothing. */
export class SocketListener {
  readonly #options: SocketListenerOptions;
  readonly #connections = new Map<ConnectionId, Connection>();
  /** Those that never said anything, the oldest first. */
  readonly #silent = new Set<Connection>();
  readonly #server: Server;
  readonly counters: SocketListenerCounters = { refused: 0, closedSilent: 0, closedUndrained: 0 };
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: SocketListenerOptions) {
    this.#options = options;
    const create = options.createServer ?? createServer;
    this.#server = create((socket) => this.#accept(socket));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Whether it has the connection, which may be closing already. */
  owns(id: ConnectionId): boolean {
    return this.#connections.has(id);
  }

  remoteAddress(id: ConnectionId): string | undefined {
    return this.#connections.get(id)?.socket.remoteAddress;
  }

  /** @returns the bound address, or the operating system's code: EADDRINUSE, EACCES ... */
  async listen(): Promise<Result<AddressInfo, string>> {
    const { host, port } = this.#options.address;
    const error = await listenOn(this.#server, { host, port, backlog: limits.listenBacklogMax });
    if (error !== undefined) return fail(error.code ?? 'EUNKNOWN');
    this.#sweep = setInterval(() => this.#reportDrained(), limits.connectionSweepMs);
    return ok(this.#server.address() as AddressInfo);
  }

  send(id: ConnectionId, chunks: readonly Uint8Array[]): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.socket.destroyed) return;
    const { socket } = connection;
    socket.cork();
    for (const chunk of chunks) {
      socket.write(chunk);
      connection.unreportedBytes += chunk.length;
    }
    if (connection.unreportedBytes >= limits.socketReportBytes) this.#report(id, connection);
    socket.uncork();
    if (socket.writableLength > limits.socketUnsentBytesMax) {
      connection.isHeldBySocket = true;
      flow(connection);
    }
  }

  /** Unless it is abrupt, what was sent before leaves first. */
  close(id: ConnectionId, isAbrupt: boolean): void {
    const socket = this.#connections.get(id)?.socket;
    if (socket === undefined) return;
    if (isAbrupt) return void socket.destroy();
    socket.end();
    // A peer that does not read it, or does not stop to send, has 5 seconds.
    const late = setTimeout(() => socket.destroy(), closeMsMax);
    socket.once('close', () => clearTimeout(late));
  }

  hold(id: ConnectionId, isHeld: boolean): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.isHeldByCore = isHeld;
    flow(connection);
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#connections.values()) socket.destroy();
    await closed;
  }

  /** When all that was written so far has left. */
  #report(id: ConnectionId, connection: Connection): void {
    const bytes = connection.unreportedBytes;
    connection.unreportedBytes = 0;
    connection.socket.write('', (error) => {
      if (!error) this.#options.events.sent(id, bytes);
    });
  }

  /** Small answers that left long ago: the core would count them for ever. */
  #reportDrained(): void {
    for (const [id, connection] of this.#connections) {
      const { socket, unreportedBytes } = connection;
      if (unreportedBytes > 0 && socket.writableLength === 0) this.#report(id, connection);
    }
  }

  /** Where all places are taken, a newer peer gets that of the oldest one that never spoke. */
  #makePlace(): boolean {
    if (this.#connections.size < this.#options.connectionsMax) return true;
    const [silent] = this.#silent;
    if (silent === undefined) this.counters.refused++;
    else {
      this.counters.closedSilent++;
      this.#silent.delete(silent);
      silent.socket.destroy();
    }
    return silent !== undefined;
  }

  #accept(socket: Socket): void {
    if (!this.#makePlace()) return void socket.destroy();
    const { events, nextConnectionId, drainTimeoutMs, isSpeech } = this.#options;
    const id = nextConnectionId();
    const connection: Connection = {
      socket,
      isHeldByCore: false,
      isHeldBySocket: false,
      unreportedBytes: 0,
    };
    this.#connections.set(id, connection);
    this.#silent.add(connection);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    // Node counts what the kernel takes of a write as life, so this is about answers untaken.
    socket.setTimeout(drainTimeoutMs, () => {
      if (socket.writableLength === 0) return;
      this.counters.closedUndrained++;
      socket.destroy();
    });
    events.opened(id);
    socket.on('data', ({ buffer, byteOffset, length }: Buffer<ArrayBuffer>) => {
      // A plain array: Buffer's slice shares memory where Uint8Array's copies.
      const chunk = new Uint8Array(buffer, byteOffset, length);
      if (isSpeech?.(chunk) !== false) this.#silent.delete(connection);
      events.received(id, chunk);
    });
    socket.on('drain', () => {
      connection.isHeldBySocket = false;
      flow(connection);
    });
    socket.on('error', () => socket.destroy()); // a peer that vanished is no news; 'close' follows
    socket.on('close', () => {
      this.#connections.delete(id);
      this.#silent.delete(connection);
      events.closed(id);
    });
  }
}

function flow({ socket, isHeldByCore, isHeldBySocket }: Connection): void {
  if (isHeldByCore || isHeldBySocket) socket.pause();
  else socket.resume();
}
