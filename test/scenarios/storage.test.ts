/**
 * The fixed life of a node, on the real core, executor and storage: three clients, rolls, a
 * retention delete, a clean stop, a kill, a crash inside recovery. It is crashed here at every
 * third call that it makes of the disk, in one way each, and every ninth call fails; in
 * `storage.ci.test.ts` every call in all ways. What must hold after it is in `checkAfter`.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DiskCall } from '../fakes/fake-disk.ts';
import type { Fault } from './disk-world.ts';
import { live, trial } from './life-world.ts';
import type { LivedLife } from './life-world.ts';
import { changingCalls, fittingCalls, isOwnCrash } from './sweep-world.ts';

const timeoutMs = 240_000;

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

describe('the fixed life of a node', { timeout: timeoutMs }, () => {
  let lived: LivedLife;
  let trace: readonly DiskCall[] = [];
  beforeAll(async () => {
    lived = await live({ seed: 1 });
    trace = lived.world.disk.trace;
  });

  it('comes to its end, and is the same each time, whatever the seed of its disk', async () => {
    expect(lived.death).toBe(undefined);
    expect(lived.world.ledger.unacknowledged).toEqual([]);
    const again = await live({ seed: 2 });
    expect(again.world.disk.trace).toEqual(trace);
    expect(again.world.disk.paths).toEqual(lived.world.disk.paths);
  });

  it('makes Disk calls of every kind', () => {
    const counts = new Map<DiskCall, number>();
    for (const kind of trace) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const told = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
    process.stdout.write(`the fixed storage scenario: ${trace.length} Disk calls: ${told}\n`);
    for (const kind of everyKind) expect(counts.get(kind) ?? 0, kind).toBeGreaterThan(0);
    expect(trace.length).toBeGreaterThan(400);
  });

  it('rolls, deletes, replaces checkpoints, truncates, and crashes inside recovery', () => {
    const { counts, sensors, producer, disk } = lived.world;
    expect(counts.rolls).toBeGreaterThanOrEqual(3);
    expect(counts.logStartsAdvanced).toBeGreaterThanOrEqual(1);
    expect(counts.starts).toBe(4);
    expect(sensors.logStartOffset).toBeGreaterThan(0);
    expect(producer.retriesAnswered).toBe(3);
    const calls = disk.paths.map((path, index) => `${trace[index]} ${path}`);
    const replaced = calls.filter((call) => /^rename .*sensors-0\/leader-epoch-.*new/.test(call));
    expect(replaced.length).toBeGreaterThanOrEqual(2);
    expect(calls.some((call) => /^unlink .*sensors-0\/\d+\.log$/.test(call))).toBe(true);
    expect(calls.some((call) => /^rename .*extra-0\/.*\.log\.recovery$/.test(call))).toBe(true);
    expect(calls.some((call) => /^rename .*sensors-0\/.*\.log\.recovery$/.test(call))).toBe(true);
  });

  it('loses nothing when it is crashed at a call', async () => {
    const modes = ['lost', 'killed', 'torn', 'some'] as const;
    const survived: number[] = [];
    for (let call = 1; call <= trace.length; call += 3) {
      const mode = modes[call % modes.length] as (typeof modes)[number];
      const { death } = await trial({ seed: call, fault: { type: 'crash', call } }, mode);
      if (death === undefined) survived.push(call);
    }
    // Where the life itself ends a process nobody sees how it died.
    expect(survived.filter((call) => !isOwnCrash(lived, call))).toEqual([]);
  });

  it('loses nothing when a call fails, or finds no room', async () => {
    const types = ['EIO', 'ENOSPC', 'full', 'fullThenCrash'] as const;
    for (let call = 1; call <= trace.length; call += 9) {
      const type = types[call % types.length] as Fault['type'];
      if (type === 'ENOSPC' && !fittingCalls.has(trace[call - 1] as DiskCall)) continue;
      const mode = call % 2 === 0 ? 'killed' : 'lost';
      const { death } = await trial({ seed: call, fault: { type, call } }, mode);
      const isChange = changingCalls.has(trace[call - 1] as DiskCall) && !isOwnCrash(lived, call);
      if (type === 'EIO' && isChange) expect(death, `call ${call}: condemned (L8)`).toBeDefined();
      if (type === 'full') expect(death, `call ${call}: goes on (L8)`).toBe(undefined);
    }
  });
});

const everyKind: readonly DiskCall[] = [
  ...(['open', 'list', 'stat', 'makeDir', 'rename', 'unlink', 'syncDir', 'space'] as const),
  ...(['write', 'read', 'sync', 'truncate', 'size', 'close'] as const),
];
