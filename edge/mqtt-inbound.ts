import type { Client, PublishPacket } from 'aedes';
import type { Event } from '../src/core/event.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import { MqttIdentifiers } from './mqtt-identifiers.ts';
import type { IdentifierEntry } from './mqtt-identifiers.ts';
import type { MqttPending } from './mqtt-pending.ts';
import { publishOf } from './mqtt-publish.ts';

/** A PUBLISH of QoS 2, or its PUBREL. */
export type InboundPacket = PublishPacket | { readonly cmd: 'pubrel'; readonly messageId?: number };

export interface MqttInboundOptions {
  readonly pending: MqttPending;
  readonly post: (event: Event) => void;
  readonly connectionOf: (client: Client) => MqttConnection | undefined;
}

/**
 * P5 as aedes' persistence sees it. `get` starts the store of a new identifier so that the core
 * sees all publishes of a connection in their order; `store` waits for it. What fails never
 * settles: aedes would answer PUBCOMP to a rejected get, and the connection is closed anyway.
 */
export class MqttInbound {
  readonly #options: MqttInboundOptions;
  readonly #identifiers = new MqttIdentifiers();

  constructor(options: MqttInboundOptions) {
    this.#options = options;
  }

  /** Resolves: known. Rejects: a new PUBLISH, which `store` is to take. */
  get(client: Client, packet: InboundPacket): Promise<InboundPacket> {
    const connection = this.#live(client);
    if (connection === undefined) return never();
    if (identifierOf(packet) < 1) {
      connection.breach('no packet identifier'); // [MQTT-2.3.1-1]
      return never();
    }
    const entry = this.#identifiers.find(client.id, identifierOf(packet));
    if (entry?.state === 'storing' || entry?.state === 'removing') {
      return this.#afterwards(client, packet, entry);
    }
    // The core knows best whether a PUBREL's identifier is open; an unknown one is released at
    // once.
    if (packet.cmd !== 'publish') return Promise.resolve(packet);
    if (entry !== undefined) return this.#repeated(connection, packet);
    this.#begin(connection, client, packet);
    return Promise.reject(new Error('a new identifier'));
  }

  /** Resolves when the publish is committed under its triple. */
  store(client: Client, packet: InboundPacket): Promise<void> {
    const entry = this.#identifiers.find(client.id, identifierOf(packet));
    if (this.#live(client) === undefined || entry === undefined) return never();
    return entry.stored;
  }

  /** Resolves when the removal is committed. */
  remove(client: Client, packet: InboundPacket): Promise<void> {
    const connection = this.#live(client);
    if (connection === undefined) return never();
    const packetId = identifierOf(packet);
    const clientId = client.id;
    const entry: IdentifierEntry = { state: 'removing', waiters: [], stored: never() };
    this.#identifiers.set(clientId, packetId, entry);
    return new Promise((resolve) => {
      const settle = (): void => this.#identifiers.settle(clientId, packetId, entry, undefined);
      const proceed = (): void => {
        settle();
        resolve();
      };
      const publishId = this.#options.pending.add(connection, 'identifier', proceed, settle);
      const released = { publishId, connection: connection.id, clientId, packetId };
      this.#options.post({ type: 'IdentifierReleased', ...released });
    });
  }

  /** A clean session begins or ends. */
  forget(clientId: string): void {
    this.#identifiers.forget(clientId);
  }

  #begin(connection: MqttConnection, client: Client, packet: PublishPacket): void {
    const packetId = identifierOf(packet);
    const clientId = client.id;
    const entry: IdentifierEntry = { state: 'storing', waiters: [], stored: never() };
    this.#identifiers.set(clientId, packetId, entry);
    entry.stored = new Promise((resolve) => {
      const proceed = (): void => {
        // aedes writes PUBREC after its subscribers have the publish; its turn is now.
        connection.delivering.set(packet, connection.order.reserve());
        this.#identifiers.settle(clientId, packetId, entry, 'stored');
        connection.deliverInTurn(resolve);
      };
      const abandon = (): void => this.#identifiers.settle(clientId, packetId, entry, undefined);
      const publishId = this.#options.pending.add(connection, 'identifier', proceed, abandon);
      const publish = publishOf(publishId, connection, client, packet);
      this.#options.post({ type: 'IdentifierReceived', publish });
    });
  }

  /** Once the operation in flight has settled, looks again. */
  #afterwards(
    client: Client,
    packet: InboundPacket,
    entry: IdentifierEntry,
  ): Promise<InboundPacket> {
    return new Promise((resolve, reject) => {
      entry.waiters.push(() => void this.get(client, packet).then(resolve, reject));
    });
  }

  /** A PUBLISH whose reading is stored and delivered: only PUBREC is due, in its turn. */
  #repeated(connection: MqttConnection, packet: InboundPacket): Promise<InboundPacket> {
    if (connection.order.idle) return Promise.resolve(packet);
    return new Promise((resolve) => connection.order.push(() => resolve(packet), true));
  }

  #live(client: Client): MqttConnection | undefined {
    const connection = this.#options.connectionOf(client);
    return connection === undefined || connection.dead ? undefined : connection;
  }
}

const identifierOf = (packet: InboundPacket): number => packet.messageId ?? 0;

/** A promise of its own each time: reactions on a shared one would pile up. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
