import { describe, expect, it } from 'vitest';
import { leaderEpoch, logGeneration, offset, timestampMs } from '../../../src/base/brand.ts';
import type { Offset } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { decodeCheckpoint } from '../../../src/log/checkpoint-file.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import type { StoredVoter } from '../../../src/ports/stored-voters.ts';
import { buildVotersBatch } from '../../../src/wire/kafka/voters-record.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import {
  baseOffsets,
  emptySnapshot,
  fill,
  makeBatch,
  openLog,
  openStorage,
  readAll,
  topicId,
} from './log-fixture.ts';

const dir = 'logs/sensors-0';

const read = async (
  log: PartitionLog,
  from: number,
  to: number = log.logEndOffset,
  bytesMax = 1 << 20,
): Promise<number[] | string> => {
  const found = await log.read({ from: offset(from), to: offset(to), bytesMax });
  return found.ok ? baseOffsets(found.value) : found.error.code;
};

/** Batches of three records: [0,3) [3,6) ...; rolled at 30 and 60, up to 90; read from the disk. */
const votersOf = (...nodes: number[]): readonly StoredVoter[] =>
  nodes.map((nodeId) => ({
    nodeId,
    directoryId: topicId,
    role: nodeId === 3 ? 'witness' : 'data',
  }));

const votersBatch = (base: number, voters: readonly StoredVoter[]): Uint8Array =>
  buildVotersBatch(
    voters.map(({ role, ...voter }) => ({ ...voter, isWitness: role === 'witness' })),
    { baseOffset: base, leaderEpoch: 1, timestamp: 1_000 },
  );

async function threeSegments(disk = new FakeDisk()): Promise<PartitionLog> {
  const { storage, log } = await openLog(disk);
  for (const end of [30, 60, 90]) {
    await fill(log, end, { records: 3, epoch: end / 30 });
    if (end < 90) await log.roll(emptySnapshot);
  }
  await log.close({ clean: true, producerSnapshot: emptySnapshot });
  await storage.close();
  return (await openStorage(disk)).logs[0] as PartitionLog;
}

const lowestBit = (value: number): number => 31 - Math.clz32(value & -value);

