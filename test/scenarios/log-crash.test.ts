/**
 * A fixed life of one log, cut off at every call that it makes of the disk, in each way that a
 * process or a machine can die, and with every call failing once. After each: a start without help,
 * every batch that was acknowledged is there byte by byte, nothing is there that was not written,
 * and it goes on.
 */
import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset } from '../../src/base/brand.ts';
import { bytesEqual } from '../../src/base/bytes.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import type { Storage } from '../../src/log/storage.ts';
import { DiskError } from '../../src/ports/disk.ts';
import { FakeDisk, PowerCut } from '../fakes/fake-disk.ts';
import type { CrashMode, DiskCall } from '../fakes/fake-disk.ts';
import {
  ManualClock,
  emptySnapshot,
  makeBatch,
  nextGeneration,
  openStorage,
  readAll,
  topicId,
} from '../unit/log/log-fixture.ts';

const timeoutMs = 60_000;
const modes: readonly CrashMode[] = ['killed', 'lost', 'some', 'torn'];
const directory = topicId;

/** What the outside was promised, and what could rightly be found. */
class Promised {
  readonly acknowledged = new Map<number, Uint8Array>();
  /** Every batch that was ever handed to the log at that offset. */
  readonly written = new Map<number, Uint8Array[]>();
  logStart = 0;
  logStartAsked = 0;
  epoch = 0;
  entry = '';
  starts = 0;
  cleanEnd = 0;
  /**
   * Of a write of several batches the power cut may have kept the end alone: a hole that recovery
   * reports (L6), of what nobody was promised.
   */
  readonly mayHaveHoles: boolean;

  constructor(mode?: CrashMode) {
    this.mayHaveHoles = mode === 'some';
  }
}

class Life {
  readonly disk: FakeDisk;
  readonly promised: Promised;
  readonly clock = new ManualClock();
  #storage: Storage | undefined;
  #log: PartitionLog | undefined;
  #pending: [number, Uint8Array][] = [];
  #sequence = 0;

  constructor(disk: FakeDisk, promised: Promised) {
    this.disk = disk;
    this.promised = promised;
  }

  get log(): PartitionLog {
    return this.#log as PartitionLog;
  }

  get storage(): Storage {
    return this.#storage as Storage;
  }

  async start(): Promise<void> {
    await this.#retried(async () => {
      this.#storage = await openStorage(this.disk, { clock: this.clock, reserveBytes: 4096 });
    });
    this.promised.starts = this.storage.meta.startCounter;
    await this.#retried(async () => {
      this.#log = await this.storage.createLog('sensors', topicId, 0);
    });
  }

  async vote(epoch: number): Promise<void> {
    const vote = { topicId, partition: 0, leaderEpoch: leaderEpoch(epoch), votedFor: directory };
    await this.#retried(() => this.storage.journal.persistVotes([vote]));
    this.promised.epoch = epoch;
  }

  async append(count: number, epoch: number): Promise<void> {
    const batches: Uint8Array[] = [];
    let base: number = this.log.logEndOffset;
    for (let index = 0; index < count; index++) {
      const batch = makeBatch({
        base,
        epoch,
        records: 2,
        // A leader epoch begins with a control batch (C1).
        isControl: index === 0 && this.log.epochStarts.at(-1)?.leaderEpoch !== epoch,
        fill: (this.#sequence + index * 7) & 0xff,
        producerId: 5n,
        sequence: this.#sequence,
        timestamp: 1_000 + this.#sequence,
      });
      this.#sequence += 2;
      this.promised.written.set(base, [...(this.promised.written.get(base) ?? []), batch]);
      this.#pending.push([base, batch]);
      batches.push(batch);
      base += 2;
    }
    await this.#retried(() => this.log.append(batches));
    this.clock.nowMs += 300;
  }

  async sync(): Promise<void> {
    const { endOffset } = await this.log.sync();
    for (const [base, batch] of this.#pending) {
      if (base < endOffset) this.promised.acknowledged.set(base, batch);
    }
    this.#pending = [];
    if (this.storage.journal.isMarkDue) {
      await this.#retried(() => this.storage.journal.writeMarks());
    }
  }

  async roll(): Promise<void> {
    await this.#retried(() => this.log.roll(emptySnapshot));
  }

  async advance(to: number): Promise<void> {
    this.promised.logStartAsked = to;
    await this.#retried(() => this.log.advanceLogStart(offset(to)));
    this.promised.logStart = to;
  }

  async truncate(to: number): Promise<void> {
    for (const base of this.promised.acknowledged.keys()) {
      if (base >= to) this.promised.acknowledged.delete(base);
    }
    this.#pending = this.#pending.filter(([base]) => base < to);
    await this.#retried(async () => {
      await this.log.truncate(offset(to), nextGeneration(this.log));
    });
    expect(this.log.logEndOffset).toBe(to);
  }

  async remember(entry: string): Promise<void> {
    await this.#retried(() => this.storage.journal.persistEntry('forward', entry));
    this.promised.entry = entry;
  }

  async stop(): Promise<void> {
    await this.#retried(() => this.log.close({ clean: true, producerSnapshot: emptySnapshot }));
    await this.#retried(() => this.storage.close());
  }

  /** No space is a state, not an end: the same order again, once there is room, does it (L8). */
  async #retried(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const isFull = error instanceof DiskError && error.code === 'ENOSPC';
      if (!isFull || this.#storage?.verdict !== undefined) throw error;
      await run();
    }
  }
}

