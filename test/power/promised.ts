import type { Qos2Debt } from '../integration/harness/qos2-publisher.ts';

/** What a QoS 2 client believes when the power goes. */
export interface SessionState {
  readonly clientId: string;
  /** Readings whose hand-over began: `<clientId>-0`, ... */
  readonly readings: number;
  readonly debt: Qos2Debt;
  readonly mayBeReleased: boolean;
}

/** One batch of an idempotent Kafka producer, as sent. */
export interface SequencedBatch {
  readonly bytes: Uint8Array;
  readonly values: readonly string[];
}

/** What an idempotent producer knows when the power goes. */
export interface ProducerState {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly name: string;
  readonly nextSequence: number;
  /** The newest that was answered, with its base offset. */
  readonly answered: { readonly batch: SequencedBatch; readonly baseOffset: number } | undefined;
  /** Sent and without an answer: it will be sent again. */
  readonly open: SequencedBatch | undefined;
}

/** Readings of one topic. */
export interface PromisedReadings {
  /** Acknowledged. */
  readonly required: Set<string>;
  /** Sent. */
  readonly allowed: Set<string>;
}

/** All that a node said, and was sent, before the power went. */
export interface Promised {
  /** Kept for ever. */
  readonly kept: PromisedReadings;
  /** Of a topic whose oldest readings retention lets go. */
  readonly aged: PromisedReadings;
  readonly sessions: readonly SessionState[];
  readonly producers: readonly ProducerState[];
  /** Offset in partition 0 of the kept topic that an answer named, by value. */
  readonly offsets: Map<string, number>;
  /** The highest leader epoch that was told, by `<topic>-<partition>`. */
  readonly epochs: Map<string, number>;
}

export const nothingPromised = (): Promised => ({
  kept: { required: new Set(), allowed: new Set() },
  aged: { required: new Set(), allowed: new Set() },
  sessions: [],
  producers: [],
  offsets: new Map(),
  epochs: new Map(),
});

/** Both together; where they speak of the same, the later wins. */
export const promisedTogether = (earlier: Promised, later: Promised): Promised => ({
  kept: readingsTogether(earlier.kept, later.kept),
  aged: readingsTogether(earlier.aged, later.aged),
  sessions: [...earlier.sessions, ...later.sessions],
  producers: [...earlier.producers, ...later.producers],
  offsets: new Map([...earlier.offsets, ...later.offsets]),
  epochs: new Map([...earlier.epochs, ...later.epochs]),
});

const readingsTogether = (a: PromisedReadings, b: PromisedReadings): PromisedReadings => ({
  required: new Set([...a.required, ...b.required]),
  allowed: new Set([...a.allowed, ...b.allowed]),
});
