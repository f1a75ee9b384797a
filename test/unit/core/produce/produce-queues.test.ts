import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { ProduceOutcome } from '../../../../src/core/kafka/broker-view.ts';
import { explore } from './produce-explorer.ts';
import { batchOf, ProduceWorld, readBatch, target } from './produce-world.ts';

function newWorld(leader: number | undefined) {
  const world = new ProduceWorld(1);
  world.refusalChance = 0;
  if (leader !== undefined) {
    world.elect(leader);
    world.learn(leader);
  }
  /** Values and triples of what went to a node, in order, since the last call. */
  const sent = (id: number) =>
    world.takeCalls(id).map(({ batch }) => {
      const { values, batch: read } = readBatch(batch);
      return `${values.join('')}@${read.producerId}:${read.baseSequence}`;
    });
  const answerAll = (id: number) => {
    while (world.deliver(id));
    world.replicate(1 + (id % 3));
    while (world.answer(id));
  };
  return { world, sent, answerAll };
}

describe('ProduceQueues', () => {
  it('keeps order, doubles nothing and loses nothing, whatever happens to its leaders (P1)', () => {
    let sends = 0;
    for (let seed = 1; seed <= 150; seed++) sends += explore(seed).sends;
    expect(sends).toBeGreaterThan(1_500);
  });

  it('keeps order and acknowledges nothing that is not stored while it gives up (P3)', () => {
    for (let seed = 1; seed <= 100; seed++) explore(seed, true);
  });

  it('hands a leader on this node the very array, however many are unanswered', () => {
    const { world } = newWorld(1);
    const bytes: Uint8Array[] = [];
    world.producedHere = (batch) => bytes.push(batch);
    const queue = world.queues.ingest(target);
    const outcomes: ProduceOutcome[] = [];
    const batches = Array.from({ length: 8 }, (_, i) => {
      const triple = queue.nextTriple();
      const batch = batchOf([`v${i}`], triple ?? {});
      queue.push(batch, triple, [{ settled: () => undefined }], (o) => outcomes.push(o));
      return batch;
    });
    expect(bytes).toEqual(batches);
    expect(bytes.every((each, i) => each === batches[i])).toBe(true);
    expect([queue.isLocal, queue.isReady, outcomes.length]).toEqual([true, true, 0]);
    expect(world.queues.pendingBytes).toBeGreaterThan(0);
    world.replicate(2);
    expect(outcomes).toHaveLength(8);
    expect(world.queues.pendingBytes).toBe(0);
  });

  it('waits for a leader, tries it with one batch, then has at most five in flight', () => {
    const { world, sent, answerAll } = newWorld(undefined);
    for (let i = 0; i < 8; i++) world.push([`v${i}`]);
    expect([world.queues.ingest(target).isReady, world.sends]).toEqual([false, 0]);
    world.elect(2);
    world.learn(2);
    expect(sent(2)).toEqual(['v0@9:0']);
    answerAll(2);
    expect(sent(2)).toEqual(['v1@9:1', 'v2@9:2', 'v3@9:3', 'v4@9:4', 'v5@9:5']);
    answerAll(2);
    expect(sent(2)).toEqual(['v6@9:6', 'v7@9:7']);
    expect(world.queues.ingest(target).isReady).toBe(true);
    answerAll(2);
    expect(world.committed).toEqual(world.pushed);
  });

  it('sends again from the lowest unanswered one, under the same triples, alone until a success', () => {
    const { world, sent, answerAll } = newWorld(2);
    world.push(['a']);
    answerAll(2);
    for (const value of ['b', 'c', 'd']) world.push([value]);
    while (world.deliver(2));
    world.replicate(3); // all four are committed, and nobody was told
    sent(2);
    world.elect(3);
    world.learn(3);
    expect(sent(3)).toEqual(['b@9:1']);
    answerAll(3);
    expect(sent(3)).toEqual(['c@9:2', 'd@9:3']);
    answerAll(3);
    expect(world.committed).toEqual(['a', 'b', 'c', 'd']);
    expect(world.outcomes.size).toBe(4);
  });

  it('pauses after a refusal and after a lost answer, longer each time, but not for a new leader', () => {
    const { world, sent } = newWorld(2);
    world.push(['a']);
    for (const pauseMs of [25, 50, 100, 200, 400, 500, 500]) {
      world.breakLink(2);
      const due = world.nowMs + pauseMs;
      expect(world.queues.nextDeadline()).toBe(due);
      world.sleep(pauseMs - 1);
      expect(sent(2)).toEqual([]);
      world.sleep(1);
      expect(sent(2)).toEqual(['a@9:0']);
    }
    expect(limits.produceRetryMsMax).toBe(500);
    world.breakLink(2);
    world.elect(3);
    world.learn(3);
    expect(sent(3)).toEqual(['a@9:0']);
    expect(world.queues.nextDeadline()).toBeUndefined();
  });

  it('takes back what a resigned leader on this node had, and leaves its log alone (C5)', () => {
    const { world, sent, answerAll } = newWorld(1);
    world.push(['a']);
    world.push(['b']);
    world.elect(2);
    world.learn(2);
    expect(sent(2)).toEqual(['a@9:0']);
    answerAll(2);
    expect(sent(2)).toEqual(['b@9:1']);
    answerAll(2);
    world.checkOwnBatches();
    expect(world.committed).toEqual(['a', 'b']);
  });

  it('takes 46 for success, at a place that nobody knows (P5)', () => {
    const { world } = newWorld(2);
    world.push(['a']);
    world.refuse(2, 'DUPLICATE_SEQUENCE_NUMBER');
    expect(world.outcomes.get('a')).toMatchObject({ ok: true, baseOffset: -1 });
  });

  it('leaves records of closed connections out of what was never sent (P3)', () => {
    const { world, sent, answerAll } = newWorld(undefined);
    let isGone = false;
    world.push(['a', 'b'], (value) => isGone && value === 'a');
    world.push(['c', 'd'], () => isGone);
    world.push(['e']);
    isGone = true;
    world.elect(2);
    world.learn(2);
    answerAll(2);
    answerAll(2);
    expect(world.committed).toEqual(['b', 'e']);
    expect(sent(2)).toEqual([]);
    const bytes = batchOf(['f'], {}).length;
    world.push(['f']);
    expect(world.queues.pendingBytes).toBe(bytes);
    expect(sent(2)).toEqual(['f@9:2']);
  });

  it('leaves them out of a batch, too, that grew before it came (P3)', () => {
    const { world, sent } = newWorld(2);
    // Its connection closed while it was open: what came before it may be cut, and never be stored.
    world.push(['a', 'b'], (value) => value === 'a');
    expect(sent(2)).toEqual(['b@9:0']);
  });

  it('gives up what another node does not answer, and begins anew under another id (P3)', () => {
    const { world, sent, answerAll } = newWorld(2);
    world.push(['a']);
    world.push(['b']);
    world.sleep(100);
    world.push(['c']);
    expect(sent(2)).toEqual(['a@9:0']);
    world.queues.giveUp(monotonicMs(100));
    expect(world.outcomes.get('a')).toEqual({ ok: false, error: 'REQUEST_TIMED_OUT' });
    expect([...world.outcomes.keys()]).toEqual(['a']);
    expect(sent(2)).toEqual(['b@100:0']);
    answerAll(2);
    expect(sent(2)).toEqual(['c@100:1']);
  });

  it('does not give up what this node has in its own log', () => {
    const { world } = newWorld(1);
    world.push(['a']);
    world.sleep(100);
    world.queues.giveUp(monotonicMs(100));
    expect(world.outcomes.size).toBe(0);
    world.replicate(2);
    expect(world.outcomes.get('a')).toMatchObject({ ok: true });
  });

  it('does not give up what goes to an internal topic', () => {
    const { world } = newWorld(2);
    const queue = world.queues.ingest({ ...target, topic: '__cluster' });
    const outcomes: ProduceOutcome[] = [];
    const triple = queue.nextTriple();
    const bytes = batchOf(['a'], triple ?? {});
    queue.push(bytes, triple, [{ settled: () => undefined }], (o) => outcomes.push(o));
    world.queues.giveUp(monotonicMs(1));
    expect([outcomes, world.queues.pendingBytes]).toEqual([[], bytes.length]);
  });

  it('stores anew what the leader has lost the sequences of (L6), and never for ever', () => {
    const { world, sent, answerAll } = newWorld(2);
    world.push(['a']);
    world.push(['b']);
    sent(2);
    world.refuse(2, 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(sent(2)).toEqual(['a@100:0']);
    answerAll(2);
    expect(sent(2)).toEqual(['b@100:1']);
    for (const id of [101, 102]) {
      world.refuse(2, 'OUT_OF_ORDER_SEQUENCE_NUMBER');
      expect(sent(2)).toEqual([`b@${id}:0`]);
    }
    world.refuse(2, 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(world.outcomes.get('b')).toMatchObject({ error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  });

  it('tells a final refusal, and what follows goes under another id', () => {
    const { world, sent } = newWorld(2);
    world.push(['a']);
    world.push(['b']);
    sent(2);
    world.refuse(2, 'RECORD_TOO_LARGE');
    expect(world.outcomes.get('a')).toEqual({ ok: false, error: 'RECORD_TOO_LARGE' });
    expect(sent(2)).toEqual(['b@100:0']);
  });

  it('keeps a queue for each session, whose triples never change (P5)', () => {
    const { world, sent, answerAll } = newWorld(2);
    const outcomes: string[] = [];
    const produce = (producerId: bigint, baseSequence: number, value: string) => {
      const triple = { producerId, producerEpoch: 3, baseSequence };
      const from = { clientId: `client ${producerId}`, triple };
      world.queues.produceOfSession(target, from, batchOf([value], triple), (outcome) =>
        outcomes.push(`${value}: ${outcome.ok ? 'ok' : outcome.error}`),
      );
    };
    produce(7n, 0, 'a');
    produce(7n, 1, 'b');
    produce(8n, 0, 'c');
    expect(sent(2)).toEqual(['a@7:0', 'c@8:0']);
    answerAll(2);
    answerAll(2);
    expect(outcomes).toEqual(['a: ok', 'c: ok', 'b: ok']);
    produce(7n, 5, 'd');
    answerAll(2);
    expect(outcomes.at(-1)).toBe('d: OUT_OF_ORDER_SEQUENCE_NUMBER');
    produce(7n, 2, 'e');
    world.sleep(100);
    world.queues.giveUp(monotonicMs(world.nowMs));
    expect(outcomes.at(-1)).toBe('e: REQUEST_TIMED_OUT');
    expect(world.queues.pendingBytes).toBe(0);
  });

  it('keeps the order of a session that takes another producer, too', () => {
    const { world, sent, answerAll } = newWorld(2);
    const produce = (producerId: bigint, producerEpoch: number, value: string) => {
      const triple = { producerId, producerEpoch, baseSequence: 0 };
      const from = { clientId: 'client', triple };
      world.queues.produceOfSession(target, from, batchOf([value], triple), () => undefined);
    };
    produce(7n, 0, 'a');
    produce(8n, 0, 'b');
    produce(8n, 1, 'c');
    for (const expected of ['a@7:0', 'b@8:0', 'c@8:0']) {
      expect(sent(2)).toEqual([expected]);
      answerAll(2);
    }
  });

  it('gives up what follows in a session with what it gives up (P3)', () => {
    const { world, sent, answerAll } = newWorld(2);
    const outcomes: string[] = [];
    const produce = (producerId: bigint, value: string) => {
      const triple = { producerId, producerEpoch: 0, baseSequence: 0 };
      const from = { clientId: 'client', triple };
      world.queues.produceOfSession(target, from, batchOf([value], triple), (outcome) =>
        outcomes.push(`${value}: ${outcome.ok ? 'ok' : outcome.error}`),
      );
    };
    produce(7n, 'a');
    world.sleep(100);
    produce(8n, 'b');
    expect(sent(2)).toEqual(['a@7:0']);
    world.queues.giveUp(monotonicMs(world.nowMs));
    expect(outcomes).toEqual(['a: REQUEST_TIMED_OUT', 'b: REQUEST_TIMED_OUT']);
    expect(sent(2)).toEqual([]);
    produce(7n, 'a');
    produce(8n, 'b');
    answerAll(2);
    answerAll(2);
    expect(world.committed).toEqual(['a', 'b']);
  });
});
