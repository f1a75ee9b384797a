import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** Where to connect; `tls` absent: plain. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
}

/** What happened on one socket; `closed` comes exactly once, last. */
export interface SocketEvents {
  opened(): void;
  received(chunk: Uint8Array): void;
  closed(reason: string): void;
}

/** One TCP or TLS connection to a Kafka broker. It only carries bytes. */
export class KafkaSocket {
  readonly #socket: Socket;
  #isClosed = false;

  constructor({ host, port, tls }: SocketAddress, events: SocketEvents) {
    let reason = 'the peer closed the connection';
    this.#socket =
      tls === undefined ? connectPlain({ host, port }) : connectTls({ ...tls, host, port });
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, 30_000);
    this.#socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      if (!this.#isClosed) events.opened();
    });
    this.#socket.on('data', (chunk) => {
      // A Buffer's own `slice` shares memory; the library counts on the one that copies.
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      if (!this.#isClosed) events.received(bytes);
    });
    this.#socket.on('error', (error) => (reason = error.message));
    this.#socket.once('close', () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      events.closed(reason);
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isClosed) return;
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** Ends it without a `closed`: whoever orders it knows. */
  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }
}
