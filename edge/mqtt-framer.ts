import { limits } from '../src/base/limits.ts';
import type { HeldPublishers } from '../src/core/effect.ts';
import { MqttPacketRules } from './mqtt-packet-rules.ts';

const CONNECT_FIRST_BYTE = 0x10;
const PUBLISH_TYPE = 3;
const QOS_BITS = 0x06;
const LENGTH_BYTES_MAX = 4;

/**
 * Finds where packets begin in a connection's bytes, before any of them is buffered: aedes and its
 * parser know no largest packet, take packets before CONNECT is answered, pass over some rules, and
 * cannot be told to leave PUBLISHes unread.
 */
export class MqttFramer {
  /** Set while CONNECT is being answered: nothing behind it passes. */
  connecting = false;
  /** Publishers are held: no such PUBLISH passes; subscribers and pings do. */
  held: HeldPublishers = 'none';
  /** Why the connection must be closed. */
  breach: string | undefined;
  readonly #packetBytesMax: number;
  readonly #rules = new MqttPacketRules();
  #first = true;
  /** 0: at a packet boundary; else bytes of the fixed header seen. */
  #headerBytes = 0;
  #firstByte = 0;
  #length = 0;
  #bodyLeft = 0;

  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax;
  }

  /** Bytes of the packet that has not passed whole. */
  get heldBytes(): number {
    if (this.#bodyLeft > 0) return this.#length - this.#bodyLeft + 2;
    return this.#headerBytes;
  }

  /**
   * Whether a packet that begins with this byte has to wait. Only meaningful at a packet boundary.
   */
  stopsAt(firstByte: number): boolean {
    if (this.connecting) return true;
    if (this.held === 'none' || firstByte >> 4 !== PUBLISH_TYPE) return false;
    return this.held === 'all' || (firstByte & QOS_BITS) !== 0;
  }

  /** Everything before was whole packets. */
  get isAtBoundary(): boolean {
    return this.#bodyLeft === 0 && this.#headerBytes === 0;
  }

  /**
   * How many bytes from the start of `chunk` may pass; `breach` says that the connection must be
   * closed.
   */
  pass(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length) {
      const next = this.passOne(chunk, at);
      if (next === at) return at;
      at = next;
      if (this.breach !== undefined) return at;
    }
    return at;
  }

  /**
   * Passes the packet at `at`, or the rest of it, as far as the chunk goes; returns where that
   * ends, `at` if the packet has to wait.
   */
  passOne(chunk: Uint8Array, at: number): number {
    let next = at;
    while (this.#bodyLeft === 0 && next < chunk.length) {
      const byte = chunk[next] as number;
      if (this.#headerBytes === 0 && (next > at || this.stopsAt(byte))) return next;
      this.#header(byte);
      if (this.breach !== undefined) return next;
      next++;
    }
    const step = Math.min(this.#bodyLeft, chunk.length - next);
    this.#bodyLeft -= step;
    if (step > 0) this.breach = this.#rules.body(chunk, next, next + step);
    return next + step;
  }

  #header(byte: number): void {
    if (this.#headerBytes === 0) {
      if (this.#first && byte !== CONNECT_FIRST_BYTE) this.breach = 'notConnect';
      this.#headerBytes = 1;
      this.#firstByte = byte;
      this.#length = 0;
      return;
    }
    this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 1);
    this.#headerBytes++;
    if ((byte & 0x80) === 0) this.#packet();
    else if (this.#headerBytes > LENGTH_BYTES_MAX) this.breach = 'malformedLength';
  }

  #packet(): void {
    const bytes = this.#headerBytes + this.#length;
    if (this.#first && bytes > limits.mqttConnectBytesMax) this.breach = 'connectTooLarge';
    else if (bytes > this.#packetBytesMax) this.breach = 'packetTooLarge';
    else this.breach = this.#rules.begin(this.#firstByte, this.#length);
    // Bytes behind CONNECT wait for CONNACK: aedes would hand them to its handlers before it knows
    // the client.
    if (this.#first) this.connecting = true;
    this.#first = false;
    this.#headerBytes = 0;
    this.#bodyLeft = this.#length;
  }
}
