import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { clusterKeys, ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { encodeGivenUp, encodePromoted } from '../../../../src/wire/state/promotion-codec.ts';

const [topicId, lost, left] = [uuid('t'), uuid('lost'), uuid('left')];

describe('what __cluster says of promotions (V5)', () => {
  it('remembers which disks were given up, and of which nodes', () => {
    const state = new ClusterState();
    const value = encodeGivenUp({ nodeId: 2, promotionId: 'p', atMs: 1_700_000_000_000 });
    expect(state.apply(clusterKeys.givenUp(lost), value)).toBe(true);
    const { promotions } = state;
    expect([promotions.isGivenUp(lost), promotions.isGivenUp(left)]).toEqual([true, false]);
    expect([promotions.isNodeGivenUp(2), promotions.isNodeGivenUp(1)]).toEqual([true, false]);
    expect(state.apply(clusterKeys.givenUp(lost), new Uint8Array([255]))).toBe(false);
  });

  it('remembers where each log was cut, and from which epoch on', () => {
    const state = new ClusterState();
    const value = encodePromoted({
      ...{ promotionId: 'p', nodeId: 1, directoryId: left, cutOffset: 70, lastEpoch: 3 },
    });
    const key = clusterKeys.promoted(topicId, 4, 1_003);
    expect(state.apply(key, value)).toBe(true);
    expect(state.promotions.of(topicId, 3)).toEqual([]);
    expect(state.promotions.of(topicId, 4)).toEqual([
      {
        ...{ topicId, partition: 4, leaderEpoch: 1_003, cutOffset: 70, lastEpoch: 3 },
        replica: { nodeId: 1, directoryId: left },
      },
    ]);
    expect(state.apply(key, undefined)).toBe(true);
    expect(state.promotions.of(topicId, 4)).toEqual([]);
  });
});
