import { expect, it } from 'vitest';
import { Executor, type World } from '../../../edge/execute.ts';
import { leaderEpoch, uuid } from '../../../src/base/brand.ts';
import type { Event } from '../../../src/core/event.ts';

const id = uuid('11111111-1111-4111-8111-111111111111');

it('tells of a vote when it is durable, not before (C1, L2)', async () => {
  const posted: Event[] = [];
  const gate: { open?: () => void } = {};
  const persistVotes = () => new Promise<void>((resolve) => (gate.open = resolve));
  const storage = { journal: { persistVotes } };
  const post = (event: Event) => void posted.push(event);
  const executor = new Executor({ storage, post } as unknown as World);
  const votes = [{ topicId: id, partition: 0, leaderEpoch: leaderEpoch(2), votedFor: id }];
  executor.execute([{ type: 'PersistVotes', votes }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(posted).toEqual([]);
  gate.open?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(posted).toEqual([{ type: 'VotesPersisted', votes }]);
});
