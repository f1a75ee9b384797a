import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ApiCodec } from '../../../src/wire/kafka/codec.ts';
import { produceCodec } from '../../../src/wire/kafka/generated/00-produce.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { decodeResponse, encodeRequest } from '../../../src/wire/kafka/header.ts';
import { FrameSplitter } from './frame-splitter.ts';

const answerMsMax = 10_000;

/** A Kafka connection that sends what it is told, right or wrong. */
export class KafkaRawClient {
  readonly socket: Socket;
  readonly #answers: Buffer[] = [];
  readonly #ended: Promise<void>;
  #isClosed = false;
  #wake: () => void = () => {};
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new FrameSplitter((frame) => this.#answers.push(Buffer.from(frame)));
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
      this.#wake();
    });
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      }),
    );
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<KafkaRawClient> {
    const client = new KafkaRawClient(connect(port, host));
    try {
      await once(client.socket, 'connect', { signal: AbortSignal.timeout(answerMsMax) });
      return client;
    } catch (error) {
      // Given up while a link was cut it could still fail later, with nobody there to hear it.
      client.destroy();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Settles when the connection is gone. */
  closed(): Promise<void> {
    return this.#ended;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next answer frame with its size. Rejects when the connection closes first. */
  async answer(): Promise<Buffer> {
    const deadline = Date.now() + answerMsMax;
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#isClosed) throw new Error('the node closed the connection');
      if (Date.now() >= deadline) throw new Error(`no answer in ${answerMsMax} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** One request and its answer. */
  async ask<Request, Response>(
    codec: ApiCodec<Request, Response>,
    version: number,
    body: Request,
  ): Promise<Response> {
    this.#correlationId += 1;
    const identity = { correlationId: this.#correlationId, clientId: 'raw' };
    this.send(encodeRequest(codec, version, identity, body));
    const frame = await this.answer();
    const decoded = decodeResponse(codec, version, frame.subarray(4));
    if (!decoded.ok) throw new Error('the answer is malformed');
    return decoded.value;
  }

  /** Produces bytes as they are, acks -1; the answer's error code and base offset. */
  async produce(
    topic: string,
    records: Uint8Array | null,
    index = 0,
  ): Promise<{ readonly errorCode: number; readonly baseOffset: number }> {
    const { responses } = await this.ask(produceCodec, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    const partition = responses[0]?.partitionResponses[0];
    if (partition === undefined) throw new Error('the answer names no partition');
    return { errorCode: partition.errorCode, baseOffset: partition.baseOffset };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** One whole batch of values, without a producer id. */
export const batchOf = (...values: readonly (string | Buffer)[]): Uint8Array => {
  const builder = new RecordBatchBuilder();
  for (const value of values) {
    builder.append(Date.now(), undefined, Buffer.from(value), noRecordHeaders);
  }
  return builder.finish();
};
