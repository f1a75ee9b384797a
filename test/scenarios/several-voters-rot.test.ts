/**
 * Bytes that fail in a log with several voters (L6): above the mark it is cut there and goes on,
 * below it the hole is named and filled from a peer.
 */
import { describe, expect, it } from 'vitest';
import { logGeneration, offset } from '../../src/base/brand.ts';
import { bytesEqual, concatBytes } from '../../src/base/bytes.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import type { Storage } from '../../src/log/storage.ts';
import type { StoredVoter } from '../../src/ports/stored-voters.ts';
import { batchPosition } from '../../src/wire/kafka/record-batch-header.ts';
import { FakeDisk, PowerCut } from '../fakes/fake-disk.ts';
import {
  emptySnapshot,
  makeBatch,
  openLog,
  openStorage,
  otherTopicId,
  readAll,
  topicId,
} from '../unit/log/log-fixture.ts';

const key = { topicId, partition: 0 };
const path = (base: number): string => `logs/sensors-0/${String(base).padStart(20, '0')}.log`;
const batchAt = (base: number): Uint8Array =>
  makeBatch({ base, isControl: base === 0, producerId: 7n, sequence: base });
const batchBytes = batchAt(1).length;

const others = (storage: Storage, ...nodes: number[]): readonly StoredVoter[] =>
  nodes.map((nodeId) => ({
    nodeId,
    directoryId: nodeId === 1 ? storage.meta.directoryId : otherTopicId,
    role: 'data',
  }));

/** Ten batches of one record, a roll behind the fifth; the mark stands at `mark`. */
async function tenBatches(disk: FakeDisk, mark: number, ...nodes: number[]): Promise<void> {
  const { storage, log } = await openLog(disk);
  if (nodes.length > 0) await storage.journal.persistVoters(key, others(storage, ...nodes));
  for (let base = 0; base < 10; base++) {
    if (base === 5) await log.roll(emptySnapshot);
    await log.append([batchAt(base)]);
  }
  await log.sync();
  await storage.journal.persistMark(key, offset(mark));
}

const reopen = async (disk: FakeDisk): Promise<PartitionLog> =>
  (await openStorage(disk)).logs[0] as PartitionLog;

