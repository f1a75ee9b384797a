import { describe, expect, it } from 'vitest';
import { diskContract } from '../../contracts/disk-contract.ts';
import { FakeDisk, PowerCut } from '../../fakes/fake-disk.ts';
import type { CrashMode } from '../../fakes/fake-disk.ts';

diskContract('FakeDisk', async () => new FakeDisk());

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

async function prepared(seed = 1): Promise<FakeDisk> {
  const disk = new FakeDisk(seed);
  const file = await disk.open('a', 'create');
  await file.write(0, [bytes(10, 1)]);
  await file.sync();
  await disk.syncDir('');
  await file.write(10, [bytes(10, 2)]);
  return disk;
}

const seen = (disk: FakeDisk, path: string): number[] => [...(disk.files().get(path) ?? [])];

describe('FakeDisk', () => {
  it('loses what was not synced at a power cut', async () => {
    const disk = await prepared();
    disk.reboot('lost');
    expect(seen(disk, 'a')).toEqual([...bytes(10, 1)]);
  });

  it('shows everything after a kill and still loses it at the power cut after', async () => {
    const disk = await prepared();
    disk.reboot('killed');
    expect(seen(disk, 'a').length).toBe(20);
    disk.reboot('lost');
    expect(seen(disk, 'a').length).toBe(10);
  });

  it('tears a write, and keeps a size without bytes', async () => {
    const sizes = new Set<string>();
    for (let seed = 1; seed < 200; seed++) {
      for (const mode of ['torn', 'some'] as const) {
        const disk = await prepared(seed);
        disk.reboot(mode);
        const left = seen(disk, 'a');
        expect(left.slice(0, 10)).toEqual([...bytes(10, 1)]);
        const tail = left.slice(10);
        if (tail.length === 10 && tail.every((byte) => byte === 0)) sizes.add('zeros');
        else sizes.add(tail.length === 0 ? 'none' : tail.length < 10 ? 'torn' : 'whole');
      }
    }
    expect([...sizes].sort()).toEqual(['none', 'torn', 'whole', 'zeros']);
  });

  it('loses a synced file whose name was not', async () => {
    const disk = new FakeDisk();
    const file = await disk.open('a', 'create');
    await file.write(0, [bytes(1, 1)]);
    await file.sync();
    disk.reboot('lost');
    expect(disk.files().size).toBe(0);
  });

  it('undoes an unlink and a rename that were not synced', async () => {
    const disk = await prepared();
    await disk.rename('a', 'b');
    disk.reboot('lost');
    expect([...disk.files().keys()]).toEqual(['a']);
    await disk.unlink('a');
    disk.reboot('lost');
    expect([...disk.files().keys()]).toEqual(['a']);
  });

  it('never shows half of a rename between directories', async () => {
    for (let seed = 1; seed < 60; seed++) {
      for (const mode of ['some', 'torn', 'lost'] as CrashMode[]) {
        const disk = await prepared(seed);
        await disk.makeDir('z/d');
        await disk.syncDir('');
        await disk.syncDir('z');
        await disk.rename('a', 'z/d/a');
        disk.reboot(mode);
        expect([...disk.files().keys()].length).toBe(1);
      }
    }
  });

  it('says yes to a second sync after a failed one and has lost the bytes', async () => {
    const disk = new FakeDisk(4);
    const file = await disk.open('a', 'create');
    await disk.syncDir('');
    for (let at = 0; at < 20; at++) await file.write(at, [bytes(1, 7)]);
    disk.failAt(disk.callCount + 1, 'EIO');
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.sync();
    expect(seen(disk, 'a')).toEqual([...bytes(20, 7)]);
    disk.reboot('lost');
    expect(seen(disk, 'a')).not.toEqual([...bytes(20, 7)]);
  });

  it('writes what fits and fails with ENOSPC', async () => {
    const disk = new FakeDisk();
    disk.budgetBytes = 15;
    const file = await disk.open('a', 'create');
    await file.write(0, [bytes(10, 1)]);
    await expect(file.write(10, [bytes(10, 2)])).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(seen(disk, 'a').length).toBe(15);
    await expect(disk.open('b', 'create')).rejects.toMatchObject({ code: 'ENOSPC' });
    await file.truncate(10);
    await file.write(10, [bytes(5, 2)]);
    await disk.unlink('a');
    expect((await disk.space()).freeBytes).toBe(15);
  });

  it('dies at a call, with every call after it, until the reboot', async () => {
    const disk = await prepared();
    disk.crashAt(disk.callCount + 2);
    const file = await disk.open('a', 'readWrite');
    await expect(file.sync()).rejects.toBeInstanceOf(PowerCut);
    await expect(disk.list('')).rejects.toBeInstanceOf(PowerCut);
    disk.reboot('lost');
    await expect(file.size()).rejects.toBeInstanceOf(PowerCut);
    expect(await disk.list('')).toEqual(['a']);
  });

  it('does the same for the same seed', async () => {
    const run = async (): Promise<number[]> => {
      const disk = await prepared(9);
      disk.reboot('torn');
      return seen(disk, 'a');
    };
    expect(await run()).toEqual(await run());
  });

  it('counts each kind of call and rots by request', async () => {
    const disk = await prepared();
    expect(disk.count('write')).toBe(2);
    expect(disk.trace.length).toBe(disk.callCount);
    disk.flipBit('a', 0, 3);
    expect(seen(disk, 'a')[0]).toBe(1 ^ 8);
  });
});
