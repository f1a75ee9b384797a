import type { Client, ConnectPacket } from 'aedes';
import type { ConnectionId } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import type { Effect } from '../src/core/effect.ts';
import type { Event } from '../src/core/event.ts';
import { isCleanText } from './mqtt-clean-text.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { MqttInbound } from './mqtt-inbound.ts';
import { identifierRejected, MqttOpenings } from './mqtt-openings.ts';
import type { Authenticated } from './mqtt-openings.ts';
import { isGoodWill } from './mqtt-publish.ts';

export type SessionAnswer = Pick<
  Extract<Effect, { type: 'OpenSessionAnswered' }>,
  'requestId' | 'openIdentifiers' | 'isResumed'
>;

export interface MqttSessionsOptions {
  readonly inbound: Pick<MqttInbound, 'forget'>;
  /** Client ids whose CONNACK says session present although aedes kept nothing of them (P5). */
  readonly withOpenIdentifiers: Set<string>;
  readonly post: (event: Event) => void;
  /** Its CONNECT was taken. */
  readonly connected: (connection: MqttConnection) => void;
  /** Its client has connected anew: it is to be closed at once. */
  readonly displaced: (connection: MqttConnection) => void;
  /** The core does not let it go on. */
  readonly refused: (connection: MqttConnection, reason: string) => void;
}

/** CONNECT to CONNACK, and which connection a client id belongs to meanwhile and after. */
export class MqttSessions {
  readonly #options: MqttSessionsOptions;
  /** The one connection that holds a client id, from CONNECT on (takeover: [MQTT-3.1.4-2]). */
  readonly #byClientId = new Map<string, MqttConnection>();
  readonly #openings = new MqttOpenings();

  constructor(options: MqttSessionsOptions) {
    this.#options = options;
  }

  /** Whether that CONNECT may be looked at any further. */
  judge(
    connection: MqttConnection,
    packet: ConnectPacket,
    done: (error: Error | null, success: boolean) => void,
  ): void {
    const { clientId, will, protocolVersion } = packet;
    // [MQTT-3.1.3-8]: without an identifier there is no session to keep. 3.1 always wants one.
    connection.lacksClientId = clientId === '' && (packet.clean !== true || protocolVersion === 3);
    const isGood = isCleanText(clientId) && (!will || isGoodWill(will));
    if (isGood) done(null, true);
    else done(new Error('CONNECT names an invalid client identifier or will topic'), false);
  }

  /**
   * Holds CONNACK until the core has opened the session, after any earlier connection of it is
   * gone.
   */
  open(connection: MqttConnection, client: Client, done: Authenticated): void {
    const { inbound, post, connected, displaced } = this.#options;
    const clientId = client.id;
    const tooLong = Buffer.byteLength(clientId) > limits.mqttClientIdBytesMax;
    if (tooLong || connection.lacksClientId) return done(identifierRejected(), false);
    const previous = this.#byClientId.get(clientId);
    if (previous !== undefined) displaced(previous);
    this.#byClientId.set(clientId, connection);
    connected(connection);
    connection.clientId = clientId;
    const clean = client.clean;
    if (clean) inbound.forget(clientId);
    const requestId = this.#openings.add({ connection, client, done });
    post({ type: 'SessionOpened', requestId, connection: connection.id, clientId, clean });
  }

  /** CONNACK may go, with session present if identifiers are open. */
  answered({ requestId, openIdentifiers, isResumed }: SessionAnswer): void {
    const { inbound, withOpenIdentifiers } = this.#options;
    const opening = this.#openings.take(requestId);
    if (opening === undefined || opening.connection.dead) return;
    const { connection, client, done } = opening;
    if (!isResumed) inbound.forget(client.id);
    if (openIdentifiers.length > 0 && !client.clean) withOpenIdentifiers.add(client.id);
    else withOpenIdentifiers.delete(client.id);
    connection.guard(() => done(null, true));
  }

  /** The session is another's, or cannot be opened: CONNACK says so where it is still to come. */
  close(id: ConnectionId, clientId: string, reason: string): void {
    const connection = this.#byClientId.get(clientId);
    if (connection === undefined || connection.id !== id) return;
    // aedes closes it behind its CONNACK.
    if (!this.#openings.refuse(connection)) this.#options.refused(connection, reason);
  }

  /** The client id is free again, unless a newer connection has it. */
  connectionClosed(connection: MqttConnection): void {
    const { clientId } = connection;
    if (clientId === undefined || this.#byClientId.get(clientId) !== connection) return;
    this.#byClientId.delete(clientId);
    if (connection.client?.clean === true) this.#options.inbound.forget(clientId);
  }
}
