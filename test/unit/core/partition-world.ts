import {
  leaderEpoch,
  logGeneration,
  logId,
  monotonicMs,
  offset,
  timestampMs,
  uuid,
} from '../../../src/base/brand.ts';
import { present } from '../../../src/base/assert.ts';
import type { Effect, VoteRecord } from '../../../src/core/effect.ts';
import type { Now } from '../../../src/core/now.ts';
import { Partition } from '../../../src/core/partition.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import type { ProduceQueue } from '../../../src/core/produce/produce-queue.ts';
import { ProduceQueues } from '../../../src/core/produce/produce-queues.ts';
import type { RecoveredLog } from '../../../src/ports/recovered-log.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../../src/wire/kafka/record-batch-header.ts';

/** A turn `ms` after the beginning, on both clocks. */
export const at = (ms: number): Now => ({
  wallMs: timestampMs(1_700_000_000_000 + ms),
  monotonicMs: monotonicMs(ms),
});

const self = { nodeId: 1, directoryId: uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b02') };

const noPeer = (): never => {
  throw new Error('a lone voter has no peers');
};

export const emptyLog = (overrides: Partial<RecoveredLog> = {}): RecoveredLog => ({
  topic: 'sensors',
  topicId: uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01'),
  partition: 0,
  generation: logGeneration(0),
  logStartOffset: offset(0),
  logEndOffset: offset(0),
  epochStarts: [],
  producerSnapshot: undefined,
  producerSnapshotOffset: offset(0),
  producerBatches: [],
  producerStateFrom: undefined,
  activeSegment: { baseOffset: offset(0), bytes: 0, maxTimestamp: timestampMs(-1) },
  rot: [],
  epochBeforeStart: leaderEpoch(0),
  startVoters: undefined,
  voterRecords: [],
  mustRefetch: [],
  ...overrides,
});

/**
 * A partition that leads, its LeaderChange committed at offset 0 unless told otherwise; its disk is
 * the test.
 */
export function newPartition(recovered = emptyLog(), segmentBytesMax = 1_000_000, id = logId(0)) {
  const effects: Effect[] = [];
  const moved: number[] = [];
  /** Every batch ever appended, LeaderChange included. */
  const log: Uint8Array[] = [];
  const votes: VoteRecord[] = [];
  const partition: Partition = new Partition(id, recovered, {
    self,
    segmentBytesMax,
    settings: { fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 1 },
    random: { next: () => 0.5, uuid: () => self.directoryId },
    now: () => at(0),
    port: {
      emit: (effect) => {
        effects.push(effect);
        if (effect.type === 'AppendBatch') log.push(effect.batch);
      },
      persistVote: (vote) => votes.push(vote),
      heardAt: () => undefined,
      isStopping: () => false,
      highWatermarkMoved: () => moved.push(partition.highWatermark),
      leaderChanged: () => undefined,
      changed: () => undefined,
      peers: { askVote: noPeer, beginEpoch: noPeer, endEpoch: noPeer },
    },
  });
  const persistAll = () => partition.persisted(partition.generation, partition.logEndOffset);
  const lead = () => {
    partition.begin(new VoterSet([{ ...self, role: 'data' }]), undefined);
    for (const vote of votes) partition.votePersisted(vote);
    persistAll();
    effects.length = 0;
  };
  lead();
  const batches = () => effects.flatMap((e) => (e.type === 'AppendBatch' ? [e.batch] : []));
  const appended = (): RecordBatchHeader[] =>
    batches().map((bytes) => present(scanBatches(bytes).headers[0], 'a batch'));
  return { partition, effects, moved, persistAll, appended, batches, log };
}

/** The queue of ingest batches that a lone leader takes at once. */
export function queueTo(partition: Partition, producerId = 9n): ProduceQueue {
  const queues = new ProduceQueues({
    nodeId: self.nodeId,
    local: () => partition,
    leaderOf: () => self.nodeId,
    send: noPeer,
    allocateProducerId: () => undefined,
    now: () => at(0).monotonicMs,
  });
  queues.producerId = producerId;
  return queues.ingest(partition);
}
