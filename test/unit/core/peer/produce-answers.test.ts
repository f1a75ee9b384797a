import { expect, it } from 'vitest';
import { monotonicMs, offset } from '../../../../src/base/brand.ts';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { kafkaCodeOf } from '../../../../src/base/errors.ts';
import { changesBatch } from '../../../../src/core/cluster/compacted-batches.ts';
import { Deadlines } from '../../../../src/core/kafka/deadlines.ts';
import type { PeerExchange } from '../../../../src/core/peer/peer-handler.ts';
import { ProduceAnswers } from '../../../../src/core/peer/produce-answers.ts';
import { compressBatch } from '../../../../src/wire/kafka/batch-compression.ts';
import type { PeerProduceResponse } from '../../../../src/wire/kafka/generated/00-peer-produce.ts';
import { readRecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import type { Compression } from '../../../../src/ports/compression.ts';
import { emptyLog, newPartition } from '../partition-world.ts';

const batch = changesBatch([{ key: utf8Encode('key'), value: utf8Encode('x'.repeat(100)) }]);

/** What the leader of a topic answers to another node's batch. */
function answerTo(records: Uint8Array, topic: string, batchBytesMax = 1_000): number | undefined {
  const { partition } = newPartition(emptyLog({ topic }));
  const answers = new ProduceAnswers({
    find: () => partition,
    produce: (_topicId, _index, _batch, done) =>
      done({ ok: true, baseOffset: offset(1), logStartOffset: offset(0) }),
    batchBytesMax,
    deadlines: new Deadlines(),
    now: () => monotonicMs(0),
  });
  let answer: PeerProduceResponse | undefined;
  const { topicId } = partition;
  const topicData = [{ name: topic, topicId, partitionData: [{ index: 0, records }] }];
  const exchange = { onAbandoned: () => undefined };
  answers.produce({ transactionalId: null, acks: -1, timeoutMs: 1_000, topicData }, {
    exchange,
    reply: (response: PeerProduceResponse) => (answer = response),
  } as unknown as PeerExchange<PeerProduceResponse>);
  return answer?.responses[0]?.partitionResponses[0]?.errorCode;
}

it.each([
  [batch.length + 1, 0],
  [batch.length, 0],
  [batch.length - 1, kafkaCodeOf('RECORD_TOO_LARGE')],
])('takes batches up to its limit: %i', (bytesMax, code) => {
  expect(answerTo(batch, 'sensors', bytesMax)).toBe(code);
});

it('takes nothing compressed for an internal topic: every node reads it', () => {
  const identity: Compression = {
    supports: () => true,
    compress: (_, bytes) => bytes.slice(0, -1),
    decompress: () => undefined,
  };
  const header = readRecordBatchHeader(batch);
  expect(header.ok).toBe(true);
  if (!header.ok) return;
  const packed = compressBatch(batch, header.value, 'gzip', identity);
  expect(answerTo(packed, 'sensors')).toBe(0);
  expect(answerTo(packed, '__cluster')).toBe(kafkaCodeOf('INVALID_RECORD'));
  expect(answerTo(batch, '__cluster')).toBe(0);
});