describe('a log of several voters', () => {
  it('is cut at the first bytes that fail above the mark, and votes on', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 6, 1, 2, 3);
    const start = batchAt(0).length;
    expect(start).toBe(batchBytes);
    disk.flipBit(path(5), 2 * batchBytes + 70);
    for (let time = 0; time < 2; time++) {
      const log = await reopen(disk);
      expect(log.logEndOffset).toBe(7);
      expect(log.rot).toEqual([]);
      expect(log.recovered.mustRefetch).toEqual([]);
      expect(log.recovered.producerStateFrom).toBeUndefined();
      expect([...(await readAll(log)).batches.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6]);
      disk.reboot('lost');
    }
    const aside = [...disk.files()].filter(([name]) => name.startsWith('set-aside/'));
    expect(aside.map(([, bytes]) => bytes.length)).toEqual([3 * batchBytes]);
  });

  it.each([[[]], [[1]]])('keeps all that is sound where it is alone: voters %j', async (nodes) => {
    const disk = new FakeDisk();
    await tenBatches(disk, 6, ...nodes);
    disk.flipBit(path(5), 2 * batchBytes + 70);
    const log = await reopen(disk);
    expect(log.logEndOffset).toBe(10);
    expect(log.rot.map(({ from, to }) => [from, to])).toEqual([[7, 8]]);
    expect(log.recovered.mustRefetch).toEqual([]);
  });

  it('names its holes below the mark until they are filled from a peer', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 10, 2, 3);
    disk.flipBit(path(0), 2 * batchBytes + 70);
    disk.flipBit(path(0), 3 * batchBytes + 70);
    disk.flipBit(path(5), 2 * batchBytes + 70);
    disk.plant(path(0).replace('.log', '.digest'), new Uint8Array(3));
    let log = await reopen(disk);
    expect(log.recovered.mustRefetch).toEqual([
      { from: 2, to: 4 },
      { from: 7, to: 8 },
    ]);
    expect(log.recovered.producerStateFrom).toBe(8);
    let recovered = await log.repair(batchAt(2), logGeneration(1));
    expect(recovered).toMatchObject({ generation: 1, logEndOffset: 10 });
    expect(recovered.mustRefetch.map(({ from }) => from)).toEqual([3, 7]);
    disk.reboot('lost');
    log = await reopen(disk);
    expect(log.recovered.mustRefetch.map(({ from }) => from)).toEqual([3, 7]);
    await log.repair(batchAt(3), logGeneration(1));
    recovered = await log.repair(batchAt(7), logGeneration(2));
    expect(recovered.mustRefetch).toEqual([]);
    expect(recovered.rot).toEqual([]);
    expect(recovered.producerStateFrom).toBeUndefined();
    await log.append([batchAt(10)]);
    await log.sync();
    disk.reboot('lost');
    const { batches } = await readAll(await reopen(disk));
    for (let base = 0; base <= 10; base++) {
      expect(bytesEqual(batches.get(base) ?? new Uint8Array(0), batchAt(base))).toBe(true);
    }
  });

  it('knows the producers in a filled hole, whatever was sealed and stopped behind it', async () => {
    for (const stops of [false, true]) {
      const disk = new FakeDisk();
      await tenBatches(disk, 10, 2, 3);
      disk.flipBit(path(5), 2 * batchBytes + 70);
      let log = await reopen(disk);
      await log.append([batchAt(10)]);
      // Who was seen behind the hole alone: the core knows no more while it is there.
      await log.roll(emptySnapshot);
      await log.append([batchAt(11)]);
      if (stops) {
        await log.close({ clean: true, producerSnapshot: emptySnapshot });
        log = await reopen(disk);
      }
      const recovered = await log.repair(batchAt(7), logGeneration(1));
      expect(recovered.mustRefetch).toEqual([]);
      const bases = recovered.producerBatches.map(({ baseOffset }) => baseOffset);
      expect(bases).toEqual([5, 6, 7, 8, 9, 10, 11]);
    }
  });

  it('ends where it is cut in a hole in front of all that is left, at whatever call it dies', async () => {
    for (let call = 1; ; call++) {
      const disk = new FakeDisk(call);
      await tenBatches(disk, 10, 2, 3);
      for (const batch of [0, 1]) disk.flipBit(path(0), batch * batchBytes + 70);
      disk.plant(path(0).replace('.log', '.digest'), new Uint8Array(3));
      const log = await reopen(disk);
      expect(log.recovered.mustRefetch).toEqual([{ from: 0, to: 2 }]);
      disk.crashAt(disk.callCount + call);
      const isCut = await log.truncate(offset(1), logGeneration(1), offset(2)).then(
        ({ logEndOffset }) => logEndOffset,
        (error: unknown) => {
          if (!(error instanceof PowerCut)) throw error;
          return undefined;
        },
      );
      disk.reboot('some');
      expect([1, undefined]).toContain(isCut);
      expect((await reopen(disk)).logEndOffset).toBeOneOf(isCut === undefined ? [1, 10] : [1]);
      if (isCut !== undefined) return;
    }
  });

  it('knows how far it was after a cut that took a hole with it, at whatever call it dies', async () => {
    for (let call = 1; ; call++) {
      const disk = new FakeDisk(call);
      await tenBatches(disk, 10, 2, 3);
      disk.flipBit(path(5), 3 * batchBytes + 70);
      const log = await reopen(disk);
      disk.crashAt(disk.callCount + call);
      const isCut = await log.truncate(offset(8), logGeneration(1), offset(9)).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof PowerCut)) throw error;
          return false;
        },
      );
      disk.reboot('some');
      const { logs, facts } = await openStorage(disk);
      const end = logs[0]?.logEndOffset ?? 0;
      expect(end === 10 || facts.onceHad[0]?.to === 9).toBe(true);
      if (isCut) return expect(end).toBe(8);
    }
  });

  it('lacks its beginning at every start until it is filled, where one dies in the midst, too', async () => {
    for (const lost of [[0], [0, 1, 2, 3, 4]]) {
      for (let call = lost.length; ; call += 11) {
        const disk = new FakeDisk(call);
        await tenBatches(disk, 10, 2, 3);
        for (const base of lost) disk.flipBit(path(0), base * batchBytes + 70);
        // Nothing vouches for its first segment, as after a scrub.
        disk.remove(path(0).replace('.log', '.digest'));
        disk.crashAt(disk.callCount + call);
        const isDone = await reopen(disk).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof PowerCut)) throw error;
            return false;
          },
        );
        const hole = { from: 0, to: lost.length };
        for (const mode of ['some', 'lost'] as const) {
          disk.reboot(mode);
          const { logStartOffset, recovered } = await reopen(disk);
          expect([logStartOffset, recovered.mustRefetch]).toEqual([0, [hole]]);
        }
        const log = await reopen(disk);
        // Any cut reads the folder again, too.
        await log.truncate(offset(9), logGeneration(1));
        expect(log.recovered).toMatchObject({ logStartOffset: 0, mustRefetch: [hole] });
        const filled = await log.repair(concatBytes(lost.map(batchAt)), logGeneration(2));
        expect(filled).toMatchObject({ logStartOffset: 0, mustRefetch: [] });
        if (isDone) break;
      }
    }
  });

  it('has a hole or what filled it, at whatever call it dies', async () => {
    for (let call = 1; ; call++) {
      const disk = new FakeDisk(call);
      await tenBatches(disk, 10, 2, 3);
      disk.flipBit(path(5), 1 * batchBytes + 70);
      disk.flipBit(path(5), 2 * batchBytes + 70);
      const log = await reopen(disk);
      disk.crashAt(disk.callCount + call);
      let isFilled = false;
      try {
        await log.repair(concatBytes([batchAt(6), batchAt(7)]), logGeneration(1));
        isFilled = true;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      disk.reboot((['killed', 'lost', 'some', 'torn'] as const)[call % 4] ?? 'lost');
      const again = await reopen(disk);
      const isWhole = again.recovered.mustRefetch.length === 0;
      expect(isWhole || !isFilled).toBe(true);
      const { batches } = await readAll(again);
      const all = isWhole ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 8, 9];
      expect([...batches.keys()]).toEqual(all);
      expect(again.logEndOffset).toBe(10);
      if (isFilled) break;
    }
  });

  it('is mended while it is open, in a sealed segment and in the active one', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 10, 2, 3);
    const log = await reopen(disk);
    disk.flipBit(path(0), 2 * batchBytes + 70);
    disk.flipBit(path(5), 3 * batchBytes + 70);
    await log.repair(batchAt(2), logGeneration(1));
    await log.repair(batchAt(8), logGeneration(2));
    const { batches } = await readAll(log);
    expect([...batches.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await log.append([batchAt(10)]);
    await log.sync();
    expect([...(await readAll(await reopen(disk))).batches.keys()]).toHaveLength(11);
  });

  it('is mended where what was lost at the end of a segment goes on in the next', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 10, 2, 3);
    const log = await reopen(disk);
    disk.flipBit(path(0), 4 * batchBytes + 70);
    disk.flipBit(path(5), 70);
    await log.repair(concatBytes([batchAt(4), batchAt(5), batchAt(6)]), logGeneration(1));
    const { batches } = await readAll(log);
    for (let base = 0; base < 10; base++) {
      expect(bytesEqual(batches.get(base) ?? new Uint8Array(0), batchAt(base))).toBe(true);
    }
  });

  it('gets back a leader epoch, which no CRC covers', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 10, 2, 3);
    const log = await reopen(disk);
    disk.flipBit(path(0), 2 * batchBytes + batchPosition.leaderEpoch + 3);
    const range = { from: offset(2), to: offset(3), bytesMax: 1 };
    expect((await log.read(range)).ok).toBe(false);
    await log.repair(batchAt(2), logGeneration(1));
    const read = await log.read(range);
    expect(read.ok && bytesEqual(read.value, batchAt(2))).toBe(true);
  });

  it('takes nothing that is not lost', async () => {
    const disk = new FakeDisk();
    await tenBatches(disk, 10, 2, 3);
    const log = await reopen(disk);
    const before = disk.files().get(path(0));
    await log.repair(batchAt(4), logGeneration(1));
    expect(disk.files().get(path(0))).toEqual(before);
    const other = makeBatch({ base: 4, producerId: 7n, sequence: 4, fill: 99 });
    await expect(log.repair(other, logGeneration(2))).rejects.toThrow('the same');
    await expect(log.repair(batchAt(4).subarray(1), logGeneration(3))).rejects.toThrow('sound');
  });
});
