import { describe, expect, it } from 'vitest';
import { CondemnableDisk } from '../../../src/log/condemnable-disk.ts';
import type { DiskErrorCode, DiskFile } from '../../../src/ports/disk.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';

const bytes = [new Uint8Array([1, 2, 3])];

async function newDisk(): Promise<{ fake: FakeDisk; disk: CondemnableDisk; file: DiskFile }> {
  const fake = new FakeDisk();
  const disk = new CondemnableDisk(fake);
  const file = await disk.open('file', 'create');
  await file.write(0, bytes);
  return { fake, disk, file };
}

type Call = (disk: CondemnableDisk, file: DiskFile) => Promise<unknown>;

/** Every call that changes something, and the two kinds of fsync. */
const changes: readonly (readonly [string, Call])[] = [
  ['write', (_disk, file) => file.write(3, bytes)],
  ['truncate', (_disk, file) => file.truncate(1)],
  ['create', (disk) => disk.open('other', 'create')],
  ['makeDir', (disk) => disk.makeDir('dir')],
  ['rename', (disk) => disk.rename('file', 'moved')],
  ['unlink', (disk) => disk.unlink('file')],
];
const syncs: readonly (readonly [string, Call])[] = [
  ['sync', (_disk, file) => file.sync()],
  ['syncDir', (disk) => disk.syncDir('')],
];

const failing = async (run: Call, code: DiskErrorCode) => {
  const { fake, disk, file } = await newDisk();
  fake.failAt(fake.callCount + 1, code);
  await expect(run(disk, file)).rejects.toMatchObject({ code });
  return { fake, disk, file };
};

describe('CondemnableDisk (L8)', () => {
  it.each([...changes, ...syncs])(
    'takes no change and no fsync any more after EIO from %s',
    async (_name, run) => {
      const { fake, disk, file } = await failing(run, 'EIO');
      expect(disk.verdict?.code).toBe('EIO');
      const before = fake.callCount;
      for (const [, again] of [...changes, ...syncs]) {
        await expect(again(disk, file)).rejects.toBe(disk.verdict);
      }
      expect(fake.callCount).toBe(before);
      expect(await file.read(0, 3)).toEqual(bytes[0]);
    },
  );

  it('is condemned by a file system that became read-only', async () => {
    const { disk } = await failing((_disk, file) => file.write(3, bytes), 'EROFS');
    expect(disk.verdict?.code).toBe('EROFS');
  });

  it.each(changes)('goes on when %s finds no room', async (_name, run) => {
    const { disk, file } = await failing(run, 'ENOSPC');
    expect(disk.verdict).toBe(undefined);
    await file.write(0, bytes);
    await file.sync();
  });

  it.each(syncs)('is condemned when %s finds no room', async (_name, run) => {
    const { disk } = await failing(run, 'ENOSPC');
    expect(disk.verdict?.code).toBe('ENOSPC');
  });

  it('is not condemned by a read', async () => {
    const { disk, file } = await failing((_disk, opened) => opened.read(0, 1), 'EIO');
    expect(disk.verdict).toBe(undefined);
    await file.sync();
  });
});