/**
 * Three rolls, a retention delete, two checkpoint replacements, a truncation, a clean stop and a
 * start after it.
 */
async function live(disk: FakeDisk, promised: Promised): Promise<void> {
  const life = new Life(disk, promised);
  await life.start();
  await life.storage.reserve.refill();
  await life.vote(1);
  await life.append(3, 1);
  await life.sync();
  await life.append(2, 1);
  await life.roll();
  await life.sync();
  await life.append(4, 1);
  await life.sync();
  await life.remember('one');
  await life.append(3, 1);
  await life.roll();
  await life.append(2, 1);
  await life.sync();
  await life.advance(10);
  await life.append(3, 1);
  await life.sync();
  await life.vote(2);
  await life.append(2, 2);
  await life.sync();
  await life.truncate(36);
  await life.append(4, 2);
  await life.sync();
  await life.truncate(20);
  await life.append(3, 2);
  await life.sync();
  await life.roll();
  await life.append(2, 2);
  // The journal is written while bytes of the log wait for their fsync: no mark may speak of them.
  await life.remember('two');
  await life.sync();
  await life.stop();
  const next = new Life(disk, promised);
  await next.start();
  await next.vote(3);
  await next.append(2, 3);
  await next.sync();
  await next.append(2, 3);
}

/** The life until the disk ends it; what else goes wrong is the product's fault. */
async function liveUntilDeath(disk: FakeDisk, promised: Promised): Promise<void> {
  try {
    await live(disk, promised);
  } catch (error) {
    if (error instanceof PowerCut || error instanceof DiskError) return;
    throw error;
  }
}

async function check(disk: FakeDisk, promised: Promised): Promise<PartitionLog | undefined> {
  const storage = await openStorage(disk);
  expect(storage.journal.isDamaged).toBe(false);
  expect(storage.meta.startCounter).toBeGreaterThan(promised.starts);
  promised.starts = storage.meta.startCounter;
  expect(storage.foldersSetAside).toEqual([]);
  expect(storage.journal.votes()[0]?.leaderEpoch ?? 0).toBeGreaterThanOrEqual(promised.epoch);
  if (promised.entry === 'two') expect(storage.journal.entries()[0]?.json).toBe('two');
  const log = storage.logs[0];
  if (log === undefined) {
    expect(promised.acknowledged.size).toBe(0);
    return undefined;
  }
  if (!promised.mayHaveHoles) expect(log.rot).toEqual([]);
  expect(log.logStartOffset).toBeGreaterThanOrEqual(promised.logStart);
  expect(log.logStartOffset).toBeLessThanOrEqual(promised.logStartAsked);
  const { batches, refused } = await readAll(log);
  const reported = log.rot.map(({ from, to }) => [from, to]);
  for (const range of refused) expect(reported).toContainEqual(range);
  for (const [base, bytes] of promised.acknowledged) {
    if (base < log.logStartOffset) continue;
    const found = batches.get(base);
    if (found === undefined || !bytesEqual(found, bytes)) throw new Error(`lost ${base}`);
  }
  for (const [base, bytes] of batches) {
    const known = promised.written.get(base) ?? [];
    if (!known.some((one) => bytesEqual(one, bytes))) throw new Error(`made up ${base}`);
  }
  return log;
}

