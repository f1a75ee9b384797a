import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import { decodeRequest, encodeResponse } from '../../wire/kafka/header.ts';
import type { ByteRoom } from '../../base/byte-room.ts';
import type { BrokerView } from './broker-view.ts';
import type { Deadlines } from './deadlines.ts';
import type { FetchWaits } from './fetch-wait.ts';

/** What every handler works with. */
export interface HandlerContext {
  readonly view: BrokerView;
  readonly batchBytesMax: number;
  readonly autoCreateTopics: boolean;
  readonly deadlines: Deadlines;
  readonly waits: FetchWaits;
  /** What all connections' answers may take in memory. */
  readonly answerRoom: ByteRoom;
  /** The time of this turn. */
  readonly now: () => MonotonicMs;
}

/**
 * One request of one connection, still as bytes, and its place in the order of answers. Settled
 * exactly once.
 */
export interface Exchange {
  readonly version: number;
  readonly correlationId: number;
  readonly connection: ConnectionId;
  readonly frame: Uint8Array;
  /** `frame`: a whole response; undefined: nothing is sent (acks = 0). */
  readonly settle: (frame: Uint8Array | undefined) => void;
  /** The connection closes; nothing more is answered on it. */
  readonly close: (reason: string) => void;
  /** Nobody waits for the answer any more. */
  readonly isAbandoned: boolean;
  /** Called once if the connection closes before the answer. */
  readonly onAbandoned: (release: () => void) => void;
}

/** Answers one API key. */
export type Handler = (exchange: Exchange, context: HandlerContext) => void;

/** An exchange whose answer is typed. */
export interface TypedExchange<Response> {
  readonly version: number;
  readonly exchange: Exchange;
  readonly reply: (response: Response) => void;
}

/**
 * A handler from a codec and what to do with a decoded request. A malformed one closes the
 * connection.
 */
export function handlerOf<Request, Response>(
  codec: ApiCodec<Request, Response>,
  handle: (request: Request, typed: TypedExchange<Response>, context: HandlerContext) => void,
): Handler {
  return (exchange, context) => {
    const { version, correlationId, frame } = exchange;
    const request = decodeRequest(codec, version, frame);
    if (!request.ok) return exchange.close(`malformed ${codec.name} request`);
    const reply = (response: Response): void =>
      exchange.settle(encodeResponse(codec, version, correlationId, response));
    return handle(request.value.body, { version, exchange, reply }, context);
  };
}
