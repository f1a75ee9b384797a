import { expect, it } from 'vitest';
import {
  leaderEpoch,
  logGeneration,
  logId,
  monotonicMs,
  offset,
  uuid,
  type Offset,
} from '../../../../src/base/brand.ts';
import { concatBytes, utf8Decode, utf8Encode } from '../../../../src/base/bytes.ts';
import { changesBatch } from '../../../../src/core/cluster/compacted-batches.ts';
import { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import type { InternalTopicOptions } from '../../../../src/core/cluster/internal-topic.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import type { Done, ReadOutcome } from '../../../../src/core/kafka/broker-view.ts';
import { Partition } from '../../../../src/core/partition.ts';
import type { AppendOutcome } from '../../../../src/core/produce/record-waiter.ts';
import { VoterSet } from '../../../../src/core/replica/voter-set.ts';
import type { RecoveredLog } from '../../../../src/ports/recovered-log.ts';
import {
  readRecordBatchHeader,
  stampBatch,
} from '../../../../src/wire/kafka/record-batch-header.ts';
import { at, emptyLog } from '../partition-world.ts';

const voter = (nodeId: number) => ({
  nodeId,
  directoryId: uuid(`0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b0${nodeId}`),
});
const voters = new VoterSet([1, 2].map((nodeId) => ({ ...voter(nodeId), role: 'data' as const })));
const epoch = leaderEpoch(1);

/** One record as the leader has stored it. */
function record(baseOffset: number, key: string, value: string | undefined): Uint8Array {
  const bytes = value === undefined ? undefined : utf8Encode(value);
  const batch = changesBatch([{ key: utf8Encode(key), value: bytes }]);
  stampBatch(batch, 0, offset(baseOffset), epoch);
  return batch;
}

const baseOf = (batch: Uint8Array): number => {
  const header = readRecordBatchHeader(batch);
  return header.ok ? header.value.baseOffset : -1;
};

/** A copy of an internal topic that node 2 leads in epoch 1; its disk is the test. */
function newCopy(
  recovered: Partial<RecoveredLog> = {},
  stored: readonly Uint8Array[] = [],
  reduce?: InternalTopicOptions['reduce'],
) {
  const effects: Effect[] = [];
  const applied: [string, string | undefined][] = [];
  const disk = { batches: [...stored], startsAt: 0, isSlow: false, readFrom: [] as number[] };
  const reads: (() => void)[] = [];
  const commits: ((outcome: AppendOutcome) => void)[] = [];
  const partition = new Partition(logId(0), emptyLog({ topic: '__cluster', ...recovered }), {
    self: voter(1),
    segmentBytesMax: 1_000_000,
    settings: { fetchTimeoutMs: 1_000, replicaLagTimeMaxMs: 1_000, minInsyncReplicas: () => 1 },
    random: { next: () => 0.5, uuid: () => voter(1).directoryId },
    now: () => at(0),
    port: {
      emit: (effect) => {
        effects.push(effect);
        if (effect.type === 'AppendBatch') disk.batches.push(effect.batch);
        if (effect.type === 'ResetLog') disk.batches.length = 0;
        if (effect.type === 'AdvanceLogStart') disk.startsAt = effect.offset;
      },
      persistVote: () => undefined,
      heardAt: () => undefined,
      isStopping: () => false,
      highWatermarkMoved: () => topic.highWatermarkMoved(),
      leaderChanged: () => undefined,
      changed: () => undefined,
      peers: {
        askVote: () => undefined,
        beginEpoch: () => undefined,
        endEpoch: () => undefined,
      },
    },
  });
  /** One batch for each read, as from a large log. */
  const read = (from: Offset, to: Offset, done: Done<ReadOutcome>): void => {
    const answer = (): void => {
      disk.readFrom.push(from);
      if (from < disk.startsAt) return done({ ok: false, error: 'OFFSET_OUT_OF_RANGE' });
      if (partition.holes.some((hole) => hole.from <= from && from < hole.to)) {
        return done({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
      }
      const found = disk.batches.find((batch) => baseOf(batch) >= from && baseOf(batch) < to);
      return done({ ok: true, bytes: concatBytes(found === undefined ? [] : [found]) });
    };
    if (disk.isSlow) reads.push(answer);
    else answer();
  };
  const topic: InternalTopic = new InternalTopic({
    partition,
    ...(reduce === undefined ? {} : { reduce }),
    apply: (key, value) => applied.push([key, value === undefined ? undefined : utf8Decode(value)]),
    append: (_, settled) => commits.push(settled),
    flush: () => undefined,
    read,
    emit: (effect) => effects.push(effect),
    holeFound: () => undefined,
    survivesHole: () => true,
  });
  partition.begin(voters, undefined);
  partition.replica.epochBegun({ leaderId: 2, leaderEpoch: epoch }, monotonicMs(0));
  /** An answer of the leader. */
  const told = (highWatermark: number, ...batches: readonly Uint8Array[]): void => {
    if (batches.length > 0) expect(partition.appendFetched(concatBytes(batches))).toBe(true);
    partition.replica.leaderHighWatermark(epoch, offset(highWatermark));
  };
  const beginAnewAt = (start: number, highWatermark: number): void => {
    const logStart = { logStartOffset: offset(start), epochBefore: epoch, voters };
    partition.replica.belowStart(epoch, logStart, offset(highWatermark));
    const generation = logGeneration(partition.generation);
    const at = { logStartOffset: offset(start), logEndOffset: offset(start) };
    partition.wasCut(generation, emptyLog({ ...at, generation, epochBeforeStart: epoch }));
  };
  const outcome: string[] = [];
  const replay = (): void =>
    topic.replay(undefined, {
      replayed: () => outcome.push('replayed'),
      failed: (reason) => outcome.push(reason),
    });
  const views = () => effects.filter(({ type }) => type === 'UpdateView' || type === 'ReplaceView');
  return {
    ...{ partition, topic, disk, reads, commits, applied, effects, outcome },
    ...{ told, beginAnewAt, replay, views },
  };
}

const before = [record(0, 'kept', '1'), record(1, 'other', '1'), record(2, 'gone', '1')];

it('forgets no key of a log that begins anew before all of the rewrite is here', () => {
  const copy = newCopy();
  copy.replay();
  copy.told(3, ...before);
  copy.applied.length = 0;
  copy.effects.length = 0;
  // Rewritten by its leader meanwhile, in two batches, within the same leader epoch.
  copy.beginAnewAt(10, 12);
  copy.told(12, record(10, 'kept', '2'));
  expect(copy.partition.isCurrent).toBe(false);
  expect(copy.topic.isCaughtUp).toBe(false);
  expect(copy.applied).toEqual([['kept', '2']]);
  expect(copy.views()).toEqual([]);
  copy.told(12, record(11, 'other', '1'));
  expect(copy.partition.isCurrent).toBe(true);
  expect(copy.topic.isCaughtUp).toBe(true);
  expect(copy.applied.slice(1)).toEqual([
    ['other', '1'],
    ['gone', undefined],
  ]);
  expect(copy.views()).toMatchObject([{ type: 'ReplaceView', nextOffset: 12, entries: [{}, {}] }]);
});

it('takes the word of a late answer for nothing when the log began anew since', () => {
  const copy = newCopy();
  copy.replay();
  copy.told(3, ...before);
  copy.beginAnewAt(10, 12);
  copy.told(3);
  copy.told(11, record(10, 'kept', '2'));
  expect(copy.partition.isCurrent).toBe(false);
  expect(copy.applied).not.toContainEqual(['other', undefined]);
});

it('calls nothing applied that only the start of a log that begins anew lies behind', () => {
  const copy = newCopy();
  copy.replay();
  copy.told(3, ...before);
  let isDone = false;
  copy.topic.commit([{ key: utf8Encode('kept'), value: utf8Encode('2') }], () => (isDone = true));
  copy.beginAnewAt(10, 12);
  copy.commits[0]?.({ ok: true, offset: offset(5) });
  copy.told(12, record(10, 'other', '1'));
  expect(isDone).toBe(false);
  copy.told(12, record(11, 'kept', '2'));
  expect(isDone).toBe(true);
});

it('judges the records of a log that begins anew by that log alone', () => {
  // Counts only where `other` is not held.
  const reduce: InternalTopicOptions['reduce'] = (key, value, held) =>
    key === 'late' && held('other') !== undefined ? held(key) : value;
  const copy = newCopy({}, [], reduce);
  copy.replay();
  copy.told(3, ...before);
  copy.beginAnewAt(10, 12);
  copy.told(12, record(10, 'kept', '2'), record(11, 'late', '1'));
  expect(copy.applied).toContainEqual(['late', '1']);
  expect(copy.applied).toContainEqual(['other', undefined]);
});

it('forgets a key whose first record in a log that begins anew leaves nothing', () => {
  // A removal, where there is nothing, leaves what is held.
  const reduce: InternalTopicOptions['reduce'] = (key, value, held) => value ?? held(key);
  const copy = newCopy({}, [], reduce);
  copy.replay();
  copy.told(3, ...before);
  copy.beginAnewAt(10, 13);
  const repeated = record(12, 'gone', undefined);
  copy.told(13, record(10, 'kept', '1'), record(11, 'other', '1'), repeated);
  expect(copy.partition.isCurrent).toBe(true);
  expect(new Map(copy.applied)).toEqual(
    new Map([
      ['kept', '1'],
      ['other', '1'],
      ['gone', undefined],
    ]),
  );
});

it('is not current after a start in the midst of a rewrite', () => {
  const start = { logStartOffset: offset(10), epochBeforeStart: epoch };
  const epochStarts = [{ leaderEpoch: epoch, startOffset: offset(10) }];
  const stored = [record(10, 'kept', '2')];
  const copy = newCopy({ ...start, epochStarts, logEndOffset: offset(11) }, stored);
  copy.told(12);
  expect([copy.partition.isLed, copy.partition.isCurrent]).toEqual([true, false]);
  copy.told(13, record(11, 'other', '1'));
  expect(copy.partition.isCurrent).toBe(true);
});

it('moves its log start to that of its leader alone, when all of the rewrite is here', () => {
  const copy = newCopy();
  copy.replay();
  const rewritten = [record(3, 'kept', '1'), record(4, 'other', '1')];
  const moves = () => copy.effects.filter(({ type }) => type === 'AdvanceLogStart');
  copy.told(5, ...before.slice(0, 2));
  copy.partition.leaderLogStart(offset(3), offset(5));
  copy.told(5, ...before.slice(2), ...rewritten.slice(0, 1));
  copy.partition.leaderLogStart(offset(3), offset(5));
  expect(moves()).toEqual([]);
  copy.told(5, ...rewritten.slice(1));
  copy.partition.leaderLogStart(offset(3), offset(5));
  expect(moves()).toMatchObject([{ offset: 3 }]);
});

const rewritten = [record(3, 'kept', '1'), record(4, 'other', '2')];
const grown = {
  logEndOffset: offset(5),
  epochStarts: [{ leaderEpoch: epoch, startOffset: offset(0) }],
};

it('begins again at the log start when that moves away from under a replay', () => {
  const copy = newCopy(grown, [...before, ...rewritten]);
  copy.disk.isSlow = true;
  // As at a start: the leader's word that makes it current, then where its log begins.
  copy.told(5);
  copy.replay();
  copy.partition.leaderLogStart(offset(3), offset(5));
  expect(copy.disk.startsAt).toBe(3);
  for (let i = 0; i < 10; i++) copy.reads.shift()?.();
  expect(copy.outcome).toEqual(['replayed']);
  expect(copy.topic.isCaughtUp).toBe(true);
  const state = new Map(copy.applied);
  expect([...state]).toEqual(
    expect.arrayContaining([
      ['other', '2'],
      ['kept', '1'],
    ]),
  );
  expect(copy.views()).toMatchObject([{ type: 'ReplaceView', entries: [{}, {}] }]);
});

it('begins a replay where the log is ordered to begin', () => {
  const copy = newCopy(grown, [...before, ...rewritten]);
  copy.told(5);
  copy.partition.leaderLogStart(offset(3), offset(5));
  copy.replay();
  expect(copy.outcome).toEqual(['replayed']);
  expect(copy.applied.map(([key]) => key)).toEqual(['kept', 'other']);
});

/** It waits at a hole that others can fill. */
function rotten() {
  const copy = newCopy(grown, [...before, ...rewritten]);
  const { partition } = copy;
  partition.rotFound(partition.generation, [{ from: offset(1), to: offset(2) }]);
  copy.told(5);
  copy.replay();
  expect(copy.outcome).toEqual([]);
  return copy;
}

it('goes on when the log start moves past the hole that it waits at', () => {
  const copy = rotten();
  copy.partition.leaderLogStart(offset(3), offset(5));
  copy.partition.logStartAdvanced(offset(3));
  copy.told(6, record(5, 'late', '1'));
  expect(copy.outcome).toEqual(['replayed']);
  expect(copy.applied.slice(-2)).toEqual([
    ['other', '2'],
    ['late', '1'],
  ]);
});

it('keeps nothing of what comes while it waits at a hole: it is read behind it', () => {
  const copy = rotten();
  const { partition, disk } = copy;
  copy.told(7, record(5, 'late', '1'), record(6, 'late', '2'));
  disk.readFrom.length = 0;
  partition.repair(new Uint8Array(0));
  const { generation } = partition;
  partition.wasCut(generation, emptyLog({ ...grown, generation, logEndOffset: offset(7) }));
  expect(copy.outcome).toEqual(['replayed']);
  expect(disk.readFrom).toEqual([1, 2, 3, 4, 5, 6]);
});

it('goes on without what a hole took when it is promoted (V5, L6)', () => {
  const copy = rotten();
  copy.disk.batches.splice(1, 1);
  expect(copy.partition.promote(leaderEpoch(1_000), voter(1))).toBe(true);
  expect(copy.outcome).toEqual(['replayed']);
});
