import type { ConnectionId, LogId, MonotonicMs } from '../../base/brand.ts';
import { monotonicMs } from '../../base/brand.ts';
import { ByteRoom } from '../../base/byte-room.ts';
import { limits } from '../../base/limits.ts';
import { apiKeys, servedApis, type ServedApi } from '../../wire/kafka/api-keys.ts';
import type { RequestStart } from '../../wire/kafka/header.ts';
import { readRequestStart } from '../../wire/kafka/header.ts';
import type { Effect } from '../effect.ts';
import type { BrokerView } from './broker-view.ts';
import { Deadlines } from './deadlines.ts';
import { FetchWaits } from './fetch-wait.ts';
import type { Exchange, Handler, HandlerContext } from './handler.ts';
import { handlerTable } from './handler-table.ts';
import { refuseApiVersions } from './handlers/18-api-versions.ts';
import { KafkaConnection, type ConnectionRules, type WaitingFrame } from './kafka-connection.ts';
import { RoomJam } from './room-jam.ts';

/** What is answered on a port, by whom, and how its connections behave. */
export interface RouterSurface {
  readonly apis: readonly ServedApi[];
  readonly handlers: ReadonlyMap<number, Handler>;
  readonly rules: ConnectionRules;
  /** Told of a request that is not served, also where only its version is not. */
  readonly unserved?: (connection: ConnectionId, apiKey: number) => void;
}

const clientSurface: RouterSurface = {
  apis: servedApis,
  handlers: handlerTable,
  rules: {
    inFlightMax: limits.kafkaInFlightPerConnectionMax,
    isFetchAlone: true,
    isOrdered: true,
  },
};

export interface KafkaRouterOptions {
  /** A larger frame closes the connection. */
  readonly requestBytesMax: number;
  /** A larger batch in a Produce is answered with RECORD_TOO_LARGE. */
  readonly batchBytesMax: number;
  /** Metadata makes the topics that it is asked for. */
  readonly autoCreateTopics: boolean;
  /** Left out: that of Kafka clients. */
  readonly surface?: RouterSurface;
}

/** Connections that the router closed, by reason, and what all of them hold. */
export interface KafkaCounters {
  /** Too slow, silent, or idle for too long. */
  readonly closedOverdue: number;
  /** The greediest, when the memory of all connections was jammed. */
  readonly closedForMemory: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/**
 * The Kafka surface of a node: bytes of connections in, answers as effects out. Every entry is told
 * the time; what BrokerView answers later is timed by the latest of them, so the node calls one in
 * every turn that it can.
 */
export class KafkaRouter {
  readonly #emit: (effect: Effect) => void;
  readonly #options: KafkaRouterOptions;
  readonly #surface: RouterSurface;
  readonly #connections = new Map<ConnectionId, KafkaConnection>();
  readonly #deadlines = new Deadlines();
  readonly #waits = new FetchWaits();
  readonly #context: HandlerContext;
  readonly #requestRoom = new ByteRoom(limits.kafkaRequestRoomBytes);
  readonly #answerRoom = new ByteRoom(limits.kafkaAnswerRoomBytes);
  readonly #requestJam = new RoomJam(this.#requestRoom);
  readonly #answerJam = new RoomJam(this.#answerRoom);
  #now: MonotonicMs = monotonicMs(0);
  #sweptAt: MonotonicMs = monotonicMs(0);
  #closedOverdue = 0;
  #closedForMemory = 0;

  constructor(view: BrokerView, emit: (effect: Effect) => void, options: KafkaRouterOptions) {
    this.#emit = emit;
    this.#options = options;
    this.#surface = options.surface ?? clientSurface;
    this.#context = {
      view,
      batchBytesMax: options.batchBytesMax,
      autoCreateTopics: options.autoCreateTopics,
      deadlines: this.#deadlines,
      waits: this.#waits,
      answerRoom: this.#answerRoom,
      now: () => this.#now,
    };
  }

  get counters(): KafkaCounters {
    return {
      closedOverdue: this.#closedOverdue,
      closedForMemory: this.#closedForMemory,
      requestBytes: this.#requestRoom.usedBytes,
      answerBytes: this.#answerRoom.usedBytes,
    };
  }

