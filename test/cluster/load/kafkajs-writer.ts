import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { Producer } from 'kafkajs';
import type { WriterHistory } from '../history/client-history.ts';
import { payloadOf } from '../history/identity.ts';
import type { LoadWriter } from './load-writer.ts';

export interface KafkaJsOptions {
  readonly history: WriterHistory;
  /** host:port of several nodes. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly recordsPerSend: number;
  readonly payloadBytes: number;
  readonly pauseMs: number;
}

/**
 * KafkaJS, idempotent, acks=all, one request after the other. It repeats by itself what was not
 * answered, under the same sequence, and finds the new leader; its answers say offsets.
 */
export class KafkaJsWriter implements LoadWriter {
  readonly name: string;
  readonly complaints: string[] = [];
  readonly #options: KafkaJsOptions;
  readonly #producer: Producer;
  readonly #run: Promise<Error | undefined>;
  #nextSequence = 0;
  #isFinishing = false;

  constructor(options: KafkaJsOptions) {
    this.#options = options;
    this.name = `w${options.history.id}`;
    const kafka = new Kafka({
      ...{ clientId: this.name, brokers: [...options.brokers], logLevel: logLevel.NOTHING },
      ...{ connectionTimeout: 1_000, requestTimeout: 5_000 },
      // A send that gives up would leave its sequence to another record.
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 10_000 },
    });
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    this.#run = this.#send().then(
      () => undefined,
      (error: unknown) => new Error(`${this.name}: ${String(error)}`),
    );
  }

  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    const late = new Error(`${this.name}: KafkaJS had no answer for ${msMax} ms`);
    const error = await Promise.race([this.#run, delay(msMax, late)]);
    if (error !== undefined) await this.abandon();
    return error;
  }

  async abandon(): Promise<void> {
    this.#isFinishing = true;
    await this.#producer.disconnect();
  }

  async #send(): Promise<void> {
    const { history, topic, partitions, recordsPerSend, payloadBytes, pauseMs } = this.#options;
    await this.#producer.connect();
    for (let sends = 0; !this.#isFinishing; sends++) {
      const first = this.#nextSequence;
      this.#nextSequence += recordsPerSend;
      const partition = (history.id + sends) % partitions;
      const messages = Array.from({ length: recordsPerSend }, (_, index) => {
        const identity = { writer: history.id, sequence: first + index, attempt: 0 };
        history.sent(identity.sequence, performance.now());
        return { partition, value: payloadOf(identity, payloadBytes) };
      });
      const [answer] = await this.#producer.send({ topic, messages, acks: -1 });
      const baseOffset = Number(answer?.baseOffset ?? -1);
      const atMs = performance.now();
      for (let index = 0; index < recordsPerSend; index++) {
        const place = { partition, offset: baseOffset + index };
        history.acknowledged(first + index, atMs, -1, place);
      }
      await delay(pauseMs);
    }
    await this.#producer.disconnect();
  }
}
