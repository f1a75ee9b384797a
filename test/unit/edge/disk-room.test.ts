import { describe, expect, it } from 'vitest';
import { DiskRoom } from '../../../edge/disk-room.ts';
import type { Event } from '../../../src/core/event.ts';
import type { Reserve } from '../../../src/log/reserve.ts';

/** A room of 1,000 bytes that all logs may hold, and a disk that has more. */
function openRoom(budgetBytes: number | 'auto' = 1_000) {
  const posted: Event[] = [];
  const disk = { bytes: 0, freeBytes: 10_000, isHanging: false };
  const reserve = { isMissed: false, missingBytes: 0, wantedBytes: 0, refill: async () => 0 };
  const room = new DiskRoom({
    storage: {
      reserve: reserve as unknown as Reserve,
      get bytes() {
        return disk.bytes;
      },
      space: () =>
        disk.isHanging
          ? new Promise(() => undefined)
          : Promise.resolve({ freeBytes: disk.freeBytes, totalBytes: 0 }),
    },
    budgetBytes,
    isStalled: () => disk.isHanging,
    isDead: () => false,
    post: (event) => posted.push(event),
    start: (work) => void work(),
  });
  const write = (bytes: number): void => {
    disk.bytes += bytes;
    disk.freeBytes -= bytes;
    room.wrote(bytes);
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { room, disk, posted, write, settle };
}

describe('DiskRoom', () => {
  it('is full with the write that reaches the budget, and not before', async () => {
    const { room, posted, write } = openRoom();
    await room.refresh();
    write(999);
    expect(posted).toEqual([]);
    write(1);
    expect(posted).toEqual([{ type: 'DiskFilled', missingBytes: 1, budgetBytes: 1_000 }]);
  });

  it('is full with the write that reaches what the file system has', async () => {
    const { room, posted, write } = openRoom('auto');
    await room.refresh();
    write(9_999);
    expect(posted).toEqual([]);
    write(1);
    expect(posted).toEqual([{ type: 'DiskFilled', missingBytes: 1, budgetBytes: 10_000 }]);
  });

  it('tells that the disk stalls, though nothing that it is asked is answered (L8)', async () => {
    const { room, disk, posted } = openRoom();
    await room.refresh();
    disk.isHanging = true;
    const hanging = room.refresh();
    expect(posted).toEqual([]);
    await Promise.race([hanging, room.refresh()]);
    expect(posted).toEqual([{ type: 'DiskStalled' }]);
  });

  it('says a full disk once for all the writes that were under way', async () => {
    const { room, posted, write } = openRoom();
    await room.refresh();
    write(1_000);
    write(500);
    expect(posted).toHaveLength(1);
    await room.refresh();
    expect(posted.at(-1)).toEqual({ type: 'DiskFilled', missingBytes: 501, budgetBytes: 1_000 });
  });

  it('lets publishers go on with the drop that made room', async () => {
    const { room, disk, posted, write, settle } = openRoom();
    await room.refresh();
    write(1_200);
    disk.bytes = 1_100;
    room.shrank();
    await settle();
    expect(posted.at(-1)).toEqual({ type: 'DiskFilled', missingBytes: 101, budgetBytes: 1_000 });
    disk.bytes = 900;
    room.shrank();
    await settle();
    expect(posted.at(-1)).toEqual({ type: 'DiskFreed' });
    write(100);
    expect(posted.at(-1)).toEqual({ type: 'DiskFilled', missingBytes: 1, budgetBytes: 1_000 });
  });
});
