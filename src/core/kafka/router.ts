import type { ConnectionId, LogId, MonotonicMs } from '../../base/brand.ts';
import { monotonicMs } from '../../base/brand.ts';
import { apiKeys, servedApis } from '../../wire/kafka/api-keys.ts';
import type { RequestStart } from '../../wire/kafka/header.ts';
import { readRequestStart } from '../../wire/kafka/header.ts';
import type { Effect } from '../effect.ts';
import type { BrokerView } from './broker-view.ts';
import { Deadlines } from './deadlines.ts';
import { FetchWaits } from './fetch-wait.ts';
import type { Exchange, HandlerContext } from './handler.ts';
import { handlerTable } from './handler-table.ts';
import { refuseApiVersions } from './handlers/18-api-versions.ts';
import { KafkaConnection } from './kafka-connection.ts';

export interface KafkaRouterOptions {
  /** A larger frame closes the connection. */
  readonly requestBytesMax: number;
  /** A larger batch in a Produce is answered with RECORD_TOO_LARGE. */
  readonly batchBytesMax: number;
  /** Metadata makes the topics that it is asked for. */
  readonly autoCreateTopics: boolean;
}

/**
 * The Kafka surface of a node: bytes of connections in, answers as effects out. Every entry is told
 * the time; what BrokerView answers later is timed by the latest of them, so the node calls one in
 * every turn that it can.
 */
export class KafkaRouter {
  readonly #emit: (effect: Effect) => void;
  readonly #options: KafkaRouterOptions;
  readonly #connections = new Map<ConnectionId, KafkaConnection>();
  readonly #deadlines = new Deadlines();
  readonly #waits = new FetchWaits();
  readonly #context: HandlerContext;
  #now: MonotonicMs = monotonicMs(0);

  constructor(view: BrokerView, emit: (effect: Effect) => void, options: KafkaRouterOptions) {
    this.#emit = emit;
    this.#options = options;
    this.#context = {
      view,
      batchBytesMax: options.batchBytesMax,
      autoCreateTopics: options.autoCreateTopics,
      deadlines: this.#deadlines,
      waits: this.#waits,
      now: () => this.#now,
    };
  }

  opened(id: ConnectionId): void {
    const { requestBytesMax } = this.#options;
    this.#connections.set(id, new KafkaConnection(id, requestBytesMax, this.#emit));
  }

  /** The chunk is the router's from here on: batches in it go to the log without a copy. */
  received(id: ConnectionId, chunk: Uint8Array, now: MonotonicMs): void {
    this.#now = now;
    const connection = this.#connections.get(id);
    // Bytes that were on their way when we ordered the connection closed.
    if (connection === undefined || connection.isClosed) return;
    const taken = connection.take(chunk);
    if (taken.ok) this.#work(connection);
    else connection.close(`request frame ${taken.error}`);
  }

  /** The socket got rid of so many bytes of answers. */
  sent(id: ConnectionId, bytes: number, now: MonotonicMs): void {
    this.#now = now;
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.isClosed) return;
    connection.sent(bytes);
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
  }

  /**
   * Begins with every request that there is room for. A loop: an answer at once makes room for the
   * next.
   */
  #work(connection: KafkaConnection): void {
    if (connection.isWorking) return;
    connection.isWorking = true;
    for (let frame = connection.nextFrame(); frame; frame = connection.nextFrame()) {
      this.#begin(connection, frame);
    }
    connection.isWorking = false;
    connection.regulate();
  }

  #begin(connection: KafkaConnection, frame: Uint8Array): void {
    const start = readRequestStart(frame);
    if (!start.ok) return connection.close('request frame without a header');
    const exchange = connection.begin(start.value, frame, () => this.#work(connection));
    this.#dispatch(start.value, exchange);
  }

  #dispatch({ apiKey, apiVersion }: RequestStart, exchange: Exchange): void {
    const served = servedApis.find((api) => api.apiKey === apiKey);
    const isServed =
      served !== undefined && apiVersion >= served.versionMin && apiVersion <= served.versionMax;
    const handler = isServed ? handlerTable.get(apiKey) : undefined;
    if (handler !== undefined) handler(exchange, this.#context);
    else if (apiKey === apiKeys.apiVersions) refuseApiVersions(exchange);
    else exchange.close(`API key ${apiKey} version ${apiVersion} is not served`);
  }
}
