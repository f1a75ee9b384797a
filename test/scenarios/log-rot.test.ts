/**
 * Bits rot in every kind of file: never a wrong byte, the rest served, the offsets named, no help
 * needed.
 */
import { describe, expect, it } from 'vitest';
import { bytesEqual } from '../../src/base/bytes.ts';
import { Prng } from '../../src/base/prng.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { buildLeaderChangeBatch } from '../../src/wire/kafka/control-record.ts';
import { FakeDisk } from '../fakes/fake-disk.ts';
import {
  ManualClock,
  emptySnapshot,
  fill,
  makeBatch,
  openLog,
  openStorage,
  readAll,
} from '../unit/log/log-fixture.ts';

const dir = 'logs/sensors-0';
const file = (base: number, suffix: string): string =>
  `${dir}/${String(base).padStart(20, '0')}.${suffix}`;

/** Three segments [0,20) [20,40) [40,60), two records a batch, stopped cleanly. */
async function stopped(): Promise<{ disk: FakeDisk; all: Map<number, Uint8Array> }> {
  const disk = new FakeDisk(3);
  const { storage, log } = await openLog(disk);
  for (const end of [20, 40, 60]) {
    await fill(log, end, { records: 2, epoch: 1, producerId: 9n });
    if (end < 60) await log.roll(emptySnapshot);
  }
  const { batches } = await readAll(log);
  await log.close({ clean: true, producerSnapshot: emptySnapshot });
  await storage.close();
  return { disk, all: batches };
}

async function expectTrue(disk: FakeDisk, all: Map<number, Uint8Array>): Promise<number> {
  const log = (await openStorage(disk)).logs[0];
  if (log === undefined) throw new Error('the log is gone');
  const { batches, refused } = await readAll(log);
  for (const [base, bytes] of batches) {
    const known = all.get(base);
    if (known === undefined || !bytesEqual(known, bytes)) throw new Error(`wrong bytes at ${base}`);
  }
  // What is not served is refused by name.
  for (const base of all.keys()) {
    if (batches.has(base)) continue;
    expect(refused.some(([from, to]) => from <= base && base < to)).toBe(true);
  }
  expect(log.logEndOffset).toBeGreaterThanOrEqual(60);
  return all.size - batches.size;
}

