import { expect, it } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { offset, uuid } from '../../../src/base/brand.ts';

it('refuses an attempt that a newer one replaced: who waits for it must go on (X4)', async () => {
  const told: unknown[] = [];
  const world = {
    forwardMarks: { attempted: () => () => Promise.resolve(false) },
    post: (event: unknown) => void told.push(event),
    answerForwarder: (askId: number, isAllowed: boolean) => void told.push({ askId, isAllowed }),
  };
  const topicId = uuid('11111111-1111-4111-8111-111111111111');
  const place = { topicId, partition: 0, centralClusterId: 'c', forwardOffset: offset(4) };
  const executor = new Executor(world as unknown as World);
  executor.execute([{ type: 'StoreForwardAttempt', askId: 7, attempt: place }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([{ askId: 7, isAllowed: false }]);
});
