import type { Prng } from '../../../src/base/prng.ts';
import {
  connectionId,
  leaderEpoch,
  monotonicMs,
  offset,
  timestampMs,
} from '../../../src/base/brand.ts';
import type {
  Done,
  FindOffsetOutcome,
  PartitionView,
  ProduceOutcome,
  ReadOutcome,
} from '../../../src/core/kafka/broker-view.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { KafkaRouter } from '../../../src/core/kafka/router.ts';
import { FrameSplitter } from '../../../src/wire/kafka/frame.ts';
import {
  correlationIdOf,
  decodeResponse,
  readRequestStart,
} from '../../../src/wire/kafka/header.ts';
import { buildLeaderChangeBatch } from '../../../src/wire/kafka/control-record.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { FakeBrokerView } from '../../fakes/fake-broker-view.ts';
import { codecByKey } from '../grammar/kafka-codecs.ts';
import { cutInPieces, framesOf } from '../grammar/stream.ts';
import { randomRequestFrame } from './kafka-request.ts';

const requestBytesMax = 100_000;

/** What is stored at an offset: a LeaderChange at 0, records behind it. */
function storedAt(from: number): Uint8Array {
  const change = { leaderId: 1, voters: [1], grantingVoters: [1] };
  if (from === 0) {
    return buildLeaderChangeBatch(change, { baseOffset: 0, leaderEpoch: 1, timestamp: 1_000 });
  }
  const builder = new RecordBatchBuilder(64);
  builder.append(1_000, undefined, undefined, noRecordHeaders);
  return builder.finish({ baseOffset: from, leaderEpoch: 1 });
}

/** A broker that answers everything at once. */
class EagerBrokerView extends FakeBrokerView {
  override produce(_log: PartitionView, _batch: Uint8Array, done: Done<ProduceOutcome>): void {
    done({ ok: true, baseOffset: offset(10), logStartOffset: offset(0) });
  }

  override read(
    _log: PartitionView,
    { from }: { readonly from: number },
    done: Done<ReadOutcome>,
  ): void {
    done({ ok: true, bytes: storedAt(from) });
  }

  override findOffset(_log: PartitionView, at: number, done: Done<FindOffsetOutcome>): void {
    const found = { offset: offset(3), timestamp: timestampMs(5), leaderEpoch: leaderEpoch(1) };
    done({ ok: true, found: at < 10 ? found : undefined });
  }
}

interface Answers {
  readonly effects: readonly Effect[];
  readonly pieces: number;
}

/**
 * The whole Kafka surface behind the socket: a connection's bytes in random pieces, over a broker
 * that answers at once. The first byte is the seed of the pieces.
 */
export const kafkaRouterTarget: FuzzTarget<Answers> = {
  name: 'kafka-router',
  inputBytesMax: 16 * 1024,
  generate: (prng: Prng) =>
    framesOf(prng, (correlationId) => randomRequestFrame(prng, correlationId)),
  execute(input) {
    const effects: Effect[] = [];
    const view = new EagerBrokerView();
    view.addTopic('sensors', 4);
    view.addTopic('alarms', 1);
    view.addTopic('__cluster', 1);
    const options = { requestBytesMax, batchBytesMax: 10_000, autoCreateTopics: true };
    const router = new KafkaRouter(view, (effect) => effects.push(effect), options);
    const id = connectionId(1);
    router.opened(id, monotonicMs(1));
    const pieces = cutInPieces(input);
    for (const piece of pieces) {
      router.received(id, piece, monotonicMs(1));
      router.tick(monotonicMs(1));
    }
    for (let turn = 2; turn < 5; turn++) router.tick(monotonicMs(turn * 40_000));
    router.closed(id);
    router.tick(monotonicMs(2 ** 40));
    if (router.nextDeadline() !== undefined) throw new Error('a deadline outlives its connection');
    return { effects, pieces: pieces.length };
  },
  check(input, { effects }) {
    const asked = requestsOf(input);
    const answers = effects.flatMap((effect) => (effect.type === 'SendBytes' ? effect.chunks : []));
    let at = 0;
    for (const answer of answers) at = checkAnswer(asked, at, answer);
    const kinds = new Set(effects.map(({ type }) => type));
    const keys = asked.slice(0, 6).map((frame) => {
      const start = readRequestStart(frame);
      return start.ok ? `${start.value.apiKey}/${start.value.apiVersion}` : '?';
    });
    return `${[...kinds].join()} ${answers.length} ${keys.join(' ')}`;
  },
  // A chunk of frames without a byte has a view for each four of its bytes, until the first closes
  // the connection. For each piece a view; for each request its answer, its place in the order, and
  // its objects.
  allowance(input, { effects, pieces }) {
    let answered = 0;
    for (const effect of effects) {
      if (effect.type !== 'SendBytes') continue;
      for (const chunk of effect.chunks) answered += chunk.buffer.byteLength + 2_048;
    }
    return 64 * 1024 + pieces * 1_024 + answered * 12 + input.length * 100;
  },
};

/** The frames in front of the first that closes the connection. */
function requestsOf(input: Uint8Array): readonly Uint8Array[] {
  const split = new FrameSplitter(requestBytesMax);
  const asked: Uint8Array[] = [];
  for (const piece of cutInPieces(input)) {
    const frames = split.push(piece);
    if (!frames.ok) break;
    asked.push(...frames.value);
  }
  return asked;
}

/** Answers come in the order of the requests and can be read in the version that was asked in. */
function checkAnswer(asked: readonly Uint8Array[], from: number, answer: Uint8Array): number {
  const frame = answer.subarray(4);
  for (let at = from; at < asked.length; at++) {
    const start = readRequestStart(asked[at] as Uint8Array);
    if (!start.ok || start.value.correlationId !== correlationIdOf(frame)) continue;
    const { apiKey, apiVersion } = start.value;
    const codec = codecByKey(apiKey);
    if (codec === undefined) throw new Error(`API ${apiKey} was answered`);
    const isRefused = apiVersion < codec.versionMin || apiVersion > codec.versionMax;
    const read = decodeResponse(codec, isRefused ? 0 : apiVersion, frame);
    if (!read.ok) throw new Error(`our answer to ${apiKey}/${apiVersion} is malformed`);
    return at + 1;
  }
  throw new Error('an answer to no request, or out of order');
}
