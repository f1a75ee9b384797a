import { createServer } from 'node:net';
import type { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { Client, PublishPacket, Subscription } from 'aedes';
import { limits } from '../src/base/limits.ts';
import type { Result } from '../src/base/result.ts';
import type { ConnectionId } from '../src/base/brand.ts';
import type { HeldPublishers } from '../src/core/effect.ts';
import { MqttConnection } from './mqtt-connection.ts';
import type { MqttCrowd } from './mqtt-crowd.ts';
import { sendAway } from './send-away.ts';
import type {
  MqttAddress,
  MqttCounters,
  MqttFrontOptions,
  MqttListenError,
} from './mqtt-front-options.ts';
import { MqttInbound } from './mqtt-inbound.ts';
import { listenMqtt } from './mqtt-listen.ts';
import { MqttPending } from './mqtt-pending.ts';
import { MqttPersistence, openIdentifiersFilter } from './mqtt-persistence.ts';
import { MqttRoster } from './mqtt-roster.ts';
import { faultOf, isEngineTopic, publishOf } from './mqtt-publish.ts';
import { MqttPublishLanes } from './mqtt-publish-lanes.ts';
import { MqttSessions } from './mqtt-sessions.ts';
import type { SessionAnswer } from './mqtt-sessions.ts';

/**
 * The MQTT front end on aedes: 3.1 and 3.1.1. It decides nothing: publishes, QoS 2 identifiers and
 * sessions go to the core as events and aedes is held until the core answers (C5, P5).
 */
export class MqttFront {
  readonly counters: MqttCounters = {
    ...{ publishes: [0, 0, 0], released: 0, rejected: 0 },
    ...{ connectionsAccepted: 0, connectionsRefused: 0, connectionsBroken: 0 },
    ...{ connectionsDisplaced: 0, connectionsOverdue: 0 },
  };
  readonly #options: MqttFrontOptions;
  readonly #broker: Aedes;
  readonly #lanes: MqttPublishLanes;
  readonly #server: Server;
  readonly #pending = new MqttPending();
  readonly #inbound: MqttInbound;
  readonly #persistence: MqttPersistence;
  readonly #roster: MqttRoster;
  readonly #byClient = new WeakMap<Client, MqttConnection>();
  readonly #sessions: MqttSessions;
  #isStopping = false;

  constructor(options: MqttFrontOptions) {
    this.#options = options;
    this.#roster = new MqttRoster({
      connectionsMax: options.settings.connectionsMax,
      counters: this.counters,
      close: (connection, reason) => this.#close(connection, reason),
    });
    this.#inbound = new MqttInbound({
      pending: this.#pending,
      post: (event) => {
        if (event.type === 'IdentifierReceived') this.counters.publishes[2]++;
        options.post(event);
      },
      connectionOf: (client) => this.#byClient.get(client),
    });
    this.#persistence = new MqttPersistence(this.#inbound);
    this.#sessions = new MqttSessions({
      inbound: this.#inbound,
      withOpenIdentifiers: this.#persistence.withOpenIdentifiers,
      post: options.post,
      connected: (connection) => this.#roster.connected(connection),
      displaced: (connection) => this.#leave(connection),
      refused: (connection, reason) => this.#close(connection, reason),
    });
    this.#broker = this.#newBroker();
    this.#lanes = new MqttPublishLanes({
      broker: this.#broker,
      persistence: this.#persistence,
      pending: this.#pending,
      inbound: this.#inbound,
      counters: this.counters,
      packetBytesMax: options.settings.packetBytesMax,
      post: options.post,
      pendingChanged: () => this.#roster.pendingChanged(this.#pending.size),
    });
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Open sockets, also those that have not sent CONNECT yet. */
  get connections(): number {
    return this.#roster.size;
  }

  /** Events that the core has not answered yet. */
  get pendingPublishes(): number {
    return this.#pending.size;
  }

  /** What connections hold together, and who was closed for it. */
  get crowd(): Pick<MqttCrowd, 'counters' | 'bytes'> {
    return this.#roster.crowd;
  }

  /** Bytes and losses of what aedes keeps in memory for subscribers. */
  get memory(): {
    readonly retainedBytes: number;
    readonly retainedDropped: number;
    readonly offlineBytes: number;
    readonly offlineDropped: number;
  } {
    const { retained, offline } = this.#persistence;
    return {
      ...{ retainedBytes: retained.bytes, retainedDropped: retained.dropped },
      ...{ offlineBytes: offline.bytes, offlineDropped: offline.dropped },
    };
  }

  /** Opens the port. */
  async listen(): Promise<Result<MqttAddress, MqttListenError>> {
    await this.#broker.listen();
    const listening = await listenMqtt(this.#server, this.#options.settings);
    if (listening.ok) this.#roster.start();
    return listening;
  }

  /**
   * Effect ReleasePublishes: aedes may go on with these, in this order. Ids of closed connections
   * are ignored.
   */
  releasePublishes(publishIds: readonly number[]): void {
    this.#lanes.gather(() => {
      for (const publishId of publishIds) this.#release(publishId);
    });
    this.#roster.pendingChanged(this.#pending.size);
  }

  /**
   * Effect RejectPublish: never acknowledged. At QoS 1 and 2 that closes the connection whatever
   * `closeConnection` says, since MQTT 3.1.1 has no other word for it; a QoS 0 publish then goes to
   * the subscribers only.
   */
  rejectPublish(publishId: number, closeConnection: boolean, reason: string): void {
    const pending = this.#pending.take(publishId);
    if (pending === undefined) return;
    this.counters.rejected++;
    const { connection } = pending;
    if (pending.kind === 'will') return;
    if (pending.kind === 'qos0' && !closeConnection) return connection.proceed(pending);
    this.#close(connection, reason);
    pending.abandon?.();
  }

  /** Effect OpenSessionAnswered: CONNACK may go. */
  sessionAnswered(answer: SessionAnswer): void {
    this.#sessions.answered(answer);
  }

  /** Effect CloseSession: CONNACK says so where it is still to come. */
  closeSession(id: ConnectionId, clientId: string, reason: string): void {
    this.#sessions.close(id, clientId, reason);
  }

  /** Effect HoldPublishers: PUBLISHes stay unread; connections that only subscribe go on. */
  holdPublishers(held: HeldPublishers): void {
    this.#roster.hold(held);
  }

  /**
   * Closes the port and every connection, without their wills: the node leaves, not the sensors.
   * What was read is answered first, where that takes no longer than a second: who is not answered
   * sends again.
   * @param hasOthers clients find another node: they are sent there a few at a time.
   */
  async stop(hasOthers = false): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    const all = this.#roster.all();
    // Those that subscribe last: what is published here until then they find nowhere else.
    const inOrder = all.toSorted((a, b) => Number(a.isSubscriber) - Number(b.isSubscriber));
    await sendAway(inOrder, { close: (connection) => this.#sendAway(connection), hasOthers });
    this.#roster.stop();
    for (const connection of all) this.#sendAway(connection);
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
    await closed;
  }

  #newBroker(): Aedes {
    const broker = new Aedes({
      persistence: this.#persistence,
      // 0: a subscriber that does not read delays only those who publish to it.
      concurrency: 0,
      connectTimeout: limits.mqttConnectTimeoutMs,
      drainTimeout: limits.mqttDrainTimeoutMs,
      maxInflightInbound: limits.mqttInboundInflightMax,
      maxClientsIdLength: limits.mqttClientIdBytesMax,
      maxTopicLevels: limits.mqttTopicLevelsMax,
      preConnect: (client, packet, done) => {
        const connection = this.#living(client);
        if (connection !== undefined) this.#sessions.judge(connection, packet, done);
      },
      authenticate: (client, _username, _password, done) => {
        const connection = this.#living(client);
        if (connection !== undefined) this.#sessions.open(connection, client, done);
      },
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) =>
        this.#subscribe(client, subscription, done),
      published: (packet, client, done) => this.#published(packet, client, done),
    });
    broker.on('connackSent', (connack, client) => {
      const connection = this.#byClient.get(client);
      if (connack.returnCode === 0 && connection) this.#lanes.open(connection, client);
    });
    broker.on('clientError', (client, error) => this.#failed(client, error));
    broker.on('connectionError', (client, error) => this.#failed(client, error));
    (broker as EventEmitter).on('error', (error) =>
      this.#options.telemetry.write('error', 'the MQTT engine failed', { error: String(error) }),
    );
    return broker;
  }

  #accept(socket: Socket): void {
    if (this.#isStopping || !this.#roster.makePlace()) {
      this.counters.connectionsRefused++;
      socket.destroy();
      return;
    }
    this.counters.connectionsAccepted++;
    this.#options.accepted?.();
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    const connection = new MqttConnection({
      id: this.#options.nextConnectionId(),
      socket,
      packetBytesMax: this.#options.settings.packetBytesMax,
      crowd: this.#roster.crowd,
      onBreach: (broken, reason) => this.#close(broken, reason),
    });
    const client = this.#broker.handle(socket);
    this.#byClient.set(client, connection);
    connection.attach(client);
    this.#roster.add(connection);
    socket.once('close', () => {
      this.#roster.remove(connection);
      this.#closed(connection);
    });
  }

  /** What aedes still does with a connection that is gone leads nowhere. */
  #living(client: Client): MqttConnection | undefined {
    const connection = this.#byClient.get(client);
    return connection?.dead === false ? connection : undefined;
  }

  #publish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    const connection = client === null ? undefined : this.#byClient.get(client);
    if (client === null || connection === undefined) return done(null);
    // aedes publishes a will when its client is closed, and nothing else.
    if (client.closed) return this.#will(connection, client, packet, done);
    if (connection.dead) return;
    const fault = faultOf(packet);
    if (fault !== undefined) return done(new Error(fault));
    // QoS 2 is held by the persistence (P5).
    if (packet.qos === 2) return done(null);
    this.counters.publishes[packet.qos]++;
    const isQos0 = packet.qos === 0;
    const proceed = (): void => {
      if (isQos0) return connection.deliverInTurn(() => done(null));
      connection.lane?.flush(); // aedes writes the PUBACK of this one, and delivers it later
      done(null);
    };
    const publishId = this.#pending.add(connection, isQos0 ? 'qos0' : 'qos1', proceed);
    const publish = publishOf(publishId, connection, client, packet);
    this.#options.post({ type: 'PublishReceived', publish });
    this.#roster.pendingChanged(this.#pending.size);
  }

  #will(
    connection: MqttConnection,
    client: Client,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    if (connection.isSentAway) return done(new Error('stopping'));
    // The core takes back what a closed connection has in flight; the will comes after that (P3).
    this.#closed(connection);
    this.counters.publishes[packet.qos]++;
    const error = isEngineTopic(packet.topic) ? new Error('told to nobody') : null;
    const proceed = (): void => connection.deliverInTurn(() => done(error));
    const publishId = this.#pending.add(connection, 'will', proceed);
    const publish = publishOf(publishId, connection, client, packet);
    this.#options.post({ type: 'PublishReceived', publish });
  }

  #release(publishId: number): void {
    const pending = this.#pending.take(publishId);
    if (pending === undefined) return;
    this.counters.released++;
    const { connection } = pending;
    if (pending.kind === 'qos1' && !connection.order.idle) {
      connection.order.push(() => connection.proceed(pending), false);
    } else connection.proceed(pending);
  }

  /** The subscribers have it: aedes writes PUBREC next, which has to wait for its turn. */
  #published(packet: PublishPacket, client: Client | null, done: () => void): void {
    const connection = client === null ? undefined : this.#byClient.get(client);
    const turn = connection?.delivering.get(packet);
    if (connection === undefined || turn === undefined) return done();
    connection.delivering.delete(packet);
    connection.order.ready(turn, () => connection.guard(done));
  }

  #subscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const { topic } = subscription;
    const connection = this.#byClient.get(client);
    const isRefused = topic === openIdentifiersFilter || connection?.maySubscribe() !== true;
    done(null, isRefused ? null : subscription);
  }

  #failed(client: Client, error: Error): void {
    const connection = this.#living(client);
    if (connection !== undefined) this.#close(connection, error.message);
  }

  #sendAway(connection: MqttConnection): void {
    connection.isSentAway = true;
    this.#leave(connection);
  }

  /** Closes a connection because of what its peer did or the core said; its will goes out. */
  #close(connection: MqttConnection, reason: string): void {
    if (connection.dead) return;
    this.counters.connectionsBroken++;
    const fields = { connection: connection.id, clientId: connection.clientId, reason };
    this.#options.telemetry.write('debug', 'closing an MQTT connection', fields);
    this.#leave(connection);
  }

  #leave(connection: MqttConnection): void {
    this.#closed(connection);
    connection.client?.close();
  }

  /**
   * Once for each connection: the core hears that it is gone before anything that comes after it.
   */
  #closed(connection: MqttConnection): void {
    if (connection.dead) return;
    this.#sessions.connectionClosed(connection);
    connection.cut();
    if (connection.clientId !== undefined) {
      this.#options.post({ type: 'ConnectionClosed', connection: connection.id });
    }
    this.#pending.connectionClosed(connection);
    this.#roster.pendingChanged(this.#pending.size);
  }
}
