import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, timestampMs } from '../../../../../src/base/brand.ts';
import type { ListOffsetsResponsePartition } from '../../../../../src/wire/kafka/generated/02-list-offsets.ts';
import { listOffsetsCodec } from '../../../../../src/wire/kafka/generated/02-list-offsets.ts';
import { RouterBench } from '../router-bench.ts';

function listOffsets(
  bench: RouterBench,
  version: number,
  timestamps: readonly number[],
): readonly ListOffsetsResponsePartition[] {
  const partitions = timestamps.map((timestamp, partitionIndex) => ({
    partitionIndex,
    currentLeaderEpoch: -1,
    timestamp,
  }));
  const topics = [{ name: 'sensors', partitions }];
  bench.ask(listOffsetsCodec, version, { replicaId: -1, isolationLevel: 1, topics });
  return bench.answer(listOffsetsCodec, version).topics[0]?.partitions ?? [];
}

describe('ListOffsets', () => {
  it('gives earliest and latest', () => {
    const bench = new RouterBench();
    const log = bench.view.addTopic('sensors', 2);
    log.logStartOffset = offset(2);
    expect(listOffsets(bench, 7, [-2, -1])).toMatchObject([
      { errorCode: 0, offset: 2, timestamp: -1 },
      { errorCode: 0, offset: 10, timestamp: -1, leaderEpoch: 4 },
    ]);
  });

  it('does not know the latest before its epoch is committed (C6)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1).isEpochCommitted = false;
    expect(listOffsets(bench, 5, [-1])).toMatchObject([{ errorCode: 78, offset: -1 }]);
    expect(listOffsets(bench, 4, [-1])).toMatchObject([{ errorCode: 5, offset: -1 }]);
    expect(listOffsets(bench, 4, [-2])).toMatchObject([{ errorCode: 0, offset: 0 }]);
  });

  it('does not say that nothing is so new before its epoch is committed (C6)', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 2).isEpochCommitted = false;
    const found = { offset: offset(7), timestamp: timestampMs(900), leaderEpoch: leaderEpoch(3) };
    bench.view.findOffset = (_, timestamp, done) =>
      done({ ok: true, found: timestamp <= 900 ? found : undefined });
    expect(listOffsets(bench, 5, [900])).toMatchObject([{ errorCode: 0, offset: 7 }]);
    expect(listOffsets(bench, 5, [901, 901])).toMatchObject([
      { errorCode: 78, offset: -1 },
      { errorCode: 0, offset: -1 },
    ]);
    expect(listOffsets(bench, 4, [901])).toMatchObject([{ errorCode: 5, offset: -1 }]);
    expect(listOffsets(bench, 7, [-3])).toMatchObject([{ errorCode: 78, offset: -1 }]);
  });

  it('searches by time, each partition for itself', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 3);
    bench.view.findOffset = (log, timestamp, done) => {
      const found = {
        offset: offset(7),
        timestamp: timestampMs(Math.abs(timestamp)),
        leaderEpoch: leaderEpoch(3),
      };
      if (log.partition === 2) return done({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
      return done({ ok: true, found: log.partition === 0 ? found : undefined });
    };
    expect(listOffsets(bench, 7, [-3, 1_000, 1_000])).toEqual([
      { partitionIndex: 0, errorCode: 0, offset: 7, timestamp: 3, leaderEpoch: 3 },
      { partitionIndex: 1, errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 },
      { partitionIndex: 2, errorCode: 56, offset: -1, timestamp: -1, leaderEpoch: -1 },
    ]);
  });

  it('has one search of the disk under way, and none when its connection is gone', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1_000);
    const asked = { currentLeaderEpoch: -1, timestamp: 1_000 };
    const partitions = Array.from({ length: 1_000 }, (_, i) => ({ ...asked, partitionIndex: i }));
    const topics = [{ name: 'sensors', partitions }];
    bench.ask(listOffsetsCodec, 7, { replicaId: -1, isolationLevel: 1, topics });
    for (let at = 0; at < 500; at++) {
      expect(bench.view.searches).toHaveLength(at + 1);
      bench.view.searches[at]?.done({ ok: true, found: undefined });
    }
    bench.router.closed(bench.connection);
    bench.view.searches[500]?.done({ ok: true, found: undefined });
    expect(bench.view.searches).toHaveLength(501);
  });

  it('refuses a partition that is named again', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    const asked = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: 1_000 };
    const topics = [
      { name: 'sensors', partitions: Array.from({ length: 4_000 }, () => asked) },
      { name: 'sensors', partitions: [asked] },
    ];
    bench.ask(listOffsetsCodec, 7, { replicaId: -1, isolationLevel: 1, topics });
    expect(bench.view.searches).toHaveLength(1);
    bench.view.searches[0]?.done({ ok: true, found: undefined });
    const [first, second] = bench.answer(listOffsetsCodec, 7).topics;
    expect(first?.partitions.filter(({ errorCode }) => errorCode === 42)).toHaveLength(3_999);
    expect(second?.partitions).toMatchObject([{ errorCode: 42 }]);
  });

  it('refuses questions that a version does not have, and unknown partitions', () => {
    const bench = new RouterBench();
    bench.view.addTopic('sensors', 1);
    expect(listOffsets(bench, 6, [-3])).toMatchObject([{ errorCode: 35 }]);
    expect(listOffsets(bench, 7, [-4, -1])).toMatchObject([{ errorCode: 35 }, { errorCode: 3 }]);
  });
});