/**
 * A start, a power cut right after it (what recovery kept is durable, L7), and a life that goes on.
 */
async function checkAndGoOn(
  disk: FakeDisk,
  promised: Promised,
  goesOnAtOnce = false,
): Promise<void> {
  const log = await check(disk, promised);
  if (goesOnAtOnce && log !== undefined) return goOn(disk, promised, log);
  const end = log?.logEndOffset;
  disk.reboot('lost');
  const again = await check(disk, promised);
  expect(again?.logEndOffset).toBe(end);
  if (again !== undefined) await goOn(disk, promised, again);
}

/** What is acknowledged after a start is safe, in whatever file that start had found. */
async function goOn(disk: FakeDisk, promised: Promised, log: PartitionLog): Promise<void> {
  const base = log.logEndOffset;
  const batch = makeBatch({ base, epoch: 9, fill: 0x99, isControl: true });
  promised.written.set(base, [batch]);
  await log.append([batch]);
  await log.sync();
  promised.acknowledged.set(base, batch);
  disk.reboot('lost');
  await check(disk, promised);
}

async function lifeTrace(): Promise<readonly DiskCall[]> {
  const disk = new FakeDisk(1);
  await live(disk, new Promised());
  return disk.trace;
}

const trace = await lifeTrace();

describe('a log that dies', { timeout: timeoutMs }, () => {
  it('makes calls of every kind in its fixed life', () => {
    const kinds = new Set(trace);
    for (const kind of ['open', 'write', 'sync', 'syncDir', 'rename', 'unlink'] as const) {
      expect(kinds.has(kind)).toBe(true);
    }
    expect(trace.length).toBeGreaterThan(300);
  });

  it.each([...modes.map((mode) => [mode, false] as const), ['killed', true] as const])(
    'loses nothing at any call: %s, goes on at once: %s',
    async (mode, goesOn) => {
      for (let call = 1; call <= trace.length; call++) {
        const disk = new FakeDisk(call);
        const promised = new Promised(mode);
        disk.crashAt(call);
        await liveUntilDeath(disk, promised);
        disk.reboot(mode);
        try {
          await checkAndGoOn(disk, promised, goesOn);
        } catch (error) {
          throw new Error(`call ${call} (${trace[call - 1]}) ${mode}`, { cause: error });
        }
      }
    },
  );

  it.each(['EIO', 'ENOSPC'] as const)('loses nothing when any call fails: %s', async (code) => {
    const fitting = new Set<DiskCall>(['open', 'write', 'sync', 'syncDir', 'rename', 'makeDir']);
    for (let call = 1; call <= trace.length; call++) {
      if (code === 'ENOSPC' && !fitting.has(trace[call - 1] as DiskCall)) continue;
      for (const mode of ['killed', 'lost'] as const) {
        const disk = new FakeDisk(call);
        const promised = new Promised();
        disk.failAt(call, code);
        await liveUntilDeath(disk, promised);
        disk.reboot(mode);
        try {
          await checkAndGoOn(disk, promised);
        } catch (error) {
          throw new Error(`call ${call} (${trace[call - 1]}) ${code} ${mode}`, { cause: error });
        }
      }
    }
  });

  it.each(['killed', 'some', 'torn'] as const)(
    'loses nothing when recovery dies at each of its calls too: %s',
    async (mode) => {
      const first = 30 + 25 * modes.indexOf(mode);
      for (let call = first; call <= trace.length; call += 90) {
        for (let second = 1; ; second++) {
          const disk = new FakeDisk(call);
          const promised = new Promised(mode);
          disk.crashAt(call);
          await liveUntilDeath(disk, promised);
          disk.reboot(mode);
          disk.crashAt(disk.callCount + second);
          let isRecovered = false;
          try {
            await openStorage(disk);
            isRecovered = true;
          } catch (error) {
            if (!(error instanceof PowerCut)) throw error;
          }
          if (isRecovered) break;
          disk.reboot(second % 2 === 0 ? 'lost' : mode);
          try {
            await checkAndGoOn(disk, promised);
          } catch (error) {
            throw new Error(`call ${call}, then ${second} ${mode}`, { cause: error });
          }
        }
      }
    },
  );
});
