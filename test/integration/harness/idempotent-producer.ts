import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { Producer } from 'kafkajs';

export interface IdempotentProducerOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Prefix of the values: `<name>-0`, `<name>-1`, ... */
  readonly name: string;
  readonly recordsPerSend: number;
}

/**
 * A Kafka producer that is not ours (KafkaJS, idempotent) under load until `finish`, one request
 * after the other. It repeats by itself what a crash of the node left unanswered, under the same
 * sequence; each record is to be in the log once.
 */
export class IdempotentProducer {
  readonly acked = new Set<string>();
  readonly #options: IdempotentProducerOptions;
  readonly #producer: Producer;
  readonly #sending: Promise<unknown>;
  #isFinishing = false;
  #failure: Error | undefined;

  constructor(options: IdempotentProducerOptions) {
    this.#options = options;
    const kafka = new Kafka({
      ...{ clientId: options.name, brokers: [options.bootstrap], logLevel: logLevel.NOTHING },
      ...{ connectionTimeout: 2_000, requestTimeout: 5_000 },
      // A send that gives up would leave its sequence to another record.
      retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 10_000 },
    });
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    this.#sending = this.#send().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** Begins no further request and waits for the last; an error if a record was given up. */
  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    const ended = await Promise.race([this.#sending.then(() => true), delay(msMax, false)]);
    return ended ? this.#failure : new Error(`the Kafka producer had no answer for ${msMax} ms`);
  }

  /** Gives up at once. */
  async abandon(): Promise<void> {
    this.#isFinishing = true;
    await this.#producer.disconnect();
  }

  async #send(): Promise<void> {
    const { topic, name, recordsPerSend } = this.#options;
    await this.#producer.connect();
    for (let first = 0; !this.#isFinishing; first += recordsPerSend) {
      const values = Array.from({ length: recordsPerSend }, (_, i) => `${name}-${first + i}`);
      const messages = values.map((value) => ({ value }));
      await this.#producer.send({ topic, messages, acks: -1 });
      for (const value of values) this.acked.add(value);
    }
    await this.#producer.disconnect();
  }
}
