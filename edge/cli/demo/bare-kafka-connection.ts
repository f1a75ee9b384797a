import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Address } from '../../../src/config/address.ts';

/**
 * One Kafka request at a time over a socket of its own, with bodies as bytes. Enough to wait for a
 * broker and to create topics; it speaks only old non-flexible versions and follows no leader.
 */
export class BareKafkaConnection {
  readonly #socket: Socket;
  #correlationId = 0;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.once('close', () => {
      this.#closed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  /**
   * Rejects when nobody listens or the first answer does not come within `timeoutMs` of silence.
   */
  static async open(address: Address, timeoutMs: number): Promise<BareKafkaConnection> {
    const socket = connect(address.port, address.host);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timed out')));
    await once(socket, 'connect');
    return new BareKafkaConnection(socket);
  }

  /** The answer's body behind the correlation id. Rejects when the connection closes first. */
  async request(apiKey: number, apiVersion: number, body: Buffer): Promise<Buffer> {
    this.#correlationId += 1;
    const header = Buffer.alloc(14);
    header.writeInt32BE(10 + body.length, 0);
    header.writeInt16BE(apiKey, 4);
    header.writeInt16BE(apiVersion, 6);
    header.writeInt32BE(this.#correlationId, 8);
    header.writeInt16BE(-1, 12);
    this.#socket.write(Buffer.concat([header, body]));
    return this.#answer();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #answer(): Promise<Buffer> {
    for (;;) {
      const size = this.#received.length < 4 ? undefined : this.#received.readInt32BE(0);
      if (size !== undefined && this.#received.length >= 4 + size) {
        const body = this.#received.subarray(8, 4 + size);
        this.#received = this.#received.subarray(4 + size);
        return body;
      }
      if (this.#closed) throw new Error('the broker closed the connection');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
