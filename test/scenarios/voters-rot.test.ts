/**
 * Rot in Voters records (V1, L6): who voted before them does not come back with it, or one of three
 * would think itself alone and lead beside the others.
 */
import { describe, expect, it } from 'vitest';
import { logGeneration, offset } from '../../src/base/brand.ts';
import { decodeGroups, encodeGroup } from '../../src/log/journal-record.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import type { StoredVoter } from '../../src/ports/stored-voters.ts';
import { buildVotersBatch } from '../../src/wire/kafka/voters-record.ts';
import { FakeDisk, PowerCut } from '../fakes/fake-disk.ts';
import { makeBatch, openLog, openStorage, otherTopicId, topicId } from '../unit/log/log-fixture.ts';

const key = { topicId, partition: 0 };
const path = 'logs/sensors-0/00000000000000000000.log';

const votersBatch = (base: number, voters: readonly StoredVoter[]): Uint8Array =>
  buildVotersBatch(
    voters.map(({ nodeId, directoryId }) => ({ nodeId, directoryId, isWitness: false })),
    { baseOffset: base, leaderEpoch: 1, timestamp: 1_000 },
  );

const reopen = async (disk: FakeDisk): Promise<PartitionLog> =>
  (await openStorage(disk)).logs[0] as PartitionLog;

/** Begun alone; the last of its batches is the Voters record of `nodes`, at 1. */
async function grownLog(disk: FakeDisk, ...nodes: number[]) {
  const { storage, log } = await openLog(disk);
  const votersOf = (...ids: number[]): readonly StoredVoter[] =>
    ids.map((nodeId) => ({
      ...{ nodeId, role: 'data' },
      directoryId: nodeId === 1 ? storage.meta.directoryId : otherTopicId,
    }));
  await storage.journal.persistVoters(key, votersOf(1));
  await log.append([makeBatch({ base: 0 })]);
  await log.append([votersBatch(1, votersOf(...nodes))]);
  await log.sync();
  return { storage, log, votersOf };
}

const rotAt = (disk: FakeDisk, base: number): void =>
  disk.flipBit(path, base * makeBatch({ base: 0 }).length + 70);

/** The journal as a version before wrote it. */
function forgetStatements(disk: FakeDisk): void {
  const { records } = decodeGroups(disk.files().get('journal') ?? new Uint8Array(0));
  disk.plant('journal', encodeGroup(records.filter(({ type }) => type !== 'votersAt')));
}

describe('rot in the only Voters record of a log', () => {
  it.each(['lost', 'killed'] as const)('leaves its voters in force: %s', async (how) => {
    const disk = new FakeDisk();
    const { votersOf } = await grownLog(disk, 1, 2, 3);
    disk.reboot(how);
    rotAt(disk, 1);
    for (let time = 0; time < 2; time++) {
      const { recovered } = await reopen(disk);
      expect(recovered.voterRecords).toEqual([{ from: 1, voters: votersOf(1, 2, 3) }]);
      expect(recovered.mustRefetch).toEqual([{ from: 1, to: 2 }]);
      disk.reboot('lost');
    }
  });

  it('leaves them in force where the log start passes the hole', async () => {
    const disk = new FakeDisk();
    const { votersOf } = await grownLog(disk, 1, 2, 3);
    rotAt(disk, 1);
    await (await reopen(disk)).advanceLogStart(offset(2));
    const { recovered } = await reopen(disk);
    expect([recovered.startVoters, recovered.voterRecords]).toEqual([votersOf(1, 2, 3), []]);
  });

  it('costs a node that is alone again nothing but the record', async () => {
    const disk = new FakeDisk();
    const { storage, log, votersOf } = await grownLog(disk, 1, 2);
    await log.append([votersBatch(2, votersOf(1))]);
    await log.sync();
    await storage.journal.writeMarks();
    disk.flipBit(path, (disk.files().get(path)?.length ?? 0) - 10);
    const { recovered } = await reopen(disk);
    expect(recovered.voterRecords.at(-1)).toEqual({ from: 2, voters: votersOf(1) });
    expect(recovered.mustRefetch).toEqual([]);
    expect(recovered.rot).toHaveLength(1);
  });

  it('is survived with a journal of the version before, from the next start on', async () => {
    const disk = new FakeDisk();
    const { votersOf } = await grownLog(disk, 1, 2, 3);
    forgetStatements(disk);
    await reopen(disk);
    rotAt(disk, 1);
    const { recovered } = await reopen(disk);
    expect(recovered.voterRecords).toEqual([{ from: 1, voters: votersOf(1, 2, 3) }]);
  });

  it('does not bring back voters that a cut or a reset has undone', async () => {
    const disk = new FakeDisk();
    const { log, storage, votersOf } = await grownLog(disk, 1, 2, 3);
    await log.truncate(offset(1), logGeneration(1));
    await log.append([votersBatch(1, votersOf(1, 2))]);
    await log.sync();
    expect(storage.journal.voterSets(key)).toEqual([{ from: 1, voters: votersOf(1, 2) }]);
    rotAt(disk, 1);
    const again = await reopen(disk);
    expect(again.recovered.voterRecords).toEqual([{ from: 1, voters: votersOf(1, 2) }]);
    const cut = await again.truncate(offset(1), logGeneration(1));
    expect(cut.voterRecords).toEqual([]);
    await again.append([votersBatch(1, votersOf(1, 3))]);
    await again.sync();
    const start = { at: offset(7), epochBefore: log.epochBeforeStart, voters: votersOf(2) };
    const reset = await again.reset(start, logGeneration(2));
    expect([reset.startVoters, reset.voterRecords]).toEqual([votersOf(2), []]);
  });
});

describe('a Voters record that is appended', () => {
  it('is stated before it counts, and never without being durable, at whatever call it dies', async () => {
    for (let call = 1; ; call++) {
      const disk = new FakeDisk(call);
      const { log, votersOf } = await grownLog(disk, 1, 2);
      disk.crashAt(disk.callCount + call);
      let counts = false;
      try {
        await log.append([votersBatch(2, votersOf(1, 2, 3))]);
        await log.sync();
        counts = true;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      disk.reboot((['killed', 'lost', 'some', 'torn'] as const)[call % 4] ?? 'lost');
      const { logs } = await openStorage(disk);
      const sets = logs[0]?.recovered.voterRecords ?? [];
      expect(sets.length).toBe(logs[0]?.logEndOffset === 3 ? 2 : 1);
      if (counts) return expect(sets.length).toBe(2);
    }
  });
});