describe('rot', { timeout: 60_000 }, () => {
  it('costs at most the batches that it touches, in every file, at any bit', async () => {
    const prng = new Prng(5);
    const { disk: first } = await stopped();
    const names = [...first.files()].filter(
      ([name, bytes]) => bytes.length > 0 && name !== 'reserve',
    );
    for (const [name, bytes] of names) {
      for (let time = 0; time < 12; time++) {
        const { disk, all } = await stopped();
        const position = prng.below(bytes.length);
        const bit = prng.below(8);
        disk.flipBit(name, position, bit);
        try {
          const lost = await expectTrue(disk, all);
          expect(lost).toBeLessThanOrEqual(name.endsWith('.log') ? 1 : 0);
          disk.reboot('lost');
          expect(await expectTrue(disk, all)).toBeLessThanOrEqual(lost);
        } catch (error) {
          throw new Error(`${name} byte ${position} bit ${bit}`, { cause: error });
        }
      }
    }
  });

  it('is found in a running node, by the read that meets it', async () => {
    const disk = new FakeDisk(3);
    const { log } = await openLog(disk);
    await fill(log, 40, { valueBytes: 20_000 });
    await log.roll(emptySnapshot);
    await fill(log, 60, { valueBytes: 20_000 });
    await log.sync();
    const { batches: all } = await readAll(log);
    disk.flipBit(file(0, 'log'), 45_000, 3);
    const { batches, refused } = await readAll(log);
    expect(refused).toEqual([[2, 3]]);
    expect(all.size - batches.size).toBe(1);
    expect(log.rot.map(({ from, to, reason }) => [from, to, reason])).toEqual([[2, 3, 'crc']]);
    // The next start sets the bytes aside and names the same offsets.
    const again = (await openStorage(disk)).logs[0];
    expect(again?.rot.map(({ from, to }) => [from, to])).toEqual([[2, 3]]);
    expect(again?.rot[0]?.setAside).toMatch(/^set-aside\/sensors-0-/);
    expect(disk.files().get(again?.rot[0]?.setAside ?? '')?.length).toBeGreaterThan(20_000);
    expect(again?.segments().map((segment) => segment.baseOffset)).toEqual([0, 3, 40]);
  });

  it('below the mark is never taken for a torn tail', async () => {
    const { disk } = await stopped();
    const bytes = disk.files().get(file(40, 'log')) as Uint8Array;
    disk.flipBit(file(40, 'log'), bytes.length - 5);
    const storage = await openStorage(disk);
    const log = storage.logs[0];
    expect(log?.logEndOffset).toBe(60);
    expect(log?.rot.map(({ from, to }) => [from, to])).toEqual([[58, 60]]);
    expect(log?.recovered.producerStateFrom).toBe(60);
    await log?.append([makeBatch({ base: 60, epoch: 2 })]);
    await log?.sync();
    disk.reboot('lost');
    const again = (await openStorage(disk)).logs[0];
    expect(again?.logEndOffset).toBe(61);
    expect(again?.rot.map(({ from, to }) => [from, to])).toEqual([[58, 60]]);
  });

  it('of a leader epoch is found where no CRC covers it, even in the last batch', async () => {
    const disk = new FakeDisk(3);
    const { storage, log } = await openLog(disk);
    const change = { leaderId: 1, voters: [1], grantingVoters: [1] };
    const place = { baseOffset: 0, leaderEpoch: 5, timestamp: 1 };
    await log.append([buildLeaderChangeBatch(change, place)]);
    await fill(log, 4, { epoch: 5 });
    await log.roll(emptySnapshot);
    await fill(log, 5, { epoch: 5 });
    await log.append([buildLeaderChangeBatch(change, { ...place, baseOffset: 5, leaderEpoch: 6 })]);
    await fill(log, 8, { epoch: 6 });
    const { batches: all } = await readAll(log);
    await log.close({ clean: true, producerSnapshot: emptySnapshot });
    await storage.close();
    const newest = disk.files().get(file(4, 'log')) as Uint8Array;
    for (const { baseOffset, position } of scanBatches(newest).headers) {
      for (let bit = 0; bit < 32; bit++) {
        const trial = new FakeDisk(3);
        for (const [name, bytes] of disk.files()) trial.plant(name, bytes);
        trial.flipBit(file(4, 'log'), position + 12 + (bit >> 3), bit & 7);
        const again = (await openStorage(trial)).logs[0] as PartitionLog;
        const { batches } = await readAll(again);
        expect([...all.keys()].filter((base) => !batches.has(base))).toEqual([baseOffset]);
        expect(again.rot.map(({ from, to }) => [from, to])).toEqual([[baseOffset, baseOffset + 1]]);
      }
    }
  });

  it('of a sector that cannot be read costs the batches on it, not the start', async () => {
    const disk = new FakeDisk(3);
    const { storage, log: first } = await openLog(disk);
    await fill(first, 20, { valueBytes: 3_000 });
    await first.roll(emptySnapshot);
    await fill(first, 40, { valueBytes: 3_000 });
    const { batches: all } = await readAll(first);
    await first.close({ clean: true, producerSnapshot: emptySnapshot });
    await storage.close();
    disk.spoil(file(0, 'log'), 30_000);
    disk.spoil(file(20, 'log'), 30_000);
    const log = (await openStorage(disk)).logs[0] as PartitionLog;
    const { batches, refused } = await readAll(log);
    expect(refused.map(([from, to]) => to - from)).toEqual([2, 2]);
    expect(batches.size).toBe(36);
    // As `toEqual`, which takes seconds for a megabyte.
    const isRight = ([base, bytes]: readonly [number, Uint8Array]) =>
      Buffer.compare(bytes, all.get(base) ?? new Uint8Array()) === 0;
    expect([...batches].every(isRight)).toBe(true);
    expect(log.rot.map(({ from }) => from)).toEqual(
      expect.arrayContaining(refused.map(([from]) => from)),
    );
  });

  it('above the mark with a good batch behind it leaves a hole and the good batch', async () => {
    const disk = new FakeDisk(3);
    const { log } = await openLog(disk);
    await fill(log, 5);
    await log.sync();
    disk.flipBit(file(0, 'log'), 250);
    disk.reboot('killed');
    const again = (await openStorage(disk)).logs[0];
    expect(again?.logEndOffset).toBe(5);
    const { batches, refused } = await readAll(again as NonNullable<typeof again>);
    expect([...batches.keys()]).toEqual([0, 1, 3, 4]);
    expect(refused).toEqual([[2, 3]]);
    expect(again?.recovered.producerStateFrom).toBe(3);
  });

  it('that makes a leader epoch negative costs that batch, one raised no other', async () => {
    for (const [base, bit, expected] of [
      [5, 7, [0, 1, 2, 3, 4]],
      [2, 6, [0, 1, 2, 3, 4, 5]],
    ] as const) {
      const disk = new FakeDisk(3);
      const { log } = await openLog(disk);
      await fill(log, 3, { epoch: 2 });
      await log.roll(emptySnapshot);
      await fill(log, 6, { epoch: 2 });
      await log.sync();
      const name = file(base < 3 ? 0 : 3, 'log');
      const bytes = disk.files().get(name) as Uint8Array;
      disk.flipBit(name, (bytes.length * 2) / 3 + 12, bit);
      disk.remove(file(0, 'digest'));
      for (let starts = 0; starts < 2; starts++) {
        disk.reboot('killed');
        const again = (await openStorage(disk)).logs[0];
        const { batches } = await readAll(again as NonNullable<typeof again>);
        expect([...batches.keys()]).toEqual(expected);
      }
    }
  });

  it('above the mark with nothing good behind it is a torn tail', async () => {
    const disk = new FakeDisk(3);
    const { log } = await openLog(disk);
    await fill(log, 5);
    await log.sync();
    const bytes = disk.files().get(file(0, 'log')) as Uint8Array;
    disk.flipBit(file(0, 'log'), bytes.length - 1);
    disk.reboot('killed');
    const again = (await openStorage(disk)).logs[0];
    expect(again?.logEndOffset).toBe(4);
    expect(again?.rot).toEqual([]);
  });

  it('cuts a torn tail at every byte of the last batch and never more', async () => {
    const last = makeBatch({ base: 4, fill: 2 });
    for (let left = 0; left <= last.length; left++) {
      const disk = new FakeDisk(3);
      const { log } = await openLog(disk);
      await fill(log, 4);
      await log.append([last]);
      const bytes = disk.files().get(file(0, 'log')) as Uint8Array;
      disk.plant(file(0, 'log'), bytes.subarray(0, bytes.length - last.length + left));
      disk.reboot('killed');
      const again = (await openStorage(disk)).logs[0];
      expect(again?.logEndOffset).toBe(left === last.length ? 5 : 4);
    }
  });

  it('of the journal is told, and the newest segment counts as above the mark', async () => {
    const clock = new ManualClock();
    const { disk, all } = await stopped();
    const storage = await openStorage(disk, { clock });
    await storage.journal.persistEntry('a', '1');
    await storage.journal.persistEntry('b', '2');
    disk.flipBit('journal', 60);
    const again = await openStorage(disk);
    expect(again.journal.isDamaged).toBe(true);
    expect((await readAll(again.logs[0] as NonNullable<(typeof again.logs)[0]>)).batches.size).toBe(
      all.size,
    );
    expect((await openStorage(disk)).journal.isDamaged).toBe(true);
    disk.remove('journal');
    expect((await openStorage(disk)).journal.isDamaged).toBe(true);
  });

  it('of partition.metadata is healed from its copy, and the other way round', async () => {
    const { disk, all } = await stopped();
    for (const name of ['partition.metadata', 'partition.copy.json']) {
      const whole = disk.files().get(`${dir}/${name}`) as Uint8Array;
      // One bit of this id is the id of another topic, as good as the right one.
      disk.flipBit(`${dir}/${name}`, 25, 1);
      expect(await expectTrue(disk, all)).toBe(0);
      expect(disk.files().get(`${dir}/${name}`)).toEqual(whole);
    }
    disk.remove(`${dir}/partition.copy.json`);
    expect(await expectTrue(disk, all)).toBe(0);
    expect(disk.files().has(`${dir}/partition.copy.json`)).toBe(true);
  });

  it('of both copies of a topic id sets the folder aside and deletes nothing', async () => {
    const { disk } = await stopped();
    disk.flipBit(`${dir}/partition.copy.json`, 12);
    const before = disk.files().get(file(20, 'log'));
    disk.flipBit(`${dir}/partition.metadata`, 3);
    const storage = await openStorage(disk);
    expect(storage.logs).toEqual([]);
    expect(storage.foldersSetAside.map(({ reason }) => reason)).toEqual([
      'no intact partition.metadata',
    ]);
    expect(disk.files().get(file(20, 'log').replace(dir, 'set-aside/sensors-0.1'))).toEqual(before);
  });

  it('that takes a whole segment file is a hole, not the end of the log', async () => {
    const { disk } = await stopped();
    disk.remove(file(20, 'log'));
    const log = (await openStorage(disk)).logs[0];
    expect(log?.rot.map(({ from, to }) => [from, to])).toEqual([[20, 40]]);
    expect(log?.logEndOffset).toBe(60);
  });

  it('that takes the end of a sealed segment is named by the next start', async () => {
    const { disk, all } = await stopped();
    const bytes = disk.files().get(file(0, 'log')) as Uint8Array;
    disk.plant(file(0, 'log'), bytes.subarray(0, bytes.length - 5));
    const log = (await openStorage(disk)).logs[0] as PartitionLog;
    expect(log.rot.map(({ from, to }) => [from, to])).toEqual([[18, 20]]);
    expect((await readAll(log)).batches.size).toBe(all.size - 1);
  });

  it('cannot be told from a batch in a payload', async () => {
    const disk = new FakeDisk(3);
    const { log } = await openLog(disk);
    await fill(log, 3);
    // A reading whose bytes are a record batch that would fit the log just there.
    const fake = makeBatch({ base: 4, epoch: 1, fill: 0x66 });
    const { RecordBatchBuilder } = await import('../../src/wire/kafka/record-batch-builder.ts');
    const { noRecordHeaders } = await import('../../src/wire/kafka/record-headers.ts');
    const builder = new RecordBatchBuilder();
    builder.append(1_000, undefined, fake, noRecordHeaders);
    await log.append([builder.finish({ baseOffset: 3, leaderEpoch: 1 })]);
    await fill(log, 6);
    await log.sync();
    const { batches: all } = await readAll(log);
    const at = disk.files().get(file(0, 'log'))?.indexOf(0x66) ?? 0;
    // The length of the outer batch rots: recovery has to search for where the log goes on.
    const outer = [...all.entries()].slice(0, 3).reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(at).toBeGreaterThan(outer);
    disk.flipBit(file(0, 'log'), outer + 9, 1);
    disk.reboot('killed');
    const again = (await openStorage(disk)).logs[0];
    const { batches } = await readAll(again as NonNullable<typeof again>);
    expect([...batches.keys()]).toEqual([0, 1, 2, 4, 5]);
    expect(bytesEqual(batches.get(4) as Uint8Array, all.get(4) as Uint8Array)).toBe(true);
  });
});
