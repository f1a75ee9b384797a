import { describe, expect, it } from 'vitest';
import { offset, uuid } from '../../../../src/base/brand.ts';
import { ClusterState } from '../../../../src/core/cluster/cluster-state.ts';
import {
  encodeDrop,
  encodeForwardDecision,
  encodeMember,
  encodeProducerIdBlock,
  encodeTopic,
  unplaced,
} from '../../../../src/wire/state/state-codec.ts';

const id = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b01');
const topic = {
  ...unplaced,
  name: 'sensors',
  topicId: id,
  partitions: 4,
  internal: false,
  keepUnforwarded: true,
  retentionMs: -1,
  retentionBytes: -1,
};

describe('ClusterState (C7)', () => {
  it('knows topics by name and id until their tombstone', () => {
    const state = new ClusterState();
    expect(state.apply('topic/sensors', encodeTopic(topic))).toBe(true);
    expect(state.topic('sensors')).toEqual(topic);
    expect(state.topicById(id)?.name).toBe('sensors');
    state.apply('topic/sensors', undefined);
    expect(state.topic('sensors')).toBeUndefined();
    expect(state.topicById(id)).toBeUndefined();
  });

  it('keeps the first of two topics of one name, and takes changes of it (V6)', () => {
    const state = new ClusterState();
    const other = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b02');
    state.apply('topic/sensors', encodeTopic(topic));
    expect(state.apply('topic/sensors', encodeTopic({ ...topic, topicId: other }))).toBe(true);
    expect([state.topic('sensors'), state.topicById(other)]).toEqual([topic, undefined]);
    state.apply('topic/sensors', encodeTopic({ ...topic, retentionMs: 5 }));
    expect(state.topic('sensors')?.retentionMs).toBe(5);
    state.apply('topic/sensors', undefined);
    state.apply('topic/sensors', encodeTopic({ ...topic, topicId: other }));
    expect(state.topicById(other)?.name).toBe('sensors');
  });

  it('knows nodes that joined, with their disks, until they are dismissed', () => {
    const state = new ClusterState();
    const node = { nodeId: 4, directoryId: id, isWitness: true };
    expect(state.apply('node/4', encodeMember(node))).toBe(true);
    expect([...state.members()]).toEqual([node]);
    expect(state.apply('node/4', new Uint8Array([0xff]))).toBe(false);
    state.apply('node/4', undefined);
    expect([...state.members()]).toEqual([]);
  });

  it('never lets the producer ids go back', () => {
    const state = new ClusterState();
    state.apply('producer-ids', encodeProducerIdBlock({ nextProducerId: 2_001 }));
    state.apply('producer-ids', encodeProducerIdBlock({ nextProducerId: 1_001 }));
    expect(state.nextProducerId).toBe(2_001);
  });

  it('keeps a decision until it is applied', () => {
    const state = new ClusterState();
    const value = encodeForwardDecision({ decisionId: 'd1', from: '42' });
    state.apply(`forward/${id}/1`, value);
    expect(state.decision(id, 1)).toEqual({ decisionId: 'd1', from: 42 });
    expect(state.decision(id, 0)).toBeUndefined();
    state.apply(`forward/${id}/1`, undefined);
    expect(state.decision(id, 1)).toBeUndefined();
  });

  it('gives the drops of one partition in order', () => {
    const state = new ClusterState();
    const drop = (from: number, partition: number) => ({
      ...{ topicId: id, partition, from, to: from + 5, reason: 'full', count: 5 },
      lastForwarded: { leaderEpoch: 1, baseOffset: 2, crc: 3 },
    });
    state.apply(`drop/${id}/0/20`, encodeDrop(drop(20, 0)));
    state.apply(`drop/${id}/0/10`, encodeDrop(drop(10, 0)));
    state.apply(`drop/${id}/1/15`, encodeDrop(drop(15, 1)));
    expect(state.drops(id, 0).map(({ from }) => from)).toEqual([10, 20]);
    expect(state.drops(id, 0)[0]?.lastForwarded?.baseOffset).toBe(offset(2));
  });

  it('says no to what it does not understand', () => {
    const state = new ClusterState();
    expect(state.apply('unheard-of/x', new Uint8Array([1]))).toBe(false);
    expect(state.apply('topic/sensors', new Uint8Array([255, 255]))).toBe(false);
  });
});
