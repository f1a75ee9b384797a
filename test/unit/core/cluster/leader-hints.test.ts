import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { LeaderHints } from '../../../../src/core/cluster/leader-hints.ts';

const topicId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const replicas = [2, 3, 4].map((nodeId) => ({
  ...{ nodeId, directoryId: topicId, isWitness: nodeId === 4 },
}));

describe('LeaderHints', () => {
  it('asks the replicas that keep records in turn until one names the leader', () => {
    const hints = new LeaderHints();
    const leader = () => hints.leaderOf(topicId, 0, replicas);
    expect(leader()).toBe(2);
    hints.failed(topicId, 0, 2);
    expect(leader()).toBe(3);
    hints.failed(topicId, 0, 3);
    expect(leader()).toBe(2);
    hints.told(topicId, 0, { leaderId: 3, leaderEpoch: 5 });
    expect([leader(), hints.leaderOf(topicId, 1, replicas)]).toEqual([3, 2]);
  });

  it('never goes back to an older epoch, nor gives up a leader for another one that fails', () => {
    const hints = new LeaderHints();
    const leader = () => hints.leaderOf(topicId, 0, replicas);
    hints.told(topicId, 0, { leaderId: 3, leaderEpoch: 5 });
    hints.told(topicId, 0, { leaderId: 2, leaderEpoch: 4 });
    hints.told(topicId, 0, { leaderId: -1, leaderEpoch: 5 });
    hints.failed(topicId, 0, 2);
    expect(leader()).toBe(3);
    hints.told(topicId, 0, { leaderId: -1, leaderEpoch: 6 });
    expect(leader()).toBe(2);
    hints.told(topicId, 0, { leaderId: 3, leaderEpoch: 6 });
    expect(leader()).toBe(3);
    hints.failed(topicId, 0, 3);
    hints.told(topicId, 0, { leaderId: 2, leaderEpoch: 5 });
    expect(leader()).toBe(3);
  });

  it('knows nobody where nobody keeps records', () => {
    expect(new LeaderHints().leaderOf(topicId, 0, [])).toBeUndefined();
  });
});
