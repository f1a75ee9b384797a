import { beforeEach, describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { clusterKeys, ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import { reduceDropChange } from '../../../../src/core/forward/reduce-drop-change.ts';
import { encodeDrop, encodeDropped } from '../../../../src/wire/state/state-codec.ts';

const topicId = uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060');
let values: Map<string, Uint8Array>;
let state: ClusterState;

beforeEach(() => {
  values = new Map();
  state = new ClusterState();
});

function apply(key: string, value: Uint8Array | undefined): void {
  const kept = reduceDropChange(key, value, (other) => values.get(other));
  if (kept === values.get(key)) return;
  if (kept === undefined) values.delete(key);
  else values.set(key, kept);
  state.apply(key, kept);
}

function total(leaderEpoch: number, count: number): void {
  apply(clusterKeys.dropped(topicId, 0), encodeDropped({ count, leaderEpoch }));
}

function drop(leaderEpoch: number, to: number, isRemoved?: true): void {
  const more = isRemoved === undefined ? {} : { isRemoved };
  const value = { topicId, partition: 0, from: 10, to, reason: 'diskFull', count: to - 10 };
  const key = clusterKeys.drop(topicId, 0, 10);
  apply(key, encodeDrop({ ...value, lastForwarded: undefined, leaderEpoch, ...more }));
}

const seen = () => [state.drops(topicId, 0).map(({ to }) => to), state.dropped(topicId, 0)];

describe('what a deposed leader had on its way about drops (L10)', () => {
  it('is void once a later leader has said something', () => {
    total(3, 10);
    drop(3, 20);
    total(5, 30);
    drop(5, 40);
    total(3, 15);
    drop(3, 25);
    drop(3, 40, true);
    expect(seen()).toEqual([[40], 30]);
    drop(5, 40, true);
    expect(seen()).toEqual([[], 30]);
  });

  it('does not come back after a removal', () => {
    total(5, 30);
    drop(5, 40);
    drop(5, 40, true);
    total(3, 10);
    drop(3, 20);
    expect(seen()).toEqual([[], 30]);
  });

  it('counts for ever once it has counted, wherever a rewrite puts it', () => {
    total(3, 10);
    drop(3, 20);
    total(5, 10);
    const rewritten = [...values.entries()];
    values = new Map();
    state = new ClusterState();
    for (const [key, value] of rewritten) apply(key, value);
    expect(seen()).toEqual([[20], 10]);
  });
});
