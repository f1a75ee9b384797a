import { beforeEach, describe, expect, it } from 'vitest';
import {
  leaderEpoch,
  logGeneration,
  logId,
  monotonicMs,
  offset,
  uuid,
} from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { ClusterState } from '../../../src/core/cluster/cluster-state.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { LogState } from '../../../src/core/log-state.ts';
import type { Partition } from '../../../src/core/partition.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { StrayLogs } from '../../../src/core/stray-logs.ts';
import { encodeTopic } from '../../../src/wire/state/state-codec.ts';
import { emptyLog, newPartition } from './partition-world.ts';

const other = { nodeId: 2, directoryId: 'other', isWitness: false };
const self = { nodeId: 1, directoryId: 'self', isWitness: false };

let cluster: ClusterState;
let partition: Partition;
let discarded: Partition[];
let printed: Effect[];
let strays: StrayLogs;
/** What the leader's node said last, as of a time; undefined: nothing. */
let heardAt: (now: number) => number | undefined;

function want(...wanted: (typeof self)[]): void {
  const { topicId } = partition;
  const topic = {
    ...{ name: 'sensors', topicId, partitions: 1, internal: false, keepUnforwarded: false },
    ...{ retentionMs: -1, retentionBytes: -1, minInsyncReplicas: 0, replicas: 0 },
    ...{ assignments: [[self, other]], wanted: [wanted] },
  };
  cluster.apply('topic/sensors', encodeTopic(topic));
}

let nowMs = 0;

function later(ms: number): void {
  for (nowMs = 0; nowMs <= ms; nowMs += limits.strayLogCheckMs) strays.tick(monotonicMs(nowMs));
}

/** A follower that has left the voters, unless told otherwise. */
function follow(more: Partial<Record<keyof Partition, unknown>> = {}): void {
  const voters = new VoterSet([{ nodeId: 2, directoryId: 'other' as never, role: 'data' }]);
  const values = { isLeader: false, isCurrent: true, leaderId: 2, voters, ...more };
  for (const [key, value] of Object.entries(values)) {
    Object.defineProperty(partition, key, { value, configurable: true });
  }
}

beforeEach(() => {
  cluster = new ClusterState();
  ({ partition } = newPartition());
  const partitions = new PartitionTable(false);
  partitions.add(partition);
  [discarded, printed] = [[], []];
  heardAt = (now) => now - limits.peerAnswersMsMax + 1;
  strays = new StrayLogs({
    ...{ nodeId: 1, partitions, cluster },
    heardAt: (nodeId) => {
      const heardMs = nodeId === 2 ? heardAt(nowMs) : undefined;
      return heardMs === undefined ? undefined : monotonicMs(heardMs);
    },
    discard: (log) => void discarded.push(log),
    emit: (effect) => void printed.push(effect),
  });
  strays.start(monotonicMs(0));
});

describe('a copy that nobody wants here', () => {
  it('goes after a while, and is told of with its offsets', () => {
    want(other);
    follow();
    later(limits.strayLogKeptMs);
    expect(discarded).toEqual([]);
    later(limits.strayLogKeptMs + 2 * limits.strayLogCheckMs);
    expect(discarded[0]).toBe(partition);
    expect(printed[0]).toMatchObject({ fields: { topic: 'sensors', partition: 0, from: 0 } });
  });

  it.each([
    ['while the topic names the node', [self, other], {}],
    ['while it votes', [other], { voters: new VoterSet([{ ...self, role: 'data' } as never]) }],
    ['while it leads', [other], { isLeader: true }],
    ['while it may be behind: who votes now is not known', [other], { isCurrent: false }],
    ['while nobody is known to lead it', [other], { leaderId: undefined }],
  ])('stays %s', (_, wanted, more) => {
    want(...wanted);
    follow(more);
    later(3 * limits.strayLogKeptMs);
    expect(discarded).toEqual([]);
  });

  it('stays while its leader is silent, and a while after that: it may be the last copy', () => {
    want(other);
    follow();
    const silentMs = 4 * limits.strayLogKeptMs;
    heardAt = (now) => (now < silentMs ? now - limits.peerAnswersMsMax : now);
    later(silentMs + limits.strayLogKeptMs - limits.strayLogCheckMs);
    expect(discarded).toEqual([]);
    heardAt = () => undefined;
    later(silentMs);
    expect(discarded).toEqual([]);
  });

  it('keeps no promise that waits for the disk when it goes, and lets nobody wait (T3)', () => {
    const { partition: log } = newPartition();
    const answers: boolean[] = [];
    const epoch = leaderEpoch(log.leaderEpoch + 1);
    const request = {
      ...{ candidate: { nodeId: 2, directoryId: uuid('other') }, voter: log.replica.self },
      ...{ leaderEpoch: epoch, lastEpoch: epoch, logEndOffset: offset(9), isPreVote: false },
    };
    log.replica.voteRequested(request, monotonicMs(0), ({ isGranted }) => answers.push(isGranted));
    expect(answers).toEqual([]);
    log.discard(offset(1));
    expect(answers).toEqual([false]);
    log.votePersisted({ leaderEpoch: epoch, votedFor: uuid('other') });
    expect(answers).toEqual([false]);
  });

  it('gives no vote when it is wanted again, until it is back where it was (V4)', () => {
    const orders: Effect[] = [];
    const log = new LogState(emptyLog(), {
      ...{ logId: logId(0), segmentBytesMax: 1_000, onceHad: offset(70) },
      emit: (effect) => void orders.push(effect),
      appended: () => undefined,
      truncated: () => undefined,
      reset: () => undefined,
    });
    expect(log.isWhole).toBe(false);
    const start = { logStartOffset: offset(70), epochBefore: leaderEpoch(1) };
    log.resetTo({ ...start, voters: new VoterSet([]) });
    expect([log.isWhole, orders]).toMatchObject([false, [{ type: 'ResetLog' }]]);
    const generation = logGeneration(1);
    log.wasCut(generation, { ...emptyLog(), generation, logEndOffset: offset(70) });
    expect(log.isWhole).toBe(true);
  });
});