  opened(id: ConnectionId, now: MonotonicMs): void {
    this.#now = now;
    const connection = new KafkaConnection({
      id,
      rules: this.#surface.rules,
      requestBytesMax: this.#options.requestBytesMax,
      requestRoom: this.#requestRoom,
      answerRoom: this.#answerRoom,
      emit: this.#emit,
      work: (woken) => this.#work(woken),
      now,
    });
    this.#connections.set(id, connection);
  }

  /** The chunk is the router's from here on: batches in it go to the log without a copy. */
  received(id: ConnectionId, chunk: Uint8Array, now: MonotonicMs): void {
    this.#now = now;
    const connection = this.#connections.get(id);
    // Bytes that were on their way when we ordered the connection closed.
    if (connection === undefined || connection.isClosed) return;
    const taken = connection.take(chunk, now);
    if (taken.ok) this.#work(connection);
    else connection.close(`request frame ${taken.error}`);
  }

  /** The socket got rid of so many bytes of answers. */
  sent(id: ConnectionId, bytes: number, now: MonotonicMs): void {
    this.#now = now;
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.isClosed) return;
    connection.sent(bytes, now);
    this.#work(connection);
  }

  closed(id: ConnectionId): void {
    this.#connections.get(id)?.abandon();
    this.#connections.delete(id);
  }

  highWatermarkMoved(logId: LogId, now: MonotonicMs): void {
    this.#now = now;
    this.#waits.wake(logId);
  }

  nextDeadline(): MonotonicMs | undefined {
    return this.#deadlines.next();
  }

  tick(now: MonotonicMs): void {
    this.#now = now;
    this.#deadlines.expire(now);
    if (now - this.#sweptAt >= limits.connectionSweepMs) this.#sweep();
  }

  /**
   * Begins with every request that there is room for. A loop: an answer at once makes room for the
   * next.
   */
  #work(connection: KafkaConnection): void {
    if (connection.isWorking) return;
    connection.isWorking = true;
    for (let next = connection.nextFrame(); next; next = connection.nextFrame()) {
      this.#begin(connection, next);
    }
    connection.isWorking = false;
    connection.regulate(this.#now);
  }

  #begin(connection: KafkaConnection, next: WaitingFrame): void {
    const start = readRequestStart(next.frame);
    if (!start.ok) return connection.refuse(next, 'request frame without a header');
    const exchange = connection.begin(start.value, next, () => this.#work(connection));
    this.#dispatch(start.value, exchange);
  }

  #dispatch({ apiKey, apiVersion }: RequestStart, exchange: Exchange): void {
    const served = this.#surface.apis.find((api) => api.apiKey === apiKey);
    const isServed =
      served !== undefined && apiVersion >= served.versionMin && apiVersion <= served.versionMax;
    const handler = isServed ? this.#surface.handlers.get(apiKey) : undefined;
    if (handler !== undefined) return handler(exchange, this.#context);
    this.#surface.unserved?.(exchange.connection, apiKey);
    if (apiKey === apiKeys.apiVersions) return refuseApiVersions(exchange);
    return exchange.close(`API key ${apiKey} version ${apiVersion} is not served`);
  }

  /** Looks after all connections. */
  #sweep(): void {
    this.#sweptAt = this.#now;
    for (const connection of this.#connections.values()) {
      const reason = connection.overdue(this.#now);
      if (reason === undefined) continue;
      this.#closedOverdue++;
      connection.close(reason);
    }
    if (this.#requestJam.isJammed(this.#now)) this.#shed(({ arrivingBytes }) => arrivingBytes);
    if (this.#answerJam.isJammed(this.#now)) this.#shed(({ answerBytes }) => answerBytes);
  }

  /** Everybody waits for memory: the one who holds most of it goes, the newest of equals. */
  #shed(held: (connection: KafkaConnection) => number): void {
    let greediest: KafkaConnection | undefined;
    for (const connection of this.#connections.values()) {
      if (connection.isClosed || held(connection) === 0) continue;
      if (greediest === undefined || held(connection) >= held(greediest)) greediest = connection;
    }
    if (greediest === undefined) return;
    this.#closedForMemory++;
    greediest.close('the memory of all connections is taken', true);
  }
}
