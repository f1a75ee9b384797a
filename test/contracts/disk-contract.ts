import { describe, expect, it } from 'vitest';
import { DiskError } from '../../src/ports/disk.ts';
import type { Disk, DiskErrorCode } from '../../src/ports/disk.ts';

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

async function codeOf(running: Promise<unknown>): Promise<DiskErrorCode | 'none'> {
  try {
    await running;
    return 'none';
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
}

async function put(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, 'create');
  await file.write(0, [bytes]);
  await file.close();
}

async function get(disk: Disk, path: string): Promise<number[]> {
  const file = await disk.open(path, 'read');
  const bytes = await file.read(0, await file.size());
  await file.close();
  return [...bytes];
}

/**
 * What every Disk does, the real one and the fake one. `make` gives an empty disk of its own for
 * each test.
 */
export function diskContract(name: string, make: () => Promise<Disk>): void {
  describe(`${name} as a Disk`, () => {
    it('creates a file once and opens it after', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1, 2, 3));
      expect(await codeOf(disk.open('a', 'create'))).toBe('EEXIST');
      expect(await get(disk, 'a')).toEqual([1, 2, 3]);
    });

    it('says ENOENT for what is not there', async () => {
      const disk = await make();
      expect(await codeOf(disk.open('no', 'read'))).toBe('ENOENT');
      expect(await codeOf(disk.open('no', 'readWrite'))).toBe('ENOENT');
      expect(await codeOf(disk.open('no/file', 'create'))).toBe('ENOENT');
      expect(await codeOf(disk.list('no'))).toBe('ENOENT');
      expect(await codeOf(disk.unlink('no'))).toBe('ENOENT');
      expect(await codeOf(disk.rename('no', 'yes'))).toBe('ENOENT');
      expect(await codeOf(disk.syncDir('no'))).toBe('ENOENT');
      expect(await disk.stat('no')).toBeUndefined();
      expect(await disk.stat('no/file')).toBeUndefined();
    });

    it('writes chunks one after the other at a position', async () => {
      const disk = await make();
      const file = await disk.open('a', 'create');
      await file.write(0, [bytesOf(1, 2), bytesOf(), bytesOf(3, 4, 5)]);
      await file.write(3, [bytesOf(9), bytesOf(8, 7)]);
      expect([...(await file.read(0, 100))]).toEqual([1, 2, 3, 9, 8, 7]);
      expect(await file.size()).toBe(6);
      await file.sync();
      await file.close();
    });

    it('writes more chunks than one vectored write takes', async () => {
      const disk = await make();
      const file = await disk.open('a', 'create');
      const chunks = Array.from({ length: 3000 }, (_, i) => bytesOf(i & 0xff, (i >> 8) & 0xff));
      await file.write(0, chunks);
      const back = await file.read(0, 10_000);
      expect(back.length).toBe(6000);
      expect(back.every((byte, at) => byte === chunks[at >> 1]?.[at & 1])).toBe(true);
      await file.close();
    });

    it('fills a gap with zeros', async () => {
      const disk = await make();
      const file = await disk.open('a', 'create');
      await file.write(3, [bytesOf(5)]);
      expect([...(await file.read(0, 9))]).toEqual([0, 0, 0, 5]);
      await file.close();
    });

    it('reads less only at the end of the file', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1, 2, 3, 4));
      const file = await disk.open('a', 'read');
      expect([...(await file.read(1, 2))]).toEqual([2, 3]);
      expect([...(await file.read(3, 5))]).toEqual([4]);
      expect([...(await file.read(4, 5))]).toEqual([]);
      await file.close();
    });

    it('gives the caller an array of its own', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1, 2));
      const file = await disk.open('a', 'read');
      (await file.read(0, 2)).fill(0);
      expect([...(await file.read(0, 2))]).toEqual([1, 2]);
      await file.close();
    });

    it('truncates shorter and longer', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1, 2, 3));
      const file = await disk.open('a', 'readWrite');
      await file.truncate(1);
      await file.truncate(3);
      expect([...(await file.read(0, 9))]).toEqual([1, 0, 0]);
      await file.close();
    });

    it('lists names sorted, and tells files from directories', async () => {
      const disk = await make();
      await disk.makeDir('d/e');
      await put(disk, 'd/b', bytesOf(1));
      await put(disk, 'd/a', bytesOf(1, 2));
      expect(await disk.list('d')).toEqual(['a', 'b', 'e']);
      expect(await disk.list('')).toEqual(['d']);
      expect(await disk.stat('d/a')).toEqual({ bytes: 2, isDirectory: false });
      expect((await disk.stat('d/e'))?.isDirectory).toBe(true);
    });

    it('makes a directory that is there without an error', async () => {
      const disk = await make();
      await disk.makeDir('d');
      await disk.makeDir('d');
      await disk.syncDir('d');
      await disk.syncDir('');
      expect(await disk.list('d')).toEqual([]);
    });

    it('renames over a file, and an open file keeps its bytes', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1));
      await put(disk, 'b', bytesOf(2));
      const old = await disk.open('b', 'read');
      await disk.rename('a', 'b');
      expect(await get(disk, 'b')).toEqual([1]);
      expect([...(await old.read(0, 1))]).toEqual([2]);
      expect(await disk.list('')).toEqual(['b']);
      await old.close();
    });

    it('renames a directory with what is in it', async () => {
      const disk = await make();
      await disk.makeDir('d');
      await disk.makeDir('x');
      await put(disk, 'd/a', bytesOf(1));
      await disk.rename('d', 'x/d');
      expect(await get(disk, 'x/d/a')).toEqual([1]);
      expect(await disk.stat('d')).toBeUndefined();
    });

    it('keeps the bytes of an unlinked file for who has it open', async () => {
      const disk = await make();
      await put(disk, 'a', bytesOf(1, 2));
      const file = await disk.open('a', 'read');
      await disk.unlink('a');
      expect([...(await file.read(0, 2))]).toEqual([1, 2]);
      expect(await disk.stat('a')).toBeUndefined();
      await file.close();
    });

    it('removes only an empty directory', async () => {
      const disk = await make();
      await disk.makeDir('d');
      await put(disk, 'd/a', bytesOf(1));
      expect(await codeOf(disk.removeDir('d'))).not.toBe('none');
      await disk.unlink('d/a');
      await disk.removeDir('d');
      expect(await disk.list('')).toEqual([]);
    });

    it('tells its space', async () => {
      const space = await (await make()).space();
      expect(space.totalBytes).toBeGreaterThan(0);
      expect(space.freeBytes).toBeGreaterThan(0);
      expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
    });

    it('rejects the use of a closed file', async () => {
      const disk = await make();
      const file = await disk.open('a', 'create');
      await file.close();
      expect(await codeOf(file.write(0, [bytesOf(1)]))).not.toBe('none');
    });
  });
}
