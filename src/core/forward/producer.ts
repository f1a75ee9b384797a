import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { limits } from '../../base/limits.ts';
import { present } from '../../base/assert.ts';
import { apis } from '../../client/kafka/api.ts';
import type { Outcome } from '../../client/kafka/call.ts';
import type { ProduceResponse } from '../../wire/kafka/generated/00-produce.ts';
import { patchForForward } from '../../wire/kafka/header-patch.ts';
import { RecordBatchBuilder } from '../../wire/kafka/record-batch-builder.ts';
import { readRecordBatchHeader } from '../../wire/kafka/record-batch-header.ts';
import { noRecordHeaders } from '../../wire/kafka/record-headers.ts';
import { sequenceAfter } from '../../wire/kafka/sequence.ts';
import type { CentralPartition } from './central-topics.ts';
import type { ForwardContext } from './context.ts';
import type { Wait } from './procedure.ts';
import type { Outgoing } from './rebuild.ts';
import { asRefusal } from './refused-records.ts';
import type { Trouble } from './trouble.ts';
import { noAnswer, troubleOf, waiting } from './trouble.ts';

/** What InitProducerId gave. */
export interface ProducerIdentity {
  readonly transactionalId: string | null;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/**
 * Kafka's own word for none. Central refuses timestamps that are far from its clock (32), and a
 * gateway whose clock is wrong would have no cursor, so not one of its partitions would go on.
 */
const noTimestamp = -1;

/** A record of the cursor topic. */
export interface PlainRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Sends batches of one producer epoch, each once, with sequences that count on from 0 for each
 * partition. After any outcome but success it must be thrown away: nobody knows which sequences
 * central has (X3).
 */
export class Producer {
  readonly identity: ProducerIdentity;
  readonly #context: ForwardContext;
  readonly #sequences = new Map<string, number>();

  constructor(context: ForwardContext, identity: ProducerIdentity) {
    this.#context = context;
    this.identity = identity;
  }

  /**
   * All batches in order, at most five in flight; the first refusal ends it when the others have
   * been answered.
   */
  sendAll(place: CentralPartition, batches: readonly Outgoing[]): Wait<Trouble | undefined> {
    return (resume) => {
      let next = 0;
      let inFlight = 0;
      let trouble: Trouble | undefined;
      const isOver = (): boolean => trouble !== undefined || next === batches.length;
      const pump = (): void => {
        while (!isOver() && inFlight < limits.forwardPipelineMax) {
          inFlight++;
          const batch = batches[next++] as Outgoing;
          this.#send(
            place,
            batch,
          )((failed) => {
            inFlight--;
            trouble ??= failed;
            if (!isOver()) pump();
            else if (inFlight === 0) resume(trouble);
          });
        }
      };
      if (batches.length === 0) resume(undefined);
      else pump();
    };
  }

  /** A few records as one batch. */
  sendRecords(place: CentralPartition, records: readonly PlainRecord[]): Wait<Trouble | undefined> {
    const builder = new RecordBatchBuilder(512);
    for (const { key, value } of records) builder.append(noTimestamp, key, value, noRecordHeaders);
    const bytes = builder.finish();
    const header = readRecordBatchHeader(bytes);
    return this.sendAll(place, [
      { bytes, header: present(header.ok ? header.value : undefined, 'a built batch is sound') },
    ]);
  }

  #send(place: CentralPartition, { bytes, header }: Outgoing): Wait<Trouble | undefined> {
    return (resume) => {
      const what = `central, topic ${place.topic}/${place.partition}`;
      const records = patchForForward(bytes, header, {
        producerId: this.identity.producerId,
        producerEpoch: this.identity.producerEpoch,
        baseSequence: this.#nextSequence(place, header.lastOffsetDelta + 1),
        isTransactional: this.identity.transactionalId !== null,
      });
      const partitionData = [{ index: place.partition, records }];
      const body = {
        transactionalId: this.identity.transactionalId,
        acks: -1,
        timeoutMs: limits.forwardRequestMsMax,
        topicData: [{ name: place.topic, partitionData }],
      };
      const target = { nodeId: place.leaderId };
      const call = this.#context.central.call(target, apis.produce, body);
      call((outcome) => resume(refusal(outcome, what)));
    };
  }

  #nextSequence({ topic, partition }: CentralPartition, count: number): number {
    const key = `${topic}/${partition}`;
    const sequence = this.#sequences.get(key) ?? 0;
    this.#sequences.set(key, sequenceAfter(sequence, count));
    return sequence;
  }
}

function refusal(outcome: Outcome<ProduceResponse>, what: string): Trouble | undefined {
  if (!outcome.ok) return noAnswer(outcome.error, what);
  const found = outcome.value.responses[0]?.partitionResponses[0];
  if (found === undefined) return waiting(`${what}: central left it out of its answer`);
  const { errorCode: code } = found;
  if (code === 0) return undefined;
  const told = found.errorMessage ? ` (${found.errorMessage})` : '';
  const trouble = asRefusal(troubleOf(code, what));
  return { ...trouble, text: trouble.text + told };
}

/** InitProducerId's answer as an identity. */
export function identityFrom(
  transactionalId: string | null,
  answer: {
    readonly errorCode: number;
    readonly producerId: bigint;
    readonly producerEpoch: number;
  },
): Result<ProducerIdentity, Trouble> {
  if (answer.errorCode !== 0) return fail(troubleOf(answer.errorCode, 'central, InitProducerId'));
  const { producerId, producerEpoch } = answer;
  return ok({ transactionalId, producerId, producerEpoch });
}
