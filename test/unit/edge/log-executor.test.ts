import { describe, expect, it, vi } from 'vitest';
import { assert } from '../../../src/base/assert.ts';
import { limits } from '../../../src/base/limits.ts';
import { logGeneration, offset, type LogGeneration } from '../../../src/base/brand.ts';
import { LogExecutor } from '../../../edge/log-executor.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { DiskError } from '../../../src/ports/disk.ts';

/** A log that writes down what it was told; each call ends when the test lets it. */
function newExecutor(
  fail: (call: string) => DiskError | undefined = () => undefined,
  mayBeFree: () => Promise<boolean> = () => Promise.resolve(true),
) {
  const calls: string[] = [];
  const gates: (() => void)[] = [];
  const heard: string[] = [];
  let written = 0;
  let start = 0;
  let current = logGeneration(0);
  const call = async (name: string): Promise<void> => {
    calls.push(name);
    await new Promise<void>((resolve) => gates.push(resolve));
    const error = fail(name);
    if (error !== undefined) throw error;
  };
  const log = {
    append: async (batches: readonly Uint8Array[]) => {
      await call(`append ${batches.length}`);
      written += batches.length;
    },
    roll: () => call('roll'),
    sync: async () => {
      const endOffset = offset(written);
      await call('sync');
      return { generation: current, endOffset };
    },
    advanceLogStart: async (to: number) => {
      assert(to <= written, 'the log start stays at or below the log end');
      await call(`advance ${to}`);
      start = to;
    },
    truncate: async (to: number, generation: LogGeneration) => {
      await call(`truncate ${to}`);
      [written, current] = [to, generation];
      return { generation };
    },
    rotReports: { listen: () => undefined },
    get generation() {
      return current;
    },
    get logStartOffset() {
      return offset(start);
    },
    get logEndOffset() {
      return offset(written);
    },
  } as unknown as PartitionLog;
  const executor = new LogExecutor({
    log,
    rotFound: () => undefined,
    persisted: (_generation, endOffset) => heard.push(`persisted ${endOffset}`),
    logStartAdvanced: (to) => heard.push(`advanced ${to}`),
    reloaded: (how, recovered) => heard.push(`${how} ${recovered.generation}`),
    room: {
      wrote: () => undefined,
      shrank: () => undefined,
      waitingForSpace: (isWaiting) => heard.push(isWaiting ? 'full' : 'freed'),
      mayBeFree: () => mayBeFree(),
    },
    isCondemned: () => false,
    condemned: () => heard.push('condemned'),
  });
  const settle = async () => {
    for (let i = 0; i < 50; i++) {
      gates.splice(0).forEach((open) => open());
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  const append = (n = 1) => {
    for (let i = 0; i < n; i++) executor.run({ type: 'append', batch: new Uint8Array(1) });
  };
  const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
  const openOne = async () => {
    gates.shift()?.();
    await tick();
  };
  return { executor, calls, heard, settle, append, tick, openOne };
}

const noSpace = () => new DiskError('ENOSPC', 'write', 'x');

describe('LogExecutor', () => {
  it('writes the appends of a turn at once, then syncs once: group commit', async () => {
    const { append, calls, heard, settle } = newExecutor();
    append(3);
    await settle();
    expect(calls).toEqual(['append 3', 'sync']);
    expect(heard).toEqual(['persisted 3']);
  });

  it('writes on while an fsync is in flight, and never has two of them (L3)', async () => {
    const { append, calls, heard, tick, openOne, settle } = newExecutor();
    append();
    await tick();
    await openOne(); // the append; its sync begins
    append(2);
    await tick();
    expect(calls).toEqual(['append 1', 'sync', 'append 2']);
    await settle();
    expect(calls).toEqual(['append 1', 'sync', 'append 2', 'sync']);
    expect(heard).toEqual(['persisted 1', 'persisted 3']);
  });

  it('rolls only when no fsync is in flight, and keeps the order', async () => {
    const { append, calls, executor, settle } = newExecutor();
    append();
    executor.run({ type: 'roll', producerSnapshot: new Uint8Array() });
    append();
    await settle();
    expect(calls).toEqual(['append 1', 'sync', 'roll', 'append 1', 'sync']);
  });

  it('lets go of what waits for room that never comes', async () => {
    const never = (): Promise<boolean> =>
      new Promise((resolve) => setImmediate(() => resolve(false)));
    const { executor, append, heard, settle } = newExecutor(noSpace, never);
    append();
    await settle();
    expect([heard, executor.isSettled, executor.isWaitingForRoom]).toEqual([['full'], false, true]);
    executor.abandon();
    await settle();
    expect([heard, executor.isSettled]).toEqual([['full', 'freed'], true]);
  });

  it('drops what is queued behind an append that may not try again before', async () => {
    const never = (): Promise<boolean> =>
      new Promise((resolve) => setImmediate(() => resolve(false)));
    const fail = (call: string): DiskError | undefined =>
      call === 'append 1' ? noSpace() : undefined;
    const { executor, append, heard, settle } = newExecutor(fail, never);
    append();
    executor.run({ type: 'advanceLogStart', to: offset(0) });
    await settle();
    expect(heard).toEqual(['full', 'advanced 0']);
    executor.abandon();
    await settle();
  });

  it('holds on a full disk, lets retention pass, and goes on with the same append (L8)', async () => {
    let failures = 3;
    const { append, calls, heard, executor, settle } = newExecutor((name) =>
      name.startsWith('append') && failures-- > 0 ? noSpace() : undefined,
    );
    append();
    executor.run({ type: 'roll', producerSnapshot: new Uint8Array(0) });
    executor.run({ type: 'sync' });
    executor.run({ type: 'advanceLogStart', to: offset(0) });
    await settle();
    expect(heard).toEqual(['full', 'advanced 0', 'freed', 'persisted 1']);
    expect(calls.filter((name) => name === 'append 1')).toHaveLength(4);
  });

  it('lets go what is written below a log start that lies in what waits for room', async () => {
    let isFull = false;
    const { append, calls, heard, executor, settle } = newExecutor((name) =>
      isFull && name.startsWith('append') ? noSpace() : undefined,
    );
    append(3);
    await settle();
    isFull = true;
    append(4);
    executor.run({ type: 'advanceLogStart', to: offset(5) });
    await settle();
    expect(calls.filter((name) => name.startsWith('advance'))).toEqual(['advance 3']);
    expect(heard).toEqual(['persisted 3', 'full']);
    isFull = false;
    await settle();
    expect(heard).toEqual(['persisted 3', 'full', 'freed', 'persisted 7', 'advanced 5']);
  });

  it.each([false, true])(
    'waits with the log start too where not even the journal has room, behind an append: %s',
    async (isBehindAppend) => {
      let failures = 3;
      const { executor, append, heard, settle } = newExecutor(() =>
        failures-- > 0 ? noSpace() : undefined,
      );
      if (isBehindAppend) append();
      executor.run({ type: 'advanceLogStart', to: offset(0) });
      await settle();
      expect(heard).not.toContain('condemned');
      expect(heard.filter((what) => what === 'advanced 0')).toHaveLength(1);
      expect(heard.includes('persisted 1')).toBe(isBehindAppend);
    },
  );

  it('condemns when it is an fsync that has no room', async () => {
    const { executor, heard, settle } = newExecutor(() => new DiskError('ENOSPC', 'sync', 'x'));
    executor.run({ type: 'roll', producerSnapshot: new Uint8Array(0) });
    await settle();
    expect(heard).toEqual(['condemned']);
  });

  it('syncs again in its turn: not beside a cut, and a stop waits for it (L3)', async () => {
    let isFull = true;
    let free: (mayBe: boolean) => void = () => undefined;
    const { executor, append, calls, heard, tick, openOne, settle } = newExecutor(
      (call) => (call === 'sync' && isFull ? noSpace() : undefined),
      () => new Promise((resolve) => (free = resolve)),
    );
    append(2);
    await settle();
    expect([executor.isSettled, executor.isWaitingForRoom, heard]).toEqual([false, true, []]);
    executor.run({ type: 'truncate', to: offset(1), generation: logGeneration(1) });
    await tick();
    isFull = false;
    free(true);
    await tick();
    expect(calls).toEqual(['append 2', 'sync', 'truncate 1']);
    await openOne();
    await settle();
    expect(calls).toEqual(['append 2', 'sync', 'truncate 1', 'sync']);
    expect([heard, executor.isSettled]).toEqual([['truncate 1', 'persisted 1'], true]);
  });

  it('syncs again when the line that the journal takes with it has found no room (L8)', async () => {
    let rounds = 0;
    const { append, executor, calls, heard, settle } = newExecutor((call) =>
      call === 'sync' && ++rounds < 3 ? noSpace() : undefined,
    );
    append();
    await settle();
    expect(heard).toEqual(['persisted 1']);
    expect(calls).toEqual(['append 1', 'sync', 'sync', 'sync']);
    expect(executor.isSettled).toBe(true);
  });

  it('says that its fsync has taken too long (L8)', async () => {
    const { append, executor, tick, openOne, settle } = newExecutor();
    vi.spyOn(performance, 'now').mockReturnValue(0);
    append();
    await tick();
    await openOne(); // the append; its sync begins
    expect(executor.isStalled).toBe(false);
    vi.spyOn(performance, 'now').mockReturnValue(limits.diskStallMs + 1);
    expect(executor.isStalled).toBe(true);
    await settle();
    expect(executor.isStalled).toBe(false);
  });

  it('condemns at the first failed fsync and never tries it again (L8)', async () => {
    const { append, calls, heard, settle } = newExecutor((name) =>
      name === 'sync' ? new DiskError('EIO', 'sync', 'x') : undefined,
    );
    append();
    await settle();
    append();
    await settle();
    expect(calls).toEqual(['append 1', 'sync']);
    expect(heard).toEqual(['condemned']);
  });

  it('cuts in its place in the queue: the fsync before it is over, appends behind it follow', async () => {
    const { executor, append, calls, heard, tick, openOne, settle } = newExecutor();
    append(3);
    await tick();
    await openOne(); // the append; its sync begins
    executor.run({ type: 'truncate', to: offset(1), generation: logGeneration(1) });
    append();
    await tick();
    expect(calls).toEqual(['append 3', 'sync']);
    await settle();
    expect(calls).toEqual(['append 3', 'sync', 'truncate 1', 'append 1', 'sync']);
    expect(heard).toEqual(['persisted 3', 'truncate 1', 'persisted 2']);
  });

  it('lets a read wait for what was ordered before it, and for its generation', async () => {
    const { executor, append, heard, settle } = newExecutor();
    const [first, second] = [logGeneration(0), logGeneration(1)];
    expect(executor.mustWait(first, offset(0))).toBe(false);
    append(2);
    expect(executor.mustWait(first, offset(1))).toBe(true);
    executor.run({ type: 'truncate', to: offset(1), generation: second });
    expect(executor.mustWait(second, offset(0))).toBe(true);
    const reads = [
      executor.written(first, offset(1)).then(() => heard.push('first')),
      executor.written(second, offset(0)).then(() => heard.push('second')),
    ];
    await settle();
    await Promise.all(reads);
    expect(heard).toEqual(['first', 'persisted 2', 'truncate 1', 'second']);
    expect(executor.mustWait(first, offset(0))).toBe(false);
  });

  it('keeps no read waiting for a log that waits for room, or is dead', async () => {
    for (const fail of [noSpace, () => new DiskError('EIO', 'write', 'x')]) {
      const { executor, append, heard, settle } = newExecutor(fail);
      append();
      const read = executor.written(logGeneration(0), offset(0));
      await settle();
      await read;
      expect(heard).not.toEqual([]);
      executor.abandon();
      await settle();
    }
  });

  it('keeps a read waiting for room that says so, until there is some', async () => {
    let isFull = true;
    const { executor, append, heard, settle } = newExecutor(
      () => (isFull ? noSpace() : undefined),
      () => new Promise((resolve) => setImmediate(() => resolve(true))),
    );
    append();
    const read = executor.written(logGeneration(0), offset(0), true).then(() => heard.push('read'));
    await settle();
    expect(heard).toEqual(['full']);
    isFull = false;
    await settle();
    await read;
    expect(heard.slice(0, 3)).toEqual(['full', 'freed', 'read']);
  });

  it('does not let a drop pass a cut: it speaks of another log', async () => {
    let isFull = true;
    const { executor, append, calls, settle } = newExecutor(
      (call) => (isFull && call.startsWith('append') ? noSpace() : undefined),
      () => new Promise((resolve) => setImmediate(() => resolve(true))),
    );
    append();
    executor.run({ type: 'truncate', to: offset(0), generation: logGeneration(1) });
    executor.run({ type: 'advanceLogStart', to: offset(0) });
    await settle();
    expect(calls).not.toContain('advance 0');
    isFull = false;
    await settle();
    expect(calls.slice(-3)).toEqual(['sync', 'truncate 0', 'advance 0']);
  });
});
