import { offset, type Uuid } from '../../base/brand.ts';
import { errorOfKafkaCode } from '../../base/errors.ts';
import {
  peerProduceCodec,
  type PeerProduceResponsePartition,
} from '../../wire/kafka/generated/00-peer-produce.ts';
import type { ProduceOutcome } from '../kafka/broker-view.ts';
import type { PeerLink } from './peer-link.ts';

/** The partition that a batch is for. */
export interface ProduceTarget {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
}

/** A leader, as an answer names it (KIP-951). */
export type NamedLeader = NonNullable<PeerProduceResponsePartition['currentLeader']>;

/** `unknown`: no answer came. It may have been appended, so it is sent again unchanged or never. */
export type PeerProduceOutcome = ProduceOutcome | 'unknown';

export interface PeerProduce extends ProduceTarget {
  readonly batch: Uint8Array;
}

export interface PeerProducePorts {
  readonly link: PeerLink;
  /** The leader gives up first, so a silent node is told from a slow one. */
  readonly timeoutMs: number;
  /** An answer named another leader. */
  readonly told: (leader: NamedLeader) => void;
}

const answerMs = 1_000;

/** Sends one batch over a node's link for batches; `done` is called once (P1). */
export function sendProduce(
  { topic, topicId, partition, batch }: PeerProduce,
  { link, timeoutMs, told }: PeerProducePorts,
  done: (outcome: PeerProduceOutcome) => void,
): void {
  const partitionData = [{ index: partition, records: batch }];
  const topicData = [{ name: topic, topicId, partitionData }];
  const body = { transactionalId: null, acks: -1, timeoutMs, topicData };
  link.call(peerProduceCodec, body, timeoutMs + answerMs, (outcome) => {
    const answer = outcome.ok ? outcome.value.responses[0]?.partitionResponses[0] : undefined;
    if (answer === undefined) return done('unknown');
    if (answer.currentLeader !== null) told(answer.currentLeader);
    return done(outcomeOf(answer));
  });
}

function outcomeOf(answer: PeerProduceResponsePartition): PeerProduceOutcome {
  const { errorCode, baseOffset, logStartOffset } = answer;
  if (errorCode === 0) {
    return { ok: true, baseOffset: offset(baseOffset), logStartOffset: offset(logStartOffset) };
  }
  const error = errorOfKafkaCode(errorCode);
  return error === 'REQUEST_TIMED_OUT' ? 'unknown' : { ok: false, error };
}
