import { connectionId, type ConnectionId } from '../../../src/base/brand.ts';
import { utf8Encode } from '../../../src/base/bytes.ts';
import type { HeldPublishers } from '../../../src/core/effect.ts';
import type { Event, Publish } from '../../../src/core/event.ts';
import type { MqttPacket } from './mqtt-packet.ts';
import type { EndEvents, TcpEnd } from './sim-tcp.ts';

interface Door {
  readonly connection: ConnectionId;
  readonly end: TcpEnd;
  clientId: string | undefined;
  clean: boolean;
  /** It has sent what must be acknowledged. */
  promises: boolean;
  isDead: boolean;
}

interface Pending {
  readonly door: Door;
  readonly proceed: () => void;
  readonly abandon: () => void;
}

/** QoS 2: an operation in flight, or a stored reading. */
interface Identifier {
  state: 'storing' | 'stored' | 'removing';
  waiting: (() => void)[];
}

type PublishPacket = Extract<MqttPacket, { type: 'publish' }>;

/**
 * The MQTT front end of a simulated node: what edge's front end tells the core and does for it, for
 * clients that only publish.
 */
export class MqttDoor {
  readonly #post: (event: Event) => void;
  readonly #nextId: () => number;
  readonly #doors = new Map<ConnectionId, Door>();
  readonly #byClientId = new Map<string, Door>();
  readonly #pending = new Map<number, Pending>();
  readonly #openings = new Map<number, Door>();
  readonly #identifiers = new Map<string, Map<number, Identifier>>();
  #held: HeldPublishers = 'none';

  constructor(post: (event: Event) => void, nextId: () => number) {
    this.#post = post;
    this.#nextId = nextId;
  }

  accept(end: TcpEnd): EndEvents {
    const door: Door = {
      ...{ connection: connectionId(this.#nextId()), end, clientId: undefined, clean: true },
      ...{ promises: false, isDead: false },
    };
    this.#doors.set(door.connection, door);
    return {
      received: (packet) => this.#received(door, packet as MqttPacket),
      closed: () => this.#closed(door),
    };
  }

  hold(held: HeldPublishers): void {
    this.#held = held;
    for (const door of this.#doors.values()) this.#regulate(door);
  }

  release(publishIds: readonly number[]): void {
    for (const publishId of publishIds) this.#take(publishId)?.proceed();
  }

  reject(publishId: number, closeConnection: boolean): void {
    const pending = this.#take(publishId);
    if (pending === undefined) return;
    if (closeConnection) this.#close(pending.door);
    pending.abandon();
  }

  sessionAnswered(requestId: number, open: readonly number[], isResumed: boolean): void {
    const door = this.#openings.get(requestId);
    this.#openings.delete(requestId);
    if (door?.clientId === undefined || door.isDead) return;
    if (!isResumed) this.#identifiers.delete(door.clientId);
    door.end.sendPacket({ type: 'connack', sessionPresent: open.length > 0 && !door.clean });
  }

  closeSession(connection: ConnectionId, clientId: string): void {
    const door = this.#byClientId.get(clientId);
    if (door?.connection === connection) this.#close(door);
  }

  #received(door: Door, packet: MqttPacket): void {
    if (door.isDead) return;
    switch (packet.type) {
      case 'connect':
        return this.#connect(door, packet.clientId, packet.clean);
      case 'publish':
        return this.#publish(door, packet);
      case 'pubrel':
        return this.#remove(door, packet.packetId);
      default:
        throw new Error(`a node gets no ${packet.type}`);
    }
  }

  #connect(door: Door, clientId: string, clean: boolean): void {
    const before = this.#byClientId.get(clientId);
    if (before !== undefined) this.#close(before);
    this.#byClientId.set(clientId, door);
    door.clientId = clientId;
    door.clean = clean;
    if (clean) this.#identifiers.delete(clientId);
    const requestId = this.#nextId();
    this.#openings.set(requestId, door);
    const { connection } = door;
    this.#post({ type: 'SessionOpened', requestId, connection, clientId, clean });
  }

  #publish(door: Door, packet: PublishPacket): void {
    const { packetId, qos } = packet;
    if (qos > 0 && !door.promises) {
      door.promises = true;
      this.#regulate(door);
    }
    if (qos === 2) return this.#store(door, packet);
    const proceed = (): void => {
      if (qos === 1) door.end.sendPacket({ type: 'puback', packetId });
    };
    const publishId = this.#await({ door, proceed, abandon: () => undefined });
    this.#post({ type: 'PublishReceived', publish: publishOf(publishId, door, packet) });
  }

