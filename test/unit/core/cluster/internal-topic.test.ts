import { describe, expect, it, vi } from 'vitest';
import { concatBytes, utf8Decode, utf8Encode } from '../../../../src/base/bytes.ts';
import { offset, type Offset } from '../../../../src/base/brand.ts';
import { changesBatch } from '../../../../src/core/cluster/compacted-batches.ts';
import { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import type { InternalTopicOptions } from '../../../../src/core/cluster/internal-topic.ts';
import type { Done, ReadOutcome } from '../../../../src/core/kafka/broker-view.ts';
import { Batcher } from '../../../../src/core/produce/batcher.ts';
import { appendOutcome, type RecordWaiter } from '../../../../src/core/produce/record-waiter.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { at, emptyLog, newPartition, queueTo } from '../partition-world.ts';

type World = ReturnType<typeof newPartition>;

/** An internal topic on a partition whose disk is the list of its appended batches. */
function newTopic(
  world: World = newPartition(),
  before: readonly Uint8Array[] = [],
  reduce?: InternalTopicOptions['reduce'],
  read?: InternalTopicOptions['read'],
) {
  const batcher = new Batcher({ batchBytesMax: 100_000, lingerMs: 0 });
  const queue = queueTo(world.partition, 1n);
  const applied: [string, string | undefined][] = [];
  const holes: [number, number][] = [];
  const topic = new InternalTopic({
    partition: world.partition,
    ...(reduce === undefined ? {} : { reduce }),
    apply: (key, value) => applied.push([key, value === undefined ? undefined : utf8Decode(value)]),
    append: ({ key, value }, settled) => {
      const record = { timestamp: at(0).wallMs, key, value, headers: noRecordHeaders };
      const waiter: RecordWaiter = {
        settled: (outcome, index) => settled(appendOutcome(outcome, index)),
      };
      batcher.append(queue, record, waiter, at(0));
    },
    flush: () => batcher.flush(queue),
    read:
      read ??
      ((from: Offset, _to, done) => {
        const rest = [...before, ...world.log].filter((bytes) => lastOffsetOf(bytes) >= from);
        done({ ok: true, bytes: concatBytes(rest.slice(0, 2)) });
      }),
    emit: (effect) => world.effects.push(effect),
    holeFound: (from, to) => holes.push([from, to]),
    survivesHole: (key) => key.startsWith('kept'),
  });
  const turn = () => {
    batcher.turnEnded(at(0));
    world.persistAll();
    topic.highWatermarkMoved();
  };
  return { ...world, topic, applied, holes, turn };
}

const lastOffsetOf = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Number(view.getBigInt64(0)) + view.getInt32(23);
};

const change = (key: string, value: string | undefined) => ({
  key: utf8Encode(key),
  value: value === undefined ? undefined : utf8Encode(value),
});

const replay = (topic: InternalTopic, view?: Parameters<InternalTopic['replay']>[0]) => {
  let result = '';
  topic.replay(view, {
    replayed: () => (result = 'replayed'),
    failed: (reason) => (result = reason),
  });
  return result;
};

