import { expect, it, vi } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { logGeneration, logId, offset } from '../../../src/base/brand.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { Reserve } from '../../../src/log/reserve.ts';
import { DiskError, type Disk, type DiskFile } from '../../../src/ports/disk.ts';

const silent = { listen: () => undefined };

const reserveBytes = 1_000;

/** A full disk whose only room is what the reserve gives up; each append takes 100 bytes. */
function fullDisk() {
  const state = { freeBytes: 0, heldBytes: reserveBytes };
  const file = {
    write: (position: number, chunks: readonly Uint8Array[]) => {
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
      state.freeBytes -= bytes;
      state.heldBytes = position + bytes;
      return Promise.resolve();
    },
    truncate: (size: number) => {
      state.freeBytes += state.heldBytes - size;
      state.heldBytes = size;
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  } as Partial<DiskFile> as DiskFile;
  const disk = {
    space: () => Promise.resolve({ freeBytes: state.freeBytes, totalBytes: 1_000_000 }),
    stat: () => Promise.resolve({ bytes: state.heldBytes, isDirectory: false }),
    open: () => Promise.resolve(file),
    syncDir: () => Promise.resolve(),
  } as Partial<Disk> as Disk;
  const logOf = (topic: string) => {
    const seen = { appends: 0 };
    const append = () => {
      if (state.freeBytes < 100) throw new DiskError('ENOSPC', 'write', topic);
      state.freeBytes -= 100;
      seen.appends++;
      return Promise.resolve();
    };
    const sync = () => Promise.resolve({ generation: logGeneration(0), endOffset: offset(1) });
    return { seen, log: { topic, append, sync, rotReports: silent } as unknown as PartitionLog };
  };
  return { state, disk, logOf };
}

const append = (id: number) => ({
  ...{ type: 'AppendBatch' as const, logId: logId(id), generation: logGeneration(0) },
  ...{ batch: new Uint8Array(1), endOffset: offset(1) },
});
/** It looks for room twice a second. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

it('lets an internal topic use the reserve, and no data follow it (L9)', async () => {
  const { state, disk, logOf } = fullDisk();
  const [data, own] = [logOf('sensors'), logOf('__mqtt_sessions')];
  const posted: string[] = [];
  const journal = { isMarkDue: false };
  const reserve = await Reserve.open(disk, reserveBytes);
  const executor = new Executor({
    storage: { journal, reserve, bytes: 0, verdict: undefined, space: disk.space },
    budgetBytes: 1_000_000,
    post: ({ type }: { readonly type: string }) => void posted.push(type),
    ready: () => undefined,
  } as unknown as World);
  executor.adopt([data.log, own.log]);
  executor.execute([{ type: 'BecomeReady' }, append(0), append(1)]);
  await until(() => expect(own.seen.appends).toBe(1));
  // Whatever would follow it does so when it looks again.
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(data.seen.appends).toBe(0);
  executor.measureDisk();
  // Said again and again while it lasts.
  const told = (): Set<string> => new Set(posted.filter((type) => type.startsWith('Disk')));
  expect([...told()]).toEqual(['DiskFilled']);
  state.freeBytes += 500; // enough for the reserve again, and more
  await until(() => expect([...told()]).toEqual(['DiskFilled', 'DiskFreed']));
  expect(reserve.isHeld).toBe(true);
  expect(data.seen.appends).toBe(1);
});

it('lets the first batch of a start use the reserve, whatever its topic (L9)', async () => {
  const { disk, logOf } = fullDisk();
  const data = logOf('sensors');
  const reserve = await Reserve.open(disk, reserveBytes);
  const executor = new Executor({
    storage: {
      ...{ journal: { isMarkDue: false }, reserve, bytes: 0, verdict: undefined },
      space: disk.space,
    },
    budgetBytes: 1_000_000,
    post: () => undefined,
  } as unknown as World);
  executor.adopt([data.log]);
  executor.execute([append(0)]);
  await until(() => expect(data.seen.appends).toBe(1));
});

it('lets a log start that makes room have the room that it takes itself (L9)', async () => {
  const { state, disk, logOf } = fullDisk();
  const { seen, log } = logOf('sensors');
  const advanceLogStart = (): Promise<void> => {
    if (state.freeBytes < 10) throw new DiskError('ENOSPC', 'write', 'journal');
    state.freeBytes += 2_000;
    return Promise.resolve();
  };
  const reserve = await Reserve.open(disk, reserveBytes);
  const executor = new Executor({
    storage: {
      ...{ journal: { isMarkDue: false }, reserve, bytes: 0, verdict: undefined },
      space: disk.space,
    },
    budgetBytes: 1_000_000,
    post: () => undefined,
    ready: () => undefined,
  } as unknown as World);
  executor.adopt([Object.assign(log, { advanceLogStart })]);
  const advance = { type: 'AdvanceLogStart' as const, logId: logId(0), offset: offset(1) };
  executor.execute([{ type: 'BecomeReady' }, append(0), advance]);
  await until(() => {
    expect(seen.appends).toBe(1);
    expect(reserve.isHeld).toBe(true);
  });
});
