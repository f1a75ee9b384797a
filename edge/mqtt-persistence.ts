import { Readable } from 'node:stream';
import type { Client, Subscription } from 'aedes';
import { limits } from '../src/base/limits.ts';
import { MqttFilterTrie } from './mqtt-filter-trie.ts';
import type { MqttSubscription } from './mqtt-filter-trie.ts';
import type { InboundPacket, MqttInbound } from './mqtt-inbound.ts';
import { MqttOfflineQueues } from './mqtt-offline-queues.ts';
import type { QueuedPacket } from './mqtt-queued.ts';
import { MqttRetained } from './mqtt-retained.ts';

/**
 * Never matches and is refused by authorizeSubscribe; aedes reports session present for a session
 * that has any subscription to restore (P5: a publisher-only client must learn that its identifiers
 * are open).
 */
export const openIdentifiersFilter = '$shorelog/open-identifiers';

/**
 * What aedes 1.2.0 asks of a persistence. QoS 2 of publishers is MqttInbound's; subscriptions,
 * retained publishes and offline queues live in bounded memory. Wills stay with aedes' client
 * object.
 */
export class MqttPersistence {
  readonly retained = new MqttRetained();
  readonly offline = new MqttOfflineQueues();
  /** Sessions whose next CONNACK has to say session present. */
  readonly withOpenIdentifiers = new Set<string>();
  readonly #inbound: MqttInbound;
  readonly #subscriptions = new Map<string, Map<string, Subscription>>();
  readonly #trie = new MqttFilterTrie();
  /** Of the subscriptions, roughly. */
  #bytes = 0;

  constructor(inbound: MqttInbound) {
    this.#inbound = inbound;
  }

  /** Sessions that are away may wait for publishes. */
  get hasSubscriptions(): boolean {
    return this.#subscriptions.size > 0;
  }

  /** aedes refuses a persistence whose setup is not an async function. */
  async setup(): Promise<void> {
    await Promise.resolve();
  }

  async destroy(): Promise<void> {
    await Promise.resolve();
  }

  incomingGetPacket(client: Client, packet: InboundPacket): Promise<InboundPacket> {
    return this.#inbound.get(client, packet);
  }

  incomingStorePacket(client: Client, packet: InboundPacket): Promise<void> {
    return this.#inbound.store(client, packet);
  }

  incomingDelPacket(client: Client, packet: InboundPacket): Promise<void> {
    return this.#inbound.remove(client, packet);
  }

  /** SessionOpened and ConnectionClosed have done it, the first before CONNACK. */
  cleanIncoming(): Promise<void> {
    return Promise.resolve();
  }

  storeRetained(packet: QueuedPacket): Promise<void> {
    this.retained.set(packet);
    return Promise.resolve();
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.retained.matching(filters));
  }

  addSubscriptions(client: Client, asked: readonly Subscription[]): Promise<void> {
    const subscriptions = asked.filter(({ topic }) => topic !== openIdentifiersFilter);
    const stored = this.#subscriptions.get(client.id) ?? new Map<string, Subscription>();
    if (stored.size === 0 && this.#subscriptions.size >= limits.mqttSessionsMax) {
      return Promise.reject(new Error('too many persistent sessions'));
    }
    const added = new Set(subscriptions.map(({ topic }) => topic).filter((t) => !stored.has(t)));
    const addedBytes = [...added].reduce((sum, topic) => sum + filterBytes(topic), 0);
    if (this.#bytes + addedBytes > limits.mqttSubscriptionBytesMax) {
      return Promise.reject(new Error('too many subscriptions of persistent sessions'));
    }
    this.#bytes += addedBytes;
    this.#subscriptions.set(client.id, stored);
    for (const subscription of subscriptions) {
      const { topic, qos } = subscription;
      stored.set(topic, { ...subscription });
      if (qos > 0) this.#trie.add({ clientId: client.id, topic, qos });
      else this.#trie.remove(client.id, topic);
    }
    return Promise.resolve();
  }

  removeSubscriptions(client: { readonly id: string }, filters: readonly string[]): Promise<void> {
    const stored = this.#subscriptions.get(client.id);
    for (const filter of filters) {
      if (stored?.delete(filter) !== true) continue;
      this.#bytes -= filterBytes(filter);
      this.#trie.remove(client.id, filter);
    }
    if (stored?.size === 0) this.#subscriptions.delete(client.id);
    return Promise.resolve();
  }

  cleanSubscriptions(client: { readonly id: string }): Promise<void> {
    this.offline.forget(client.id);
    const stored = this.#subscriptions.get(client.id);
    return this.removeSubscriptions(client, stored === undefined ? [] : [...stored.keys()]);
  }

  subscriptionsByClient(client: { readonly id: string }): Promise<readonly Subscription[]> {
    const subscriptions = [...(this.#subscriptions.get(client.id)?.values() ?? [])];
    if (this.withOpenIdentifiers.delete(client.id)) {
      subscriptions.push({ topic: openIdentifiersFilter, qos: 0 });
    }
    return Promise.resolve(subscriptions);
  }

  subscriptionsByTopic(topic: string): Promise<MqttSubscription[]> {
    return Promise.resolve(this.#trie.match(topic));
  }

  outgoingEnqueue(
    subscription: { readonly clientId: string },
    packet: QueuedPacket,
  ): Promise<void> {
    this.offline.enqueue([subscription.clientId], packet);
    return Promise.resolve();
  }

  outgoingEnqueueCombi(
    subscriptions: readonly { readonly clientId: string }[],
    packet: QueuedPacket,
  ): Promise<void> {
    // A client with two filters that match gets it once.
    const clientIds = new Set(subscriptions.map((subscription) => subscription.clientId));
    this.offline.enqueue([...clientIds], packet);
    return Promise.resolve();
  }

  outgoingUpdate(client: Client, packet: QueuedPacket): Promise<void> {
    this.offline.update(client.id, packet);
    return Promise.resolve();
  }

  outgoingClearMessageId(client: Client, packet: QueuedPacket): Promise<QueuedPacket | undefined> {
    return Promise.resolve(this.offline.clear(client.id, packet.messageId));
  }

  outgoingStream(client: Client): Readable {
    return Readable.from(this.offline.list(client.id));
  }

  putWill(): Promise<void> {
    return Promise.resolve();
  }

  delWill(): Promise<void> {
    return Promise.resolve();
  }

  streamWill(): Readable {
    return Readable.from([]);
  }
}

const levelBytes = 200;

/** What a filter takes as a text and in the trie, roughly. */
const filterBytes = (filter: string): number =>
  filter.length + levelBytes * filter.split('/').length;
