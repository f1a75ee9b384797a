import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { monotonicMs, timestampMs } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Event } from '../../../src/core/event.ts';
import { Loop } from '../../../edge/loop.ts';

const print = (text: string): Effect => ({ type: 'Print', level: 'info', text });
/** A timer that is late comes before the turn that was asked for before it. */
const afterTurn = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
};

function newLoop(answer: (event: Event) => readonly Effect[], deadline?: number) {
  const executed: Effect[] = [];
  const failures: [unknown, Event][] = [];
  const seen: Event['type'][] = [];
  let nextDeadline = deadline;
  const loop = new Loop({
    core: {
      step: (event) => {
        seen.push(event.type);
        if (event.type === 'TimerFired') nextDeadline = undefined;
        return answer(event);
      },
      nextDeadline: () => nextDeadline,
    },
    clock: { wallMs: () => timestampMs(0), monotonicMs: () => monotonicMs(performance.now()) },
    execute: (effects) => executed.push(...effects),
    failed: (error, event) => failures.push([error, event]),
  });
  return { loop, executed, failures, seen };
}

const filled = { type: 'DiskFilled' as const, missingBytes: 1, budgetBytes: 1 };

describe('Loop', () => {
  it('gathers the events of one poll into one turn', async () => {
    const { loop, seen } = newLoop(() => []);
    loop.post(filled);
    loop.post({ type: 'DiskFreed' });
    await afterTurn();
    expect(seen).toEqual(['DiskFilled', 'DiskFreed', 'TurnEnded']);
  });

  it('waits a few rounds for connections that come one by one', async () => {
    const { loop, seen } = newLoop(() => []);
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round++) {
        loop.awaitMore();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    loop.post(filled);
    await rounds(3);
    expect(seen).toEqual([]);
    await afterTurn();
    expect(seen).toEqual(['DiskFilled', 'TurnEnded']);
    loop.post(filled);
    await rounds(limits.acceptRoundsMax + 1);
    expect(seen).toHaveLength(4);
  });

  it('runs effects in order', async () => {
    const { loop, executed } = newLoop(({ type }) => [print(`${type}-1`), print(`${type}-2`)]);
    loop.post(filled);
    await afterTurn();
    expect(executed.map((effect) => effect.type === 'Print' && effect.text)).toEqual([
      'DiskFilled-1',
      'DiskFilled-2',
      'TurnEnded-1',
      'TurnEnded-2',
    ]);
  });

  it('stops for good at a bug, and names the event that caused it', async () => {
    const { loop, failures, seen } = newLoop((event) => {
      if (event.type === 'DiskFreed') throw new Error('bug');
      return [];
    });
    loop.post({ type: 'DiskFreed' });
    loop.post(filled);
    await afterTurn();
    loop.post(filled);
    await afterTurn();
    expect(failures.map(([, event]) => event.type)).toEqual(['DiskFreed']);
    expect(seen).toEqual(['DiskFreed']);
  });

  it('wakes the core at its deadline', async () => {
    const { loop, seen } = newLoop(() => [], performance.now() + 10);
    loop.post({ type: 'DiskFreed' });
    const limit = performance.now() + 20_000;
    while (!seen.includes('TimerFired') && performance.now() < limit) await afterTurn();
    expect(seen).toContain('TimerFired');
  });
});
