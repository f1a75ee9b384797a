import { limits } from '../src/base/limits.ts';
import { filterMatcher } from './mqtt-filter-trie.ts';
import { ownCopy, queuedBytes } from './mqtt-queued.ts';
import type { QueuedPacket } from './mqtt-queued.ts';

/**
 * Retained publishes in bounded memory: when it is full the one set longest ago goes, and is
 * counted.
 */
export class MqttRetained {
  readonly #packets = new Map<string, QueuedPacket>();
  #bytes = 0;
  #dropped = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** An empty payload deletes ([MQTT-3.3.1-10]). */
  set(packet: QueuedPacket): void {
    this.#delete(packet.topic);
    if (packet.payload.length === 0) return;
    const copy = ownCopy(packet);
    this.#packets.set(packet.topic, copy);
    this.#bytes += queuedBytes(copy);
    for (const oldest of this.#packets.keys()) {
      if (this.#bytes <= limits.mqttRetainedBytesMax) return;
      this.#delete(oldest);
      this.#dropped++;
    }
  }

  /**
   * Those that match any of the filters, each once. One walk for all of them: a SUBSCRIBE may name
   * a thousand filters that match nothing.
   */
  *matching(filters: readonly string[]): Generator<QueuedPacket> {
    const matches = filterMatcher(filters);
    for (const packet of this.#packets.values()) {
      if (matches(packet.topic)) yield packet;
    }
  }

  #delete(topic: string): void {
    const packet = this.#packets.get(topic);
    if (packet === undefined) return;
    this.#packets.delete(topic);
    this.#bytes -= queuedBytes(packet);
  }
}
