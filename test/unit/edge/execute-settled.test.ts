import { expect, it } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { logGeneration, logId, offset, type LogId } from '../../../src/base/brand.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { RotReports } from '../../../src/log/rot-report.ts';
import { DiskError } from '../../../src/ports/disk.ts';

/** A log whose fsync ends when the test lets it. */
function gatedLog() {
  const gate: { open?: () => void } = {};
  const log = {
    rotReports: new RotReports({ topic: 'sensors', partition: 0, telemetry: undefined }),
    topic: 'sensors',
    append: () => Promise.resolve(),
    sync: async () => {
      await new Promise<void>((resolve) => (gate.open = resolve));
      return { generation: logGeneration(0), endOffset: offset(1) };
    },
  } as Partial<PartitionLog> as PartitionLog;
  return { log, gate };
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

const append = (id: LogId) => ({
  ...{ type: 'AppendBatch' as const, logId: id, generation: logGeneration(0) },
  ...{ batch: new Uint8Array(1), endOffset: offset(1) },
});

it('is not settled while a log writes what was ordered when it had been looked at before', async () => {
  const [first, second] = [gatedLog(), gatedLog()];
  const storage = { journal: { isMarkDue: false }, reserve: { isMissed: false }, bytes: 0 };
  const world = { storage, budgetBytes: 1_000, post: () => undefined } as unknown as World;
  const executor = new Executor(world);
  executor.adopt([first.log, second.log]);
  executor.execute([append(logId(1))]);
  await tick();
  let isSettled = false;
  const settled = executor.settled().then(() => (isSettled = true));
  await tick();
  executor.execute([append(logId(0))]); // its turn came while the second log was waited for
  await tick();
  second.gate.open?.();
  for (let i = 0; i < 10; i++) await tick();
  expect(isSettled).toBe(false);
  first.gate.open?.();
  await settled;
});

it('waits no longer than it is told for logs that are at work at any moment', async () => {
  const { log, gate } = gatedLog();
  const storage = { journal: { isMarkDue: false }, reserve: { isMissed: false }, bytes: 0 };
  const world = { storage, budgetBytes: 1_000, post: () => undefined } as unknown as World;
  const executor = new Executor(world);
  executor.adopt([log]);
  executor.execute([append(logId(0))]);
  await executor.settled(5);
  gate.open?.();
  await executor.settled();
});

it('does not wait for room: what a full disk did not take is let go, and not called clean', async () => {
  const closed: unknown[] = [];
  const log = {
    rotReports: new RotReports({ topic: 'sensors', partition: 0, telemetry: undefined }),
    topic: 'sensors',
    append: () => Promise.reject(new DiskError('ENOSPC', 'write', 'log')),
    close: (how: unknown) => Promise.resolve(void closed.push(how)),
  } as Partial<PartitionLog> as PartitionLog;
  const refill = () => Promise.resolve(true);
  const reserve = { isMissed: false, missingBytes: 0, wantedBytes: 0, refill };
  const space = () => Promise.resolve({ freeBytes: 0, totalBytes: 1 });
  const storage = { journal: { isMarkDue: false }, bytes: 0, reserve, space, verdict: undefined };
  const world = { storage, budgetBytes: 10, post: () => undefined, ready: () => undefined };
  const executor = new Executor(world as unknown as World);
  executor.adopt([log]);
  executor.execute([{ type: 'BecomeReady' }, append(logId(0))]);
  await executor.settled();
  await executor.close(() => new Uint8Array(1));
  expect(closed).toEqual([{ clean: true }]);
});

it('calls no log clean that is still at work: its producers know what it may never have', async () => {
  const closed: unknown[] = [];
  const { log, gate } = gatedLog();
  const close = (how: unknown) => Promise.resolve(void closed.push(how));
  const storage = { journal: { isMarkDue: false }, reserve: { isMissed: false }, bytes: 0 };
  const world = { storage, budgetBytes: 1_000, post: () => undefined } as unknown as World;
  const executor = new Executor(world);
  executor.adopt([Object.assign(log, { close })]);
  executor.execute([append(logId(0))]);
  await tick();
  await executor.close(() => new Uint8Array(1));
  expect(closed).toEqual([{ clean: false }]);
  gate.open?.();
});