describe('InternalTopic', () => {
  it('applies a change when it is committed, never before (C7)', () => {
    const { topic, applied, turn } = newTopic();
    replay(topic);
    let isDone = false;
    topic.commit([change('a', '1')], () => (isDone = true));
    expect(applied).toEqual([]);
    turn();
    expect(applied).toEqual([['a', '1']]);
    expect(isDone).toBe(true);
  });

  it('answers at once where there is nothing to commit', () => {
    const { topic, applied } = newTopic();
    replay(topic);
    let isDone = false;
    topic.commit([], () => (isDone = true));
    expect([isDone, applied]).toEqual([true, []]);
  });

  it('moves the view once for what is committed together, to the offset behind it', () => {
    const { topic, effects, turn } = newTopic();
    replay(topic);
    topic.commit([change('a', '1'), change('b', undefined)], () => undefined);
    turn();
    const updates = effects.filter((effect) => effect.type === 'UpdateView');
    expect(updates).toMatchObject([{ changes: [{}, {}], nextOffset: 3 }]);
  });

  it('replays what was committed, in pieces, control batches apart', () => {
    const first = newTopic();
    replay(first.topic);
    for (const [key, value] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ] as const) {
      first.topic.commit([change(key, value)], () => undefined);
      first.turn();
    }
    const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
    const second = newTopic(newPartition(recovered), first.log);
    expect(replay(second.topic)).toBe('replayed');
    expect(second.applied).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ]);
  });

  it('begins behind a view that fits, and ignores one from beyond the log', () => {
    const first = newTopic();
    replay(first.topic);
    for (const value of ['1', '2']) {
      first.topic.commit([change('kept', value)], () => undefined);
      first.turn();
    }
    const at2 = {
      nextOffset: offset(2),
      entries: [{ key: utf8Encode('kept'), value: utf8Encode('1') }],
    };
    const beyond = { ...at2, nextOffset: offset(900) };
    for (const [view, expected] of [
      [
        at2,
        [
          ['kept', '1'],
          ['kept', '2'],
        ],
      ],
      [
        beyond,
        [
          ['kept', '1'],
          ['kept', '2'],
        ],
      ],
    ] as const) {
      const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
      const second = newTopic(newPartition(recovered), first.log);
      expect(replay(second.topic, view)).toBe('replayed');
      expect(second.applied).toEqual(expected);
    }
  });

  it('waits at a hole that others can fill, and asks again in a log that was filled', () => {
    const first = newTopic();
    replay(first.topic);
    for (const key of ['kept', 'lost']) {
      first.topic.commit([change(key, '1')], () => undefined);
      first.turn();
    }
    const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
    const world = newPartition(recovered);
    const { partition } = world;
    const asked: Done<ReadOutcome>[] = [];
    const second = newTopic(world, [], undefined, (_from, _to, done) => asked.push(done));
    const holes = vi.spyOn(partition, 'holes', 'get');
    holes.mockReturnValue([{ from: offset(1), to: offset(2) }]);
    expect(replay(second.topic)).toBe('');
    asked.pop()?.({ ok: false, error: 'KAFKA_STORAGE_ERROR' });
    second.topic.highWatermarkMoved();
    expect(asked).toEqual([]);
    // Filled in two steps: the first answer is of the log before the second one.
    for (let step = 0; step < 2; step++) {
      partition.repair(new Uint8Array(0));
      const { generation } = partition;
      partition.wasCut(generation, { ...recovered, generation });
    }
    holes.mockReturnValue([]);
    expect(asked).toHaveLength(1);
    asked.shift()?.({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' });
    asked.shift()?.({ ok: true, bytes: concatBytes(first.log) });
    expect(second.applied).toEqual([
      ['kept', '1'],
      ['lost', '1'],
    ]);
    expect(second.holes).toEqual([]);
  });

  it('tells a hole, forgets what may have changed in it, and rewrites itself', () => {
    const first = newTopic();
    replay(first.topic);
    for (const key of ['kept', 'a', 'lost', 'b']) {
      first.topic.commit([change(key, '1')], () => undefined);
      first.turn();
    }
    const left = first.log.filter((bytes) => !utf8Decode(bytes).includes('lost'));
    const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
    const second = newTopic(newPartition(recovered), left);
    expect(replay(second.topic)).toBe('replayed');
    expect(second.holes).toEqual([[3, 4]]);
    expect(second.applied).toEqual([
      ['kept', '1'],
      ['a', '1'],
      ['a', undefined],
      ['b', '1'],
    ]);
    second.topic.commit([change('c', '1')], () => undefined);
    second.turn();
    const types = second.effects.map(({ type }) => type);
    expect(types.filter((type) => type === 'RollLog')).toHaveLength(1);
    expect(types.filter((type) => type === 'AdvanceLogStart')).toHaveLength(1);
    second.topic.commit([change('d', '1')], () => undefined);
    second.turn();
    expect(second.effects.filter(({ type }) => type === 'RollLog')).toHaveLength(1);
  });

  it('takes a view that is ahead of the log for a sign that the log lost its end', () => {
    const first = newTopic();
    replay(first.topic);
    first.topic.commit([change('kept', '1'), change('a', '1')], () => undefined);
    first.turn();
    const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
    const second = newTopic(newPartition(recovered), first.log);
    expect(replay(second.topic, { nextOffset: offset(900), entries: [] })).toBe('replayed');
    expect(second.holes).toEqual([[second.partition.highWatermark, 900]]);
  });

  it('says what it could not read instead of going on with a hole', () => {
    const world = newPartition(emptyLog({ logEndOffset: offset(5) }));
    world.log.length = 0;
    const { topic } = newTopic(world);
    expect(replay(topic)).toContain('nothing there');
  });

  it('rewrites the newest values behind a roll when the log has grown, then moves the log start', () => {
    const { topic, effects, turn } = newTopic();
    replay(topic);
    topic.commit([change('kept', 'k')], () => undefined);
    for (let i = 0; i < 20_100; i++) topic.commit([change('busy', String(i))], () => undefined);
    for (let i = 0; i < 10; i++) turn();
    const kinds = effects.map((effect) => effect.type);
    const start = effects.find((effect) => effect.type === 'AdvanceLogStart');
    expect(kinds.indexOf('RollLog')).toBeGreaterThan(-1);
    expect(kinds.indexOf('AdvanceLogStart')).toBeGreaterThan(kinds.indexOf('RollLog'));
    expect(start).toBeDefined();
  });

  it('rewrites what has grown before this start, though a view spared it the reading', () => {
    const first = newTopic();
    replay(first.topic);
    const { partition, log, persistAll } = first;
    partition.produce(
      changesBatch(Array.from({ length: 20_100 }, () => change('busy', '1'))),
      () => undefined,
    );
    persistAll();
    const recovered = emptyLog({ logEndOffset: partition.logEndOffset });
    const entries = [{ key: utf8Encode('busy'), value: utf8Encode('1') }];
    const second = newTopic(newPartition(recovered), log);
    replay(second.topic, { nextOffset: partition.logEndOffset, entries });
    const again = () => {
      second.topic.commit([change('busy', '2')], () => undefined);
      second.turn();
      return second.effects.filter(({ type }) => type === 'AdvanceLogStart');
    };
    const [order, ...others] = again();
    expect([order, others]).toMatchObject([{ offset: recovered.logEndOffset + 1 }, []]);
    // Whether the log start is there already or not: once is enough.
    expect(again()).toHaveLength(1);
    second.partition.logStartAdvanced(second.partition.logEndOffset);
    expect(again()).toHaveLength(1);
  });

  it('waits with a rewrite for what was appended before it followed the log', () => {
    const world = newPartition();
    const { partition, log, persistAll } = world;
    const produce = (...changes: readonly ViewChange[]) =>
      partition.produce(changesBatch(changes), () => undefined);
    produce(change('kept', 'old'), ...Array.from({ length: 20_100 }, () => change('busy', '1')));
    persistAll();
    produce(change('kept', 'new'));
    const second = newTopic(world, [], undefined, (from, to, done) => {
      const there = log.filter((batch) => lastOffsetOf(batch) >= from && lastOffsetOf(batch) < to);
      done({ ok: true, bytes: concatBytes(there) });
    });
    expect(replay(second.topic)).toBe('replayed');
    // Nothing can be planned on what is not at hand.
    expect(second.topic.isCaughtUp).toBe(false);
    second.turn();
    second.turn();
    expect(second.topic.isCaughtUp).toBe(true);
    const values = second.applied.filter(([key]) => key === 'kept').map(([, value]) => value);
    expect(values).toEqual(['old', 'new', 'new']);
    expect(second.effects.map(({ type }) => type)).toContain('AdvanceLogStart');
  });

  it('lets a rule decide what a record makes of its key, in a rewrite too', () => {
    // Counts only while `open` is there; "gone" deletes.
    const reduce: InternalTopicOptions['reduce'] = (key, value, stored) => {
      if (key !== 'open' && stored('open') === undefined) return stored(key);
      return value !== undefined && utf8Decode(value) === 'gone' ? undefined : value;
    };
    const first = newTopic(newPartition(), [], reduce);
    replay(first.topic);
    first.topic.commit([change('kept', 'void'), change('open', '1'), change('kept', '1')], () => {
      first.topic.commit([change('open', 'gone'), change('kept', 'late')], () => undefined);
    });
    for (let i = 0; i < 20_100; i++)
      first.topic.commit([change('open', String(i))], () => undefined);
    for (let i = 0; i < 10; i++) first.turn();
    expect(first.applied[0]).toEqual(['open', '1']);
    const values = new Set(
      first.applied.filter(([key]) => key === 'kept').map(([, value]) => value),
    );
    expect([...values]).toEqual(['1']);
    const start = first.effects.find((effect) => effect.type === 'AdvanceLogStart');
    expect(start).toBeDefined();
    const text = utf8Decode(first.log.at(-1) ?? new Uint8Array());
    expect(text).toContain('kept');
    expect(text).not.toContain('late');
    expect(text).not.toContain('open');
  });
});
