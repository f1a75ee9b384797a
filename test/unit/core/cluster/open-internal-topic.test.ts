import { expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { utf8Encode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import { changesBatch } from '../../../../src/core/cluster/compacted-batches.ts';
import { takeoverRecord } from '../../../../src/core/mqtt/session-records.ts';
import { encodeForwarded, encodeTopic } from '../../../../src/wire/state/state-codec.ts';

const anyId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const largest = Number.MAX_SAFE_INTEGER;

const replica = { nodeId: 2 ** 31 - 1, directoryId: anyId, isWitness: true };
const assignments = Array.from({ length: limits.partitionsPerTopicMax }, () =>
  Array.from({ length: limits.clusterNodesMax }, () => replica),
);
const topic = encodeTopic({
  name: 'n'.repeat(limits.topicNameLengthMax),
  ...{ topicId: anyId, partitions: limits.partitionsPerTopicMax, internal: true },
  ...{ keepUnforwarded: true, retentionMs: largest, retentionBytes: largest },
  ...{ assignments, wanted: assignments },
  ...{ minInsyncReplicas: 2 ** 31 - 1, replicas: 2 ** 31 - 1 },
});
const stand = {
  centralClusterId: 'c'.repeat(limits.centralClusterIdBytesMax),
  forwardOffset: largest,
  lastForwarded: { leaderEpoch: 2 ** 31 - 1, baseOffset: largest, crc: 2 ** 32 - 1 },
};
const owner = { nodeId: 2 ** 31 - 1, counter: largest };
const session = takeoverRecord('i'.repeat(limits.mqttClientIdBytesMax), owner, owner, true);
const longKey = utf8Encode('k'.repeat(limits.topicNameLengthMax + 100));

it.each([
  ['a topic', { key: longKey, value: topic }],
  [
    'where central stands',
    { key: longKey, value: encodeForwarded({ mark: stand, attempt: stand }) },
  ],
  ['a session', session],
])('has room for the largest record: %s', (_, change) => {
  expect(changesBatch([change]).length).toBeLessThan(limits.internalBatchBytesMax);
});