  #store(door: Door, packet: PublishPacket): void {
    const { packetId } = packet;
    const known = this.#identifier(door, packetId);
    const received = (): void => door.end.sendPacket({ type: 'pubrec', packetId });
    if (known?.state === 'stored') return received();
    if (known !== undefined) {
      return void known.waiting.push(() => door.isDead || this.#store(door, packet));
    }
    const identifier = this.#begin(door, packetId, 'storing');
    const publishId = this.#await({
      door,
      proceed: () => {
        this.#settle(door, packetId, identifier, 'stored');
        received();
      },
      abandon: () => this.#settle(door, packetId, identifier, undefined),
    });
    this.#post({ type: 'IdentifierReceived', publish: publishOf(publishId, door, packet) });
  }

  #remove(door: Door, packetId: number): void {
    const known = this.#identifier(door, packetId);
    if (known !== undefined && known.state !== 'stored') {
      return void known.waiting.push(() => door.isDead || this.#remove(door, packetId));
    }
    const identifier = this.#begin(door, packetId, 'removing');
    const settle = (): void => this.#settle(door, packetId, identifier, undefined);
    const publishId = this.#await({
      door,
      proceed: () => {
        settle();
        door.end.sendPacket({ type: 'pubcomp', packetId });
      },
      abandon: settle,
    });
    const { connection, clientId = '' } = door;
    this.#post({ type: 'IdentifierReleased', publishId, connection, clientId, packetId });
  }

  #identifier({ clientId = '' }: Door, packetId: number): Identifier | undefined {
    return this.#identifiers.get(clientId)?.get(packetId);
  }

  #begin({ clientId = '' }: Door, packetId: number, state: Identifier['state']): Identifier {
    const identifier: Identifier = { state, waiting: [] };
    const session = this.#identifiers.get(clientId) ?? new Map<number, Identifier>();
    this.#identifiers.set(clientId, session);
    session.set(packetId, identifier);
    return identifier;
  }

  #settle(
    { clientId = '' }: Door,
    packetId: number,
    identifier: Identifier,
    state: 'stored' | undefined,
  ): void {
    const session = this.#identifiers.get(clientId);
    if (state !== undefined) identifier.state = state;
    else if (session?.get(packetId) === identifier) session.delete(packetId);
    for (const waiter of identifier.waiting.splice(0)) waiter();
  }

  #await(pending: Pending): number {
    const publishId = this.#nextId();
    this.#pending.set(publishId, pending);
    return publishId;
  }

  #take(publishId: number): Pending | undefined {
    const pending = this.#pending.get(publishId);
    this.#pending.delete(publishId);
    return pending;
  }

  #regulate(door: Door): void {
    door.end.hold(this.#held === 'all' || (this.#held === 'acknowledged' && door.promises));
  }

  #close(door: Door): void {
    door.end.close();
    this.#closed(door);
  }

  /** Once: the core hears of it before anything that comes after. */
  #closed(door: Door): void {
    if (door.isDead) return;
    door.isDead = true;
    const { connection, clientId } = door;
    this.#doors.delete(connection);
    if (clientId !== undefined) {
      if (this.#byClientId.get(clientId) === door) {
        this.#byClientId.delete(clientId);
        if (door.clean) this.#identifiers.delete(clientId);
      }
      this.#post({ type: 'ConnectionClosed', connection });
    }
    for (const [publishId, pending] of [...this.#pending]) {
      if (pending.door !== door) continue;
      this.#pending.delete(publishId);
      pending.abandon();
    }
  }
}

function publishOf(publishId: number, door: Door, packet: PublishPacket): Publish {
  const { connection, clientId = '' } = door;
  const { mqttTopic, text, qos, packetId } = packet;
  const payload = utf8Encode(text);
  return { publishId, connection, clientId, mqttTopic, payload, qos, retain: false, packetId };
}
