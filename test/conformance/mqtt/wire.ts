import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** How long an answer, or the end of the connection, may take. */
const waitMsMax = 1_000;

/** A connection whose packets are kept until they are asked for. */
export class Wire {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Packets that nothing has asked for. */
  readonly packets: Buffer[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  async opened(): Promise<void> {
    await once(this.#socket, 'connect', { signal: AbortSignal.timeout(waitMsMax) });
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The first packet for which it is true; others stay. Undefined: it never comes. */
  async take(isIt: (packet: Buffer) => boolean): Promise<Buffer | undefined> {
    await this.#until(() => this.packets.some(isIt) || this.#isClosed);
    const at = this.packets.findIndex(isIt);
    return at < 0 ? undefined : this.packets.splice(at, 1)[0];
  }

  async closes(): Promise<boolean> {
    await this.#until(() => this.#isClosed);
    return this.#isClosed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    // What the scripts make a broker send has one length byte.
    for (let size = 0; this.#rest.length >= 2;) {
      size = 2 + this.#rest.readUInt8(1);
      if (this.#rest.length < size) break;
      this.packets.push(this.#rest.subarray(0, size));
      this.#rest = this.#rest.subarray(size);
    }
    this.#wake();
  }

  async #until(isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + waitMsMax;
    while (!isTrue() && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - performance.now());
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