describe('PartitionLog', () => {
  it('reads whole batches, from memory and from the disk alike', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 30, { records: 3 });
    const fromDisk = await threeSegments();
    for (const one of [log, fromDisk]) {
      expect(await read(one, 0, 9)).toEqual([0, 3, 6]);
      expect(await read(one, 4, 9)).toEqual([3, 6]);
      expect(await read(one, 4, 8)).toEqual([3]);
      expect(await read(one, 4, 5)).toEqual([]);
      expect(await read(one, 4, 30, 1)).toEqual([3]);
      expect(await read(one, 29, 30)).toEqual([27]);
      expect(await read(one, 9, 9)).toEqual([]);
    }
    expect(await read(log, 30)).toEqual([]);
    expect(await read(log, 31)).toBe('OFFSET_OUT_OF_RANGE');
    const reads = disk.count('read');
    await read(log, 0);
    expect(disk.count('read')).toBe(reads);
  });

  it('reads every offset of sealed segments with and without their indexes', async () => {
    for (const kind of ['whole', 'gone', 'torn', 'position', 'offset'] as const) {
      const disk = new FakeDisk();
      const log = await threeSegments(disk);
      for (const base of ['00000000000000000000', '00000000000000000030']) {
        const path = `${dir}/${base}.index`;
        const bytes = disk.files().get(path) as Uint8Array;
        expect(bytes.length).toBeGreaterThan(16);
        if (kind === 'gone') disk.remove(path);
        if (kind === 'torn') disk.plant(path, bytes.subarray(0, 13));
        if (kind === 'position') disk.flipBit(path, 7, 4);
        // Its first entry then names a batch in front of the one that it leads to.
        if (kind === 'offset') disk.flipBit(path, 3, lowestBit(bytes[3] as number));
      }
      for (let at = 0; at < 90; at++) {
        expect(await read(log, at, 90, 1)).toEqual([at - (at % 3)]);
      }
      expect(log.rot).toEqual([]);
    }
  });

  it('says how far an fsync reached as of the call', async () => {
    const { log } = await openLog(new FakeDisk());
    await fill(log, 3);
    const running = log.sync();
    const appending = fill(log, 6);
    expect(await running).toEqual({ generation: 0, endOffset: 3 });
    await appending;
    expect([log.durableEndOffset, log.logEndOffset]).toEqual([3, 6]);
    await log.sync();
    expect(log.durableEndOffset).toBe(6);
  });

  it('does not fsync when there is nothing new', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 3);
    await log.sync();
    const before = disk.count('sync');
    await log.sync();
    expect(disk.count('sync')).toBe(before);
  });

  it('refuses everything after a failed fsync, and a second one never says yes', async () => {
    const disk = new FakeDisk();
    const { storage, log } = await openLog(disk);
    await fill(log, 3);
    disk.failAt(disk.callCount + 1, 'EIO');
    await expect(log.sync()).rejects.toMatchObject({ code: 'EIO' });
    await expect(log.sync()).rejects.toMatchObject({ code: 'EIO' });
    await expect(fill(log, 4)).rejects.toMatchObject({ code: 'EIO' });
    await expect(storage.journal.persistEntry('a', '1')).rejects.toMatchObject({ code: 'EIO' });
    expect(storage.verdict?.operation).toBe('sync');
    expect(log.durableEndOffset).toBe(0);
  });

  it('cuts off what a full disk took of an append, and takes the same append later', async () => {
    const disk = new FakeDisk();
    const { log, storage } = await openLog(disk);
    await fill(log, 5);
    const batches = [makeBatch({ base: 5 }), makeBatch({ base: 6 })];
    const used = disk.budgetBytes - (await disk.space()).freeBytes;
    disk.budgetBytes = used + (batches[0]?.length ?? 0) + 10;
    await expect(log.append(batches)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(log.logEndOffset).toBe(5);
    expect(disk.files().get(`${dir}/00000000000000000000.log`)?.length).toBe(log.bytes);
    expect(storage.verdict).toBeUndefined();
    expect(await read(log, 0)).toEqual([0, 1, 2, 3, 4]);
    disk.budgetBytes *= 2;
    await log.append(batches);
    await log.sync();
    disk.reboot('lost');
    expect((await readAll((await openStorage(disk)).logs[0] as PartitionLog)).batches.size).toBe(7);
  });

  it('refuses batches that do not follow the log end', async () => {
    const { log } = await openLog(new FakeDisk());
    await expect(log.append([makeBatch({ base: 1 })])).rejects.toThrow('follow the log end');
  });

  it('seals on a roll and trusts the seal without reading the bytes', async () => {
    const disk = new FakeDisk();
    const log = await threeSegments(disk);
    expect(log.segments().map(({ baseOffset, endOffset }) => [baseOffset, endOffset])).toEqual([
      [0, 30],
      [30, 60],
      [60, 90],
    ]);
    const before = disk.trace.length;
    await openStorage(disk);
    const opened = disk.paths.slice(before).filter((path, index) => {
      return disk.trace[before + index] === 'open' && path.endsWith('.log');
    });
    expect(new Set(opened)).toEqual(new Set([`${dir}/00000000000000000060.log`]));
    expect(log.recovered.epochStarts.map((one) => [one.leaderEpoch, one.startOffset])).toEqual([
      [1, 0],
      [2, 30],
      [3, 60],
    ]);
    const checkpoint = disk.files().get(`${dir}/leader-epoch-checkpoint`) as Uint8Array;
    expect(decodeCheckpoint(checkpoint)).toEqual(log.epochStarts);
  });

  it('gives the producers of the newest snapshot and what came after it', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 3, { producerId: 4n });
    await log.roll(emptySnapshot);
    await fill(log, 5, { producerId: 4n, sequence: 9 });
    await log.sync();
    disk.reboot('lost');
    const { recovered } = (await openStorage(disk)).logs[0] as PartitionLog;
    // The snapshot was not fsynced: it is derived, and without it the whole log is replayed.
    expect(recovered.producerSnapshot).toBeUndefined();
    expect(recovered.producerBatches.map((one) => one.baseOffset)).toEqual([0, 1, 2, 3, 4]);
    const again = new FakeDisk();
    const second = await openLog(again);
    await fill(second.log, 3, { producerId: 4n });
    await second.log.roll(emptySnapshot);
    await fill(second.log, 5, { producerId: 4n, sequence: 9 });
    again.reboot('killed');
    const found = ((await openStorage(again)).logs[0] as PartitionLog).recovered;
    expect(found.producerSnapshot).toEqual(emptySnapshot);
    expect(found.producerSnapshotOffset).toBe(3);
    expect(found.producerBatches.map((one) => [one.baseOffset, one.baseSequence])).toEqual([
      [3, 9],
      [4, 9],
    ]);
    expect(found.producerStateFrom).toBeUndefined();
  });

  it('does not believe a snapshot of beyond its end (P1)', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 3, { producerId: 4n });
    await log.roll(emptySnapshot);
    // A crash within the roll, then rot: the snapshot knows a batch that the log has not.
    const file = `${dir}/${'0'.repeat(20)}`;
    disk.remove(`${dir}/${'3'.padStart(20, '0')}.log`);
    disk.remove(`${file}.digest`);
    disk.plant(`${file}.log`, (disk.files().get(`${file}.log`) as Uint8Array).slice(0, -5));
    disk.reboot('killed');
    const { recovered } = (await openStorage(disk)).logs[0] as PartitionLog;
    expect(recovered.logEndOffset).toBe(2);
    expect(recovered.producerSnapshot).toBeUndefined();
    expect(recovered.producerBatches.map((one) => one.baseOffset)).toEqual([0, 1]);
  });

  it('truncates to a batch boundary, in any segment, and begins a new generation', async () => {
    for (const [to, end] of [
      [90, 90],
      [89, 87],
      [60, 60],
      [31, 30],
      [10, 9],
      [0, 0],
    ] as const) {
      const disk = new FakeDisk();
      const log = await threeSegments(disk);
      const recovered = await log.truncate(offset(to), logGeneration(1));
      expect(recovered.logEndOffset).toBe(end);
      expect(recovered.generation).toBe(1);
      expect(log.generation).toBe(1);
      expect(log.rot).toEqual([]);
      expect(log.epochStarts.every((one) => one.startOffset < Math.max(end, 1))).toBe(true);
      await log.append([makeBatch({ base: end, epoch: 7 })]);
      await log.sync();
      disk.reboot('lost');
      const again = (await openStorage(disk)).logs[0] as PartitionLog;
      expect(again.logEndOffset).toBe(end + 1);
      expect(await read(again, end)).toEqual([end]);
      expect([...disk.files().keys()].filter((path) => path.endsWith('.log')).length).toBe(
        again.segments().length,
      );
    }
  });

  it('moves the log start durably before it unlinks', async () => {
    const disk = new FakeDisk();
    const log = await threeSegments(disk);
    await log.advanceLogStart(offset(40));
    expect(log.segments().map((segment) => segment.baseOffset)).toEqual([30, 60]);
    expect(await read(log, 39)).toBe('OFFSET_OUT_OF_RANGE');
    expect(await read(log, 40, 43)).toEqual([39]);
    expect(log.epochStarts[0]).toEqual({ leaderEpoch: 2, startOffset: 40 });
    disk.reboot('lost');
    const again = (await openStorage(disk)).logs[0] as PartitionLog;
    expect(again.logStartOffset).toBe(40);
    expect(again.rot).toEqual([]);
    expect(again.epochStarts).toEqual(log.epochStarts);
  });

  it('finds offsets by time as a walk over all records does', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    const records: [number, number][] = [];
    for (let batch = 0; batch < 60; batch++) {
      const base = log.logEndOffset;
      const timestamp = 1_000 + ((batch * 37) % 50) * 10 + (batch > 40 ? 700 : 0);
      const isControl = batch % 9 === 0;
      await log.append([makeBatch({ base, records: 3, timestamp, isControl })]);
      const seen = isControl ? 0 : 3;
      for (let i = 0; i < seen; i++) records.push([base + i, timestamp + i]);
      if (batch % 20 === 19) await log.roll(emptySnapshot);
    }
    await log.close({ clean: true, producerSnapshot: emptySnapshot });
    const again = (await openStorage(disk)).logs[0] as PartitionLog;
    for (let timestamp = 990; timestamp < 2_300; timestamp += 7) {
      for (const to of [90, 100, again.logEndOffset]) {
        const below = records.filter(([at]) => at < to - (to % 3));
        const expected = below.find(([, time]) => time >= timestamp);
        const found = await again.findOffset(timestampMs(timestamp), offset(to));
        if (!found.ok) throw new Error(found.error.code);
        expect([found.value?.offset, found.value?.timestamp]).toEqual(
          expected ?? [undefined, undefined],
        );
      }
    }
    const newest = await again.findOffset(timestampMs(-3), again.logEndOffset);
    const best = Math.max(...records.map(([, time]) => time));
    expect(newest.ok && newest.value?.offset).toBe(records.find(([, time]) => time === best)?.[0]);
  });

  it('finds what is left where retention takes the segment that is searched', async () => {
    for (let step = 0; step < 40; step++) {
      const disk = new FakeDisk();
      const { log } = await openLog(disk);
      for (let segment = 0; segment < 3; segment++) {
        await fill(log, 3 * segment + 3);
        await log.roll(emptySnapshot);
      }
      await log.close({ clean: true, producerSnapshot: emptySnapshot });
      const again = (await openStorage(disk)).logs[0] as PartitionLog;
      const finding = again.findOffset(timestampMs(0), again.logEndOffset);
      for (let i = 0; i < step; i++) await Promise.resolve();
      await again.advanceLogStart(again.segments()[1]?.baseOffset as Offset);
      const found = await finding;
      const at = found.ok ? found.value?.offset : found.error.code;
      expect([0, again.logStartOffset], String(step)).toContain(at);
    }
  });

  it('keeps its memory of the tail bounded', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 100, { valueBytes: 10_000 });
    const reads = disk.count('read');
    const first = Math.ceil(100 - limits.tailCacheBytesMax / 10_100);
    await read(log, first + 1);
    expect(disk.count('read')).toBe(reads);
    await read(log, 10, 20);
    expect(disk.count('read')).toBeGreaterThan(reads);
    expect((await readAll(log)).batches.size).toBe(100);
  });

  it('answers reads beside retention and truncation without calling it rot', async () => {
    const log = await threeSegments();
    const reading = log.read({ from: 0 as Offset, to: 90 as Offset, bytesMax: 100 });
    await log.advanceLogStart(offset(60));
    const found = await reading;
    expect(found.ok || found.error.code).toSatisfy(
      (x) => x === true || x === 'OFFSET_OUT_OF_RANGE',
    );
    expect(log.rot).toEqual([]);
  });

  it('sets a folder of another topic id aside and makes its own', async () => {
    const disk = new FakeDisk();
    const { storage, log } = await openLog(disk);
    await fill(log, 3);
    await storage.setLogAside(log, 'deleted');
    const fresh = await storage.createLog('sensors', topicId, 0);
    expect(fresh.logEndOffset).toBe(0);
    expect(disk.files().has('set-aside/sensors-0.1/00000000000000000000.log')).toBe(true);
  });
});

