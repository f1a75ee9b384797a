import { initProducerIdCodec } from '../../src/wire/kafka/generated/22-init-producer-id.ts';
import { noRecordHeaders } from '../../src/wire/kafka/record-headers.ts';
import { RecordBatchBuilder } from '../../src/wire/kafka/record-batch-builder.ts';
import { KafkaRawClient } from '../integration/harness/kafka-raw-client.ts';
import type { ProducerState, SequencedBatch } from './promised.ts';

interface Step {
  readonly mark: number;
  readonly state: ProducerState;
}

const recordsPerBatch = 5;

/**
 * An idempotent Kafka producer, one request at a time, whose every belief is kept with the mark at
 * which it came: a send with the mark before it, an answer with the mark after it.
 */
export class SequencedProducer {
  readonly #steps: Step[] = [];
  /** Base offset of each answered batch, and its values. */
  readonly #answers: {
    readonly mark: number;
    readonly values: readonly string[];
    readonly baseOffset: number;
  }[] = [];
  readonly #sent: string[] = [];
  readonly #mark: () => number;
  readonly #topic: string;
  readonly #name: string;
  #client: KafkaRawClient | undefined;

  constructor(topic: string, name: string, mark: () => number) {
    this.#topic = topic;
    this.#name = name;
    this.#mark = mark;
  }

  /** Until the node is gone. Rejects where it answers with an error. */
  async run(kafkaPort: number): Promise<void> {
    try {
      this.#client = await KafkaRawClient.connect(kafkaPort);
      let state = await initialised(this.#client, this.#name);
      this.#steps.push({ mark: this.#mark(), state });
      while (!this.#client.isClosed) state = await this.#sendOne(this.#client, state);
    } catch (error) {
      if (error instanceof RefusedError) throw error;
    }
  }

  destroy(): void {
    this.#client?.destroy();
  }

  stateAt(mark: number): ProducerState | undefined {
    return this.#steps.findLast((step) => step.mark <= mark)?.state;
  }

  /** Values with the offsets that were told for them. */
  answeredAt(mark: number): Map<string, number> {
    const offsets = new Map<string, number>();
    for (const answer of this.#answers) {
      if (answer.mark > mark) break;
      answer.values.forEach((value, index) => offsets.set(value, answer.baseOffset + index));
    }
    return offsets;
  }

  get sent(): readonly string[] {
    return this.#sent;
  }

  async #sendOne(client: KafkaRawClient, before: ProducerState): Promise<ProducerState> {
    const open = nextBatch(before);
    const sending: ProducerState = { ...before, open };
    this.#sent.push(...open.values);
    this.#steps.push({ mark: this.#mark(), state: sending });
    const baseOffset = await produced(client, this.#topic, open);
    const mark = this.#mark();
    this.#answers.push({ mark, values: open.values, baseOffset });
    const state = answered(sending, baseOffset);
    this.#steps.push({ mark, state });
    return state;
  }
}

/** The node's refusal of a batch that it had to take. */
export class RefusedError extends Error {}

const initialised = async (client: KafkaRawClient, name: string): Promise<ProducerState> => {
  const answer = await client.ask(initProducerIdCodec, 4, {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId: -1n,
    producerEpoch: -1,
  });
  if (answer.errorCode !== 0) throw new RefusedError(`InitProducerId: ${answer.errorCode}`);
  const { producerId, producerEpoch } = answer;
  return { producerId, producerEpoch, name, nextSequence: 0, answered: undefined, open: undefined };
};

const nextBatch = (state: ProducerState): SequencedBatch => {
  const { producerId, producerEpoch, name, nextSequence: baseSequence } = state;
  const values = Array.from({ length: recordsPerBatch }, (_, i) => `${name}-${baseSequence + i}`);
  const builder = new RecordBatchBuilder();
  for (const value of values) {
    builder.append(Date.now(), undefined, Buffer.from(value), noRecordHeaders);
  }
  return { values, bytes: builder.finish({ producerId, producerEpoch, baseSequence }) };
};

const produced = async (
  client: KafkaRawClient,
  topic: string,
  batch: SequencedBatch,
): Promise<number> => {
  const { errorCode, baseOffset } = await client.produce(topic, batch.bytes);
  if (errorCode !== 0) throw new RefusedError(`Produce of ${batch.values[0]}: ${errorCode}`);
  return baseOffset;
};

const answered = (state: ProducerState, baseOffset: number): ProducerState => {
  const { open: batch } = state;
  if (batch === undefined) return state;
  const nextSequence = state.nextSequence + batch.values.length;
  return { ...state, nextSequence, answered: { batch, baseOffset }, open: undefined };
};

/**
 * Goes on after a crash as a producer does: what is open is sent again, then something new. The
 * newest answered batch is repeated first: its answer may have been lost. Returns the values that
 * now must be there; rejects with RefusedError.
 */
export const resumeProducer = async (
  kafkaPort: number,
  topic: string,
  state: ProducerState,
): Promise<readonly string[]> => {
  const client = await KafkaRawClient.connect(kafkaPort);
  try {
    if (state.answered !== undefined) {
      const { batch, baseOffset } = state.answered;
      const again = await produced(client, topic, batch);
      if (again !== baseOffset) {
        throw new RefusedError(`${batch.values[0]} moved from ${baseOffset} to ${again}`);
      }
    }
    let now = state;
    if (now.open !== undefined) now = answered(now, await produced(client, topic, now.open));
    const last = nextBatch(now);
    await produced(client, topic, last);
    return [...(state.open?.values ?? []), ...last.values];
  } finally {
    client.destroy();
  }
};
