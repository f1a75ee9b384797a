import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { ConnectionId } from '../src/base/brand.ts';
import type { Event } from '../src/core/event.ts';
import type { Address } from '../src/config/address.ts';

export interface KafkaListenerOptions {
  readonly address: Address;
  readonly post: (event: Event) => void;
  readonly nextConnectionId: () => ConnectionId;
}

interface Connection {
  readonly socket: Socket;
  /** The core asked for a pause (requests in progress), or the peer does not read what we send. */
  isHeldByCore: boolean;
  isHeldBySocket: boolean;
  /** Written and not reported to the core. */
  unreportedBytes: number;
}

/** Kafka's sockets: bytes in as events, bytes out as the core orders. Decides nothing. */
export class KafkaListener {
  readonly #options: KafkaListenerOptions;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #server: Server;

  constructor(options: KafkaListenerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = limits.kafkaConnectionsMax;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @returns the bound address, or the operating system's code: EADDRINUSE, EACCES ... */
  listen(): Promise<Result<AddressInfo, string>> {
    const { host, port } = this.#options.address;
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException): void =>
        resolve(fail(error.code ?? 'EUNKNOWN'));
      this.#server.once('error', failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', failed);
        resolve(ok(this.#server.address() as AddressInfo));
      });
    });
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

  close(id: ConnectionId): void {
    // What was sent before leaves first; a peer that does not read it has 5 seconds.
    const socket = this.#connections.get(id)?.socket;
    if (socket === undefined) return;
    socket.end();
    socket.setTimeout(5_000, () => socket.destroy());
  }

  hold(id: ConnectionId, isHeld: boolean): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.isHeldByCore = isHeld;
    flow(connection);
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#connections.values()) socket.destroy();
    await closed;
  }

  /** When all that was written so far has left. */
  #report(id: ConnectionId, connection: Connection): void {
    const bytes = connection.unreportedBytes;
    connection.unreportedBytes = 0;
    connection.socket.write('', (error) => {
      if (!error) this.#options.post({ type: 'KafkaBytesSent', connection: id, bytes });
    });
  }

  #accept(socket: Socket): void {
    const { post, nextConnectionId } = this.#options;
    const id = nextConnectionId();
    const connection: Connection = {
      socket,
      isHeldByCore: false,
      isHeldBySocket: false,
      unreportedBytes: 0,
    };
    this.#connections.set(id, connection);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    post({ type: 'KafkaConnectionOpened', connection: id });
    socket.on('data', ({ buffer, byteOffset, length }: Buffer<ArrayBuffer>) => {
      // A plain array: Buffer's slice shares memory where Uint8Array's copies.
      const chunk = new Uint8Array(buffer, byteOffset, length);
      post({ type: 'KafkaBytesReceived', connection: id, chunk });
    });
    socket.on('drain', () => {
      connection.isHeldBySocket = false;
      flow(connection);
    });
    socket.on('error', () => socket.destroy()); // a peer that vanished is no news; 'close' follows
    socket.on('close', () => {
      this.#connections.delete(id);
      post({ type: 'ConnectionClosed', connection: id });
    });
  }
}

function flow({ socket, isHeldByCore, isHeldBySocket }: Connection): void {
  if (isHeldByCore || isHeldBySocket) socket.pause();
  else socket.resume();
}
