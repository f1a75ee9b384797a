import { describe, expect, it } from 'vitest';
import { concatBytes, utf8Decode, utf8Encode } from '../../../../src/base/bytes.ts';
import { offset, type Offset } from '../../../../src/base/brand.ts';
import { InternalTopic } from '../../../../src/core/cluster/internal-topic.ts';
import { Batcher } from '../../../../src/core/produce/batcher.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';
import { at, emptyLog, newPartition } from '../partition-world.ts';

type World = ReturnType<typeof newPartition>;

/** An internal topic on a partition whose disk is the list of its appended batches. */
function newTopic(world: World = newPartition(), before: readonly Uint8Array[] = []) {
  const batcher = new Batcher({ batchBytesMax: 100_000, lingerMs: 0 });
  batcher.producerId = 1n;
  const applied: [string, string | undefined][] = [];
  const topic = new InternalTopic({
    partition: world.partition,
    apply: (key, value) => applied.push([key, value === undefined ? undefined : utf8Decode(value)]),
    append: (partition, { key, value }, settled) => {
      const record = { timestamp: at(0).wallMs, key, value, headers: noRecordHeaders };
      batcher.append(partition, record, { settled }, at(0));
    },
    read: (from: Offset, _to, done) => {
      const rest = [...before, ...world.log].filter((bytes) => lastOffsetOf(bytes) >= from);
      done({ ok: true, bytes: concatBytes(rest.slice(0, 2)) });
    },
    emit: (effect) => world.effects.push(effect),
  });
  const turn = () => {
    batcher.turnEnded(at(0));
    world.persistAll();
  };
  return { ...world, topic, applied, turn };
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

  it('moves the view with each change, to the offset behind it', () => {
    const { topic, effects, turn } = newTopic();
    replay(topic);
    topic.commit([change('a', '1'), change('b', undefined)], () => undefined);
    turn();
    const updates = effects.filter((effect) => effect.type === 'UpdateView');
    expect(updates.map(({ nextOffset }) => nextOffset)).toEqual([2, 3]);
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
      first.topic.commit([change('a', value)], () => undefined);
      first.turn();
    }
    const at2 = {
      nextOffset: offset(2),
      entries: [{ key: utf8Encode('a'), value: utf8Encode('1') }],
    };
    const beyond = { ...at2, nextOffset: offset(900) };
    for (const [view, expected] of [
      [
        at2,
        [
          ['a', '1'],
          ['a', '2'],
        ],
      ],
      [
        beyond,
        [
          ['a', '1'],
          ['a', '2'],
        ],
      ],
    ] as const) {
      const recovered = emptyLog({ logEndOffset: first.partition.logEndOffset });
      const second = newTopic(newPartition(recovered), first.log);
      expect(replay(second.topic, view)).toBe('replayed');
      expect(second.applied).toEqual(expected);
    }
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
    for (let i = 0; i < 4_100; i++) topic.commit([change('busy', String(i))], () => undefined);
    turn();
    turn();
    const kinds = effects.map((effect) => effect.type);
    const start = effects.find((effect) => effect.type === 'AdvanceLogStart');
    expect(kinds.indexOf('RollLog')).toBeGreaterThan(-1);
    expect(kinds.indexOf('AdvanceLogStart')).toBeGreaterThan(kinds.indexOf('RollLog'));
    expect(start).toBeDefined();
  });
});
