import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Client } from 'aedes';
import { monotonicMs, type ConnectionId, type MonotonicMs } from '../src/base/brand.ts';
import { ArrivalWindow } from '../src/base/arrival-window.ts';
import { AssertionError } from '../src/base/assert.ts';
import { limits } from '../src/base/limits.ts';
import { Ring } from '../src/base/ring.ts';
import type { HeldPublishers } from '../src/core/effect.ts';
import { MqttAckOrder } from './mqtt-ack-order.ts';
import type { MqttByteLane } from './mqtt-byte-lane.ts';
import type { CrowdMember, MqttCrowd } from './mqtt-crowd.ts';
import { unacceptableLevel } from './mqtt-connect-fault.ts';
import { MqttDeliveries } from './mqtt-deliveries.ts';
import { filterFault, type FilterPacket } from './mqtt-filter-fault.ts';
import { MqttFramer } from './mqtt-framer.ts';
import type { AckTurn } from './mqtt-ack-order.ts';
import type { Unanswered } from './mqtt-unanswered.ts';

/** What we touch of an aedes client that its types leave out; resume() calls `_nextBatch` too. */
interface ClientInternals {
  _nextBatch(error?: unknown): void;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
  /** Packets of the bytes it was given that are not done. */
  readonly _parsingBatch: number;
  readonly _parser: EventEmitter & { parse(bytes: Buffer): number };
  readonly subscriptions: Readonly<Record<string, unknown>>;
}

const connackUnacceptableLevel = Buffer.from([0x20, 2, 0, 1]);

export interface MqttConnectionOptions {
  readonly id: ConnectionId;
  readonly socket: Socket;
  readonly packetBytesMax: number;
  /** What all connections hold together. */
  readonly crowd: MqttCrowd;
  readonly onBreach: (connection: MqttConnection, reason: string) => void;
}

/**
 * One MQTT connection: its socket with the framer in front of aedes' reads, and the order of its
 * acknowledgements. After `cut` aedes gets no further byte of it.
 */
export class MqttConnection implements CrowdMember {
  readonly id: ConnectionId;
  readonly socket: Socket;
  readonly order = new MqttAckOrder();
  /** What the core has not answered yet, in the order of its events. */
  readonly pending = new Ring<Unanswered>();
  readonly #framer: MqttFramer;
  readonly #window = new ArrivalWindow();
  readonly #crowd: MqttCrowd;
  #partialBytes = 0;
  readonly #onBreach: (connection: MqttConnection, reason: string) => void;
  readonly #readSocket: () => Buffer | null;
  /** The short way of publishes, once CONNACK is on its way. */
  lane: MqttByteLane | undefined;
  #left: Buffer | undefined;
  /** What is left is the beginning of a publish: the client has to send the rest. */
  #isLeftCut = false;
  #heldBytes = 0;
  client: Client | undefined;
  /** CONNECT has named the client and the front end has taken it in. */
  clientId: string | undefined;
  /** CONNECT has an empty client identifier where it may not. */
  lacksClientId = false;
  /** No event may come from this connection any more; ConnectionClosed is posted. */
  dead = false;
  /** Turns of QoS 2 publishes that are on their way to the subscribers, by packet object. */
  readonly delivering = new Map<object, AckTurn>();
  #subscriptionsSeen = 0;
  /** The node goes, not its client: no will. */
  isSentAway = false;
  #isHeldForGood = false;

