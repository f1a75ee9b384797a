import { connectionId, logId, monotonicMs } from '../../../../src/base/brand.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import { KafkaRouter } from '../../../../src/core/kafka/router.ts';
import type { ApiCodec } from '../../../../src/wire/kafka/codec.ts';
import { FrameSplitter } from '../../../../src/wire/kafka/frame.ts';
import {
  correlationIdOf,
  decodeResponse,
  encodeRequest,
} from '../../../../src/wire/kafka/header.ts';
import { FakeBrokerView } from '../../../fakes/fake-broker-view.ts';

/** A router over a fake broker with one connection, and what came out of it. */
export class RouterBench {
  readonly view = new FakeBrokerView();
  readonly effects: Effect[] = [];
  readonly connection = connectionId(7);
  readonly router: KafkaRouter;
  nowMs = 1_000;
  #correlationId = 0;

  constructor(autoCreateTopics = false) {
    this.router = new KafkaRouter(this.view, (effect) => this.effects.push(effect), {
      requestBytesMax: 100_000,
      batchBytesMax: 10_000,
      autoCreateTopics,
    });
    this.router.opened(this.connection, monotonicMs(this.nowMs));
  }

  /** Sends a request and returns its correlation id. */
  ask<Request, Response>(
    codec: ApiCodec<Request, Response>,
    version: number,
    body: Request,
  ): number {
    const correlationId = ++this.#correlationId;
    const identity = { correlationId, clientId: 'test' };
    this.receive(encodeRequest(codec, version, identity, body));
    return correlationId;
  }

  receive(chunk: Uint8Array): void {
    this.router.received(this.connection, chunk, monotonicMs(this.nowMs));
  }

  tickAt(nowMs: number): void {
    this.nowMs = nowMs;
    this.router.tick(monotonicMs(nowMs));
  }

  move(log: number): void {
    this.router.highWatermarkMoved(logId(log), monotonicMs(this.nowMs));
  }

  /** All frames that were sent, in order. */
  frames(): readonly Uint8Array[] {
    return this.effects
      .flatMap((effect) => (effect.type === 'SendBytes' ? effect.chunks : []))
      .flatMap((chunk) => {
        const split = new FrameSplitter(10_000_000).push(chunk);
        return split.ok ? split.value : [];
      });
  }

  answered(): readonly (number | undefined)[] {
    return this.frames().map(correlationIdOf);
  }

  /** The answer to the newest request; fails the test if there is none. */
  answer<Request, Response>(codec: ApiCodec<Request, Response>, version: number): Response {
    const frame = this.frames().find((each) => correlationIdOf(each) === this.#correlationId);
    if (frame === undefined) throw new Error('no answer');
    const decoded = decodeResponse(codec, version, frame);
    if (!decoded.ok) throw new Error(decoded.error);
    return decoded.value;
  }

  /** Asks a question that is answered at once. */
  call<Request, Response>(
    codec: ApiCodec<Request, Response>,
    version: number,
    body: Request,
  ): Response {
    this.ask(codec, version, body);
    return this.answer(codec, version);
  }

  typesOf(): readonly string[] {
    return this.effects.map(({ type }) => type);
  }
}