describe('a read that needs more than one look at the file', () => {
  // 20 KiB each and no index entry: a read of the third begins at the first, looks at 16 KiB more
  // than it wants, and must look again for the fourth.
  it('gives the batches of both looks', async () => {
    const disk = new FakeDisk();
    const { storage, log } = await openLog(disk, { indexIntervalBytes: 1 << 20 });
    await fill(log, 6, { valueBytes: 20_480 });
    await log.close({ clean: true });
    await storage.close();
    const [again] = (await openStorage(disk, { indexIntervalBytes: 1 << 20 })).logs;
    const range = { from: offset(2), to: offset(6), bytesMax: 45_000 };
    const found = await (again as PartitionLog).read(range);
    expect(found.ok && found.value.length).toBe(
      2 * makeBatch({ base: 2, valueBytes: 20_480 }).length,
    );
    expect(await read(again as PartitionLog, 2, 6, 45_000)).toEqual([2, 3]);
    expect(await read(again as PartitionLog, 2, 6)).toEqual([2, 3, 4, 5]);
  });

  it('begins anew at an offset, empty, in a new generation', async () => {
    for (const at of [30, 60, 90, 500]) {
      const disk = new FakeDisk();
      const log = await threeSegments(disk);
      const voters = [{ nodeId: 2, directoryId: topicId, role: 'data' }] as const;
      const start = { at: offset(at), epochBefore: leaderEpoch(9), voters };
      const recovered = await log.reset(start, logGeneration(4));
      expect(recovered).toMatchObject({
        ...{ generation: 4, logStartOffset: at, logEndOffset: at, epochBeforeStart: 9 },
        ...{ startVoters: voters, epochStarts: [], producerBatches: [], rot: [] },
        ...{ producerSnapshot: undefined, producerStateFrom: undefined },
      });
      expect(log.bytes).toBe(0);
      expect(await log.read({ from: offset(at - 1), to: offset(at), bytesMax: 1 })).toMatchObject({
        ok: false,
      });
      await log.append([makeBatch({ base: at, epoch: 10 })]);
      await log.sync();
      disk.reboot('lost');
      const again = (await openStorage(disk)).logs[0] as PartitionLog;
      expect([...(await readAll(again)).batches.keys()]).toEqual([at]);
      expect(again.recovered).toMatchObject({ epochBeforeStart: 9, startVoters: voters });
    }
  });

  it('knows the leader epoch below its start', async () => {
    const disk = new FakeDisk();
    const { log } = await openLog(disk);
    await fill(log, 5, { epoch: 3 });
    await fill(log, 9, { epoch: 4 });
    for (const [to, epoch] of [
      [2, 3],
      [5, 3],
      [6, 4],
    ] as const) {
      await log.advanceLogStart(offset(to));
      expect(log.epochBeforeStart).toBe(epoch);
    }
    await log.sync();
    disk.reboot('lost');
    const again = (await openStorage(disk)).logs[0] as PartitionLog;
    expect(again.recovered.epochBeforeStart).toBe(4);
  });

  it('knows its Voters records: appended, sealed, at a start, cut, and passed by its start', async () => {
    const disk = new FakeDisk();
    const { storage, log } = await openLog(disk);
    const [one, two, three] = [votersOf(1), votersOf(1, 2), votersOf(1, 2, 3)];
    await storage.journal.persistVoters({ topicId, partition: 0 }, one);
    await log.append([votersBatch(0, two), makeBatch({ base: 1 })]);
    await log.roll(emptySnapshot);
    await log.append([makeBatch({ base: 2 }), votersBatch(3, three), makeBatch({ base: 4 })]);
    await log.sync();
    const expected = [
      { from: 0, voters: two },
      { from: 3, voters: three },
    ];
    const reopen = async () => (await openStorage(disk)).logs[0] as PartitionLog;
    for (const damage of ['none', 'digest'] as const) {
      if (damage === 'digest') disk.flipBit('logs/sensors-0/00000000000000000000.digest', 20);
      const { recovered } = await reopen();
      expect([recovered.startVoters, recovered.voterRecords]).toEqual([one, expected]);
    }
    let again = await reopen();
    const cut = await again.truncate(offset(3), logGeneration(1));
    expect(cut.voterRecords).toEqual(expected.slice(0, 1));
    await again.append([votersBatch(3, three), makeBatch({ base: 4 })]);
    await again.sync();
    await again.advanceLogStart(offset(1));
    disk.reboot('lost');
    again = await reopen();
    expect([again.recovered.startVoters, again.recovered.voterRecords]).toEqual([
      two,
      expected.slice(1),
    ]);
    await again.advanceLogStart(offset(3));
    await again.advanceLogStart(offset(4));
    again = await reopen();
    expect([again.recovered.startVoters, again.recovered.voterRecords]).toEqual([three, []]);
  });
});
