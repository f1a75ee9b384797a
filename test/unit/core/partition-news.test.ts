import { expect, it } from 'vitest';
import { monotonicMs } from '../../../src/base/brand.ts';
import { LeaderlessWatch } from '../../../src/core/leaderless-watch.ts';
import { PartitionNews, type PartitionListeners } from '../../../src/core/partition-news.ts';
import { PartitionTable } from '../../../src/core/partition-table.ts';
import { newPartition } from './partition-world.ts';

it('tells whom it concerns that a partition is led, and counts it', () => {
  const heard: string[] = [];
  const hear = (who: string) => (): void => void heard.push(who);
  const partitions = new PartitionTable(true);
  const listeners = {
    ...{ partitions, leaderless: new LeaderlessWatch(), membership: undefined },
    wantedVoters: { tell: hear('wanted voters') },
    queues: { leaderChanged: hear('queues') },
    forwarding: { leaderChanged: hear('forwarding') },
  } as unknown as PartitionListeners;
  const news = new PartitionNews(listeners, () => monotonicMs(0));
  const { partition } = newPartition();
  news.opened(partition);
  expect([...partitions]).toEqual([partition]);
  news.leaderChanged(partition);
  expect(heard).toEqual(['wanted voters', 'queues', 'forwarding']);
  news.inSyncChanged(false);
  expect(news.counts).toEqual({
    ...{ electionsWon: 1, leaderChanges: 1, inSyncLeft: 1, inSyncEntered: 0 },
  });
  news.closed(partition);
  expect([...partitions]).toEqual([]);
});
