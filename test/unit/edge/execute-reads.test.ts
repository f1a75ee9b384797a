import { expect, it } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { logGeneration, logId, offset, timestampMs } from '../../../src/base/brand.ts';
import type { Event } from '../../../src/core/event.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { RotReports } from '../../../src/log/rot-report.ts';
import { DiskError, type DiskErrorCode } from '../../../src/ports/disk.ts';

const place = { readId: 1, logId: logId(0), generation: logGeneration(0), to: offset(9) };

/** What an executor says and does when every read of its log fails like that. */
async function readFailing(failure: Error) {
  const posted: Event[] = [];
  const condemned: unknown[] = [];
  const log = {
    rotReports: new RotReports({ topic: 'sensors', partition: 0, telemetry: undefined }),
    generation: place.generation,
    read: () => Promise.reject(failure),
    findOffset: () => Promise.reject(failure),
  } as Partial<PartitionLog> as PartitionLog;
  const executor = new Executor({
    storage: { verdict: undefined },
    telemetry: { write: () => undefined },
    post: (event: Event) => posted.push(event),
    condemned: (error: unknown) => condemned.push(error),
  } as unknown as World);
  executor.adopt([log]);
  executor.execute([
    { type: 'ReadLog', ...place, from: offset(0), bytesMax: 100 },
    { type: 'FindOffset', ...place, timestamp: timestampMs(5) },
  ]);
  await new Promise<void>((resolve) => setImmediate(resolve));
  return { posted, condemned };
}

it.each<DiskErrorCode>(['EIO', 'EMFILE'])(
  'answers a read that the disk refuses, and lives on: %s (L8 is about writes)',
  async (code) => {
    const { posted, condemned } = await readFailing(new DiskError(code, 'read', 'x.log'));
    const outcome = { ok: false, error: 'KAFKA_STORAGE_ERROR' };
    expect(posted).toMatchObject([
      { type: 'LogRead', readId: 1, outcome },
      { type: 'OffsetFound', readId: 1, outcome },
    ]);
    expect(condemned).toEqual([]);
  },
);

it('ends at a bug in a read', async () => {
  const bug = new Error('a bug');
  expect((await readFailing(bug)).condemned).toEqual([bug]);
});
