import type { Client, PublishPacket } from 'aedes';
import type { Event, Publish } from '../src/core/event.ts';
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

/** A PUBLISH of QoS 2 that came past aedes. */
export interface IdentifiedPublish {
  readonly packetId: number;
  readonly toPublish: (publishId: number) => Publish;
  /** It is new, and committed. */
  readonly stored: (publish: Publish) => void;
  /** It was committed and delivered before: only PUBREC is due. */
  readonly repeated: () => void;
}

/**
 * P5 on the side of the connections: `take` and `release` are called by the publish lane, the rest
 * is how aedes' persistence sees it. `get` starts the store of a new identifier so that the core
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
    this.#beginWithAedes(connection, client, packet);
    return Promise.reject(new Error('a new identifier'));
  }

  /** A PUBLISH; answered once nothing else is under way for its identifier. */
  take(connection: MqttConnection, clientId: string, publish: IdentifiedPublish): void {
    if (connection.dead) return;
    const entry = this.#identifiers.find(clientId, publish.packetId);
    if (entry?.state === 'storing' || entry?.state === 'removing') {
      entry.waiters.push(() => this.take(connection, clientId, publish));
    } else if (entry !== undefined) publish.repeated();
    else this.#begin(connection, clientId, publish);
  }

  /** A PUBREL; `done` when the removal is committed. */
  release(connection: MqttConnection, clientId: string, packetId: number, done: () => void): void {
    if (connection.dead) return;
    const entry = this.#identifiers.find(clientId, packetId);
    if (entry?.state === 'storing' || entry?.state === 'removing') {
      entry.waiters.push(() => this.release(connection, clientId, packetId, done));
    } else this.#remove(connection, clientId, packetId, done);
  }

  /** Resolves when the publish is committed under its triple. */
  store(client: Client, packet: InboundPacket): Promise<void> {
    const entry = this.#identifiers.find(client.id, identifierOf(packet));
    if (this.#live(client) === undefined) return never();
    return entry?.stored ?? never();
  }

  /** Resolves when the removal is committed. */
  remove(client: Client, packet: InboundPacket): Promise<void> {
    const connection = this.#live(client);
    if (connection === undefined) return never();
    return new Promise((resolve) => {
      this.#remove(connection, client.id, identifierOf(packet), resolve);
    });
  }

  /** A clean session begins or ends. */
  forget(clientId: string): void {
    this.#identifiers.forget(clientId);
  }

  #beginWithAedes(connection: MqttConnection, client: Client, packet: PublishPacket): void {
    let resolve: () => void = () => undefined;
    const stored = new Promise<void>((settled) => (resolve = settled));
    const entry = this.#begin(connection, client.id, {
      packetId: identifierOf(packet),
      toPublish: (publishId) => publishOf(publishId, connection, client, packet),
      stored: () => {
        // aedes writes PUBREC after its subscribers have the publish; its turn is now.
        connection.delivering.set(packet, connection.order.reserve());
        connection.deliverInTurn(resolve);
      },
    });
    entry.stored = stored;
  }

  #begin(
    connection: MqttConnection,
    clientId: string,
    { packetId, toPublish, stored }: Omit<IdentifiedPublish, 'repeated'>,
  ): IdentifierEntry {
    const entry: IdentifierEntry = { state: 'storing', waiters: [] };
    this.#identifiers.set(clientId, packetId, entry);
    const proceed = (): void => {
      // Its PUBREC comes before those of its repetitions, which waited for it.
      stored(publish);
      this.#identifiers.settle(clientId, packetId, entry, 'stored');
    };
    const abandon = (): void => this.#identifiers.settle(clientId, packetId, entry, undefined);
    const publishId = this.#options.pending.add(connection, 'identifier', proceed, abandon);
    const publish = toPublish(publishId);
    this.#options.post({ type: 'IdentifierReceived', publish });
    return entry;
  }

  #remove(connection: MqttConnection, clientId: string, packetId: number, done: () => void): void {
    const entry: IdentifierEntry = { state: 'removing', waiters: [] };
    this.#identifiers.set(clientId, packetId, entry);
    const settle = (): void => this.#identifiers.settle(clientId, packetId, entry, undefined);
    const proceed = (): void => {
      settle();
      done();
    };
    const publishId = this.#options.pending.add(connection, 'identifier', proceed, settle);
    const released = { publishId, connection: connection.id, clientId, packetId };
    this.#options.post({ type: 'IdentifierReleased', ...released });
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
