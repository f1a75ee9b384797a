import { limits } from '../src/base/limits.ts';
import { isPublishTopic } from './mqtt-publish.ts';

const PUBLISH_TYPE = 3;
const QOS_BITS = 0x06;
const PUBREL = 0x62;
const PUBREL_BYTES = 4;
const DUP_QOS_BITS = 0x0e;
const DUP_AT_QOS_0 = 0x08;
const LENGTH_BYTES_MAX = 4;
const noBytes = Buffer.alloc(0);

/**
 * Reads the PUBLISH and PUBREL packets that are whole and without fault, of MQTT 3.1 and 3.1.1.
 * Everything else is left to the engine, which knows what to say to it. The packet that was read
 * lies in the fields until the next call.
 */
export class MqttPublishDecoder {
  /** PUBREL: of the fields only the identifier counts. */
  isRelease = false;
  mqttTopic = '';
  /** A view of the chunk. */
  payload: Buffer = noBytes;
  qos: 0 | 1 | 2 = 0;
  retain = false;
  /** 0 at QoS 0. */
  packetId = 0;
  /** The packet could be one for us, but the chunk ends before it does. */
  needsMore = false;
  readonly #packetBytesMax: number;
  /** Clients seldom change the topic from one packet to the next: the text is made once. */
  #topicBytes: Buffer = noBytes;
  #body = 0;
  #end = 0;

  /** Larger packets are left to the engine. */
  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax;
  }

  /** The position behind the packet at `at`, or `at` if it is not for us or not all there. */
  read(chunk: Buffer, at: number): number {
    this.needsMore = false;
    const first = chunk[at] as number;
    this.isRelease = first === PUBREL;
    if (this.isRelease) return this.#readRelease(chunk, at);
    if (first >> 4 !== PUBLISH_TYPE || (first & QOS_BITS) === QOS_BITS) return at;
    if ((first & DUP_QOS_BITS) === DUP_AT_QOS_0) return at;
    if (!this.#readLength(chunk, at)) return at;
    const topicAt = this.#body + 2;
    const end = this.#end;
    if (topicAt > end) return at;
    const topicEnd =
      topicAt + ((chunk[topicAt - 2] as number) << 8) + (chunk[topicAt - 1] as number);
    this.qos = ((first & QOS_BITS) >> 1) as 0 | 1 | 2;
    const payloadAt = this.qos === 0 ? topicEnd : topicEnd + 2;
    if (payloadAt > end || !this.#readTopic(chunk, topicAt, topicEnd)) return at;
    this.packetId =
      this.qos === 0 ? 0 : ((chunk[topicEnd] as number) << 8) + (chunk[topicEnd + 1] as number);
    if (this.qos > 0 && this.packetId === 0) return at;
    this.retain = (first & 1) === 1;
    this.payload = chunk.subarray(payloadAt, end);
    return end;
  }

  /** Lets go of the chunk and of a long topic: a decoder lives as long as its connection. */
  forget(): void {
    this.payload = noBytes;
    if (this.#topicBytes.length === 0) this.mqttTopic = '';
  }

  #readRelease(chunk: Buffer, at: number): number {
    if ((chunk[at + 1] ?? PUBREL_BYTES - 2) !== PUBREL_BYTES - 2) return at;
    this.needsMore = chunk.length - at < PUBREL_BYTES;
    if (this.needsMore) return at;
    this.packetId = ((chunk[at + 2] as number) << 8) + (chunk[at + 3] as number);
    return this.packetId === 0 ? at : at + PUBREL_BYTES;
  }

  #readLength(chunk: Buffer, at: number): boolean {
    let length = 0;
    for (let index = 0; index < LENGTH_BYTES_MAX; index++) {
      const byte = chunk[at + 1 + index];
      if (byte === undefined) {
        this.needsMore = true;
        return false;
      }
      length += (byte & 0x7f) * 128 ** index;
      if (byte < 0x80) {
        this.#body = at + 2 + index;
        this.#end = this.#body + length;
        if (this.#end - at > this.#packetBytesMax) return false;
        this.needsMore = this.#end > chunk.length;
        return !this.needsMore;
      }
    }
    return false;
  }

  #readTopic(chunk: Buffer, from: number, to: number): boolean {
    const known = this.#topicBytes;
    if (known.length === to - from && to > from && isSame(chunk, from, known)) return true;
    const topic = chunk.toString('utf8', from, to);
    if (!isPublishTopic(topic)) return false;
    const isShort = topic.length <= limits.mqttTopicCachedLengthMax;
    this.#topicBytes = isShort ? Buffer.from(chunk.subarray(from, to)) : noBytes;
    this.mqttTopic = topic;
    return true;
  }
}

function isSame(chunk: Buffer, from: number, known: Buffer): boolean {
  // The end of a topic differs more often than its beginning.
  for (let index = known.length - 1; index >= 0; index--) {
    if (chunk[from + index] !== known[index]) return false;
  }
  return true;
}
