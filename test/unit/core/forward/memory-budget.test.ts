import { expect, test } from 'vitest';
import { MemoryBudget } from '../../../../src/core/forward/memory-budget.ts';

test('who finds nothing left waits its turn, first come first served', () => {
  const budget = new MemoryBudget(10);
  const granted: string[] = [];
  const owners = { a: {}, b: {}, c: {} };
  budget.acquire(owners.a, 6)(() => void granted.push('a'));
  budget.acquire(owners.b, 6)(() => void granted.push('b'));
  budget.acquire(owners.c, 2)(() => void granted.push('c'));
  expect(granted).toEqual(['a']);
  budget.release(owners.a);
  expect(granted).toEqual(['a', 'b', 'c']);
  expect(budget.heldBytes).toBe(8);
});

test('an owner that gives up in the queue takes nothing, and giving back twice is harmless', () => {
  const budget = new MemoryBudget(10);
  const granted: string[] = [];
  const owners = { a: {}, b: {}, c: {} };
  budget.acquire(owners.a, 10)(() => void granted.push('a'));
  budget.acquire(owners.b, 10)(() => void granted.push('b'));
  budget.acquire(owners.c, 4)(() => void granted.push('c'));
  budget.release(owners.b);
  budget.release(owners.a);
  budget.release(owners.a);
  expect(granted).toEqual(['a', 'c']);
  expect(budget.heldBytes).toBe(4);
});