  constructor({ id, socket, packetBytesMax, crowd, onBreach }: MqttConnectionOptions) {
    this.id = id;
    this.socket = socket;
    this.#framer = new MqttFramer(packetBytesMax);
    this.#crowd = crowd;
    this.#onBreach = onBreach;
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    this.#readSocket = () => read();
    // `read(0)` is the stream's own way to ask for more bytes: what it gave would be thrown away.
    socket.read = (size?: number | null): Buffer | null => (size === 0 ? read(0) : this.#read());
  }

  /**
   * aedes has made its client: no exception of its handlers may pass the connection
   * (GHSA-xxqp-5qx8-gj5q).
   */
  attach(client: Client): void {
    this.client = client;
    new MqttDeliveries(this, this.#crowd).intercept(client);
    const internals = client as unknown as ClientInternals;
    const nextBatch = internals._nextBatch;
    const guarded = (error?: unknown): void => this.guard(() => nextBatch(error));
    internals._nextBatch = guarded;
    this.socket.removeAllListeners('readable');
    this.socket.on('readable', () => guarded());
    this.#lookAtFilters(internals._parser);
  }

  #lookAtFilters(parser: EventEmitter): void {
    const listeners = parser.listeners('packet') as ((packet: FilterPacket) => void)[];
    parser.removeAllListeners('packet');
    parser.on('packet', (packet: FilterPacket) => {
      const fault = filterFault(packet);
      if (fault !== undefined) return this.breach(fault);
      for (const listener of listeners) listener.call(parser, packet);
    });
  }

  /**
   * Runs a piece of aedes; what it throws costs this connection only. Our own bugs still stop the
   * process.
   */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Lets go on what the core has answered. */
  proceed(answered: Unanswered): void {
    try {
      answered.proceed();
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Begins a delivery in an immediate of its own. aedes numbers a publish when it gets it, waits
   * for some promises, and drops what comes to a subscriber below the last number: the promises of
   * one have to be through before the next begins.
   */
  deliverInTurn(run: () => void): void {
    setImmediate(() => this.guard(run));
  }

  /** CONNACK is on its way: what the client sent behind CONNECT may pass now. */
  open(lane: MqttByteLane): void {
    this.lane = lane;
    this.#framer.connecting = false;
  }

  /** Bytes that waited for the lane cause no event of their own. */
  readOn(): void {
    if (this.dead || this.#internals._parsingBatch > 0) return;
    this.guard(() => void this.#read());
  }

  hold(held: HeldPublishers): void {
    if (this.#framer.held === held || this.#isHeldForGood) return;
    this.#framer.held = held;
    // Bytes that waited cause no event of their own.
    if (held !== 'all' && !this.dead) this.socket.emit('readable');
  }

  /** No further publish of it is read; what was read is answered as ever. */
  holdForGood(): void {
    this.hold('all');
    this.#isHeldForGood = true;
  }

  get isSubscriber(): boolean {
    return this.client !== undefined && Object.keys(this.#internals.subscriptions).length > 0;
  }

  /**
   * Counts a SUBSCRIBE's filter; a session may not hold more than mqttSubscriptionsPerSessionMax.
   */
  maySubscribe(): boolean {
    const max = limits.mqttSubscriptionsPerSessionMax;
    if (++this.#subscriptionsSeen <= max) return true;
    // Many may have been the same again.
    this.#subscriptionsSeen = Object.keys(this.#internals.subscriptions).length + 1;
    return this.#subscriptionsSeen <= max;
  }

  /** Closes it for what its peer did. */
  breach(reason: string): void {
    this.#onBreach(this, reason);
  }

  /** Bytes that the socket has not got rid of. */
  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  /** Bytes of a packet that has not arrived whole. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** What waits until it may go on, and what its socket has read behind that. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Looked after from time to time. While we do not read it, because its publishes wait for the
   * disk or all publishers are held, neither its keep-alive runs out nor its packet is late.
   * @returns whether a packet of it arrives too slowly.
   */
  isOverdue(now: MonotonicMs): boolean {
    const waits = this.#left !== undefined && !this.#isLeftCut;
    const isHeld = this.#framer.held !== 'none';
    const isOurs = this.pending.length > 0 || waits || isHeld;
    if (!isOurs) return this.#window.isOverdue(now);
    this.#internals._keepaliveTimer?.refresh();
    if (this.#window.isOpen) this.#window.restart(now);
    return false;
  }

  /** Nothing more is read from it; the socket is destroyed. */
  cut(): void {
    this.#tellPartial(0);
    this.#tellHeld(0);
    this.dead = true;
    this.#left = undefined;
    this.order.clear();
    this.delivering.clear();
    this.socket.destroy();
  }

  get #internals(): ClientInternals {
    return this.client as unknown as ClientInternals;
  }

  #failed(error: unknown): void {
    if (error instanceof AssertionError) throw error;
    this.#onBreach(this, `the MQTT engine failed: ${String(error)}`);
  }

  #read(): Buffer | null {
    if (this.dead || this.lane?.isFull === true) return null;
    const chunk = this.#nextChunk();
    if (chunk === null) return null;
    if (this.lane !== undefined) return this.#split(this.lane, chunk);
    const passed = this.#framer.pass(chunk);
    this.#tellPartial(this.#framer.heldBytes);
    if (this.#isBroken()) return null;
    if (passed === chunk.length) return chunk;
    this.#left = chunk.subarray(passed);
    this.#isLeftCut = false;
    this.#tellHeld(this.#left.length + this.socket.readableLength);
    return passed === 0 ? null : chunk.subarray(0, passed);
  }

  #tellPartial(bytes: number): void {
    if (bytes === this.#partialBytes) return;
    const more = bytes - this.#partialBytes;
    this.#partialBytes = bytes;
    this.#window.arrived(bytes, monotonicMs(performance.now()));
    this.#crowd.partialChanged(more);
  }

  #tellHeld(bytes: number): void {
    if (bytes === this.#heldBytes) return;
    const more = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    this.#crowd.heldChanged(more);
  }

  /**
   * Publishes go the short way, the packets between them to aedes' parser, all in the order in
   * which they came; so there is never anything left for aedes to read.
   */
  #split(lane: MqttByteLane, chunk: Buffer): null {
    let at = 0;
    while (at < chunk.length && !this.dead && !this.socket.destroyed) {
      if (this.#framer.isAtBoundary && !this.#framer.stopsAt(chunk[at] as number)) {
        const taken = lane.take(chunk, at, this.#framer);
        if (taken > at) this.#tellPartial(0); // another packet is its own arrival
        at = taken;
        if (at === chunk.length) break;
        if (lane.needsMore) return this.#leave(chunk, at, true);
      }
      const passed = this.#framer.passOne(chunk, at);
      if (this.#isBroken()) return null;
      if (passed === at) return this.#leave(chunk, at, false);
      this.#internals._parser.parse(chunk.subarray(at, passed));
      at = passed;
    }
    this.#tellPartial(this.#framer.heldBytes);
    return null;
  }

  #leave(chunk: Buffer, at: number, isCut: boolean): null {
    const left = chunk.subarray(at);
    // A view keeps all of the chunk in memory, which is not counted.
    this.#left = left.length * 2 < chunk.length ? Buffer.from(left) : left;
    this.#isLeftCut = isCut;
    this.#tellPartial(isCut ? left.length : 0);
    if (!isCut) this.#tellHeld(left.length + this.socket.readableLength);
    return null;
  }

  #isBroken(): boolean {
    const { breach } = this.#framer;
    if (breach === unacceptableLevel) this.socket.write(connackUnacceptableLevel);
    if (breach !== undefined) this.#onBreach(this, breach);
    // Or one of the greediest, where all of them together held too much.
    return this.dead;
  }

  /**
   * While the bytes left over still have to wait, the socket is not read either: its sender feels
   * it.
   */
  #nextChunk(): Buffer | null {
    const left = this.#left;
    if (left === undefined) return this.#readSocket();
    if (this.#framer.stopsAt(left[0] as number)) return null;
    this.#left = undefined;
    this.#tellHeld(0);
    const more = this.#readSocket();
    return more === null ? left : Buffer.concat([left, more]);
  }
}
