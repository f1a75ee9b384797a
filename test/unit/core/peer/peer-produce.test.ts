import { describe, expect, it } from 'vitest';
import { offset, uuid } from '../../../../src/base/brand.ts';
import type { ProduceOutcome } from '../../../../src/core/kafka/broker-view.ts';
import type { PeerProduceOutcome } from '../../../../src/core/peer/peer-produce.ts';
import { makeBatch } from '../../log/log-fixture.ts';
import { PeerWorld, topicId } from './peer-world.ts';

interface Asked {
  readonly bytes: number;
  readonly done: (outcome: ProduceOutcome) => void;
}

/** Two nodes; what node 2 is asked to append waits for the test. */
function newWorld() {
  const asked: Asked[] = [];
  const world = new PeerWorld(1, {
    ...{ nodes: 2, delayMs: () => 2 },
    options: {
      produce: (_topicId, _partition, { length: bytes }, done) => asked.push({ bytes, done }),
    },
  });
  world.startAll();
  world.runFor(3_000);
  const said: PeerProduceOutcome[] = [];
  const batch = makeBatch({ base: 0, records: 2 });
  const produce = (id = topicId, bytes = batch): void =>
    world.inTurn(world.node(1), (peers) =>
      peers.produce(2, { topic: 'sensors', topicId: id, partition: 0, batch: bytes }, (outcome) =>
        said.push(outcome),
      ),
    );
  return { world, asked, said, produce, batch };
}

const stored = { ok: true, baseOffset: offset(7), logStartOffset: offset(0) } as const;

describe('peer Produce (P1)', () => {
  it('is answered when it is committed, whatever came before it on the link', () => {
    const { world, asked, said, produce, batch } = newWorld();
    produce();
    produce();
    world.runFor(50);
    expect(asked.map(({ bytes }) => bytes)).toEqual([batch.length, batch.length]);
    world.inTurn(world.node(2), () => asked[1]?.done(stored));
    world.runFor(50);
    expect(said).toEqual([stored]);
    world.inTurn(world.node(2), () => asked[0]?.done({ ok: false, error: 'NOT_ENOUGH_REPLICAS' }));
    world.runFor(50);
    expect(said[1]).toEqual({ ok: false, error: 'NOT_ENOUGH_REPLICAS' });
  });

  it('has an unknown outcome when the link is lost, or the leader gives up', () => {
    const { world, asked, said, produce } = newWorld();
    produce();
    world.runFor(50);
    world.disturb(1);
    world.runFor(50);
    expect([asked.length, said]).toEqual([1, ['unknown']]);
    world.runFor(2_000);
    produce();
    world.runFor(2_100);
    expect([asked.length, said]).toEqual([2, ['unknown', 'unknown']]);
  });

  it('refuses a topic of another id and a batch that is damaged (V6)', () => {
    const { world, asked, said, produce, batch } = newWorld();
    produce(uuid('99999999-0000-4000-8000-000000000000'));
    const damaged = batch.slice();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    produce(topicId, damaged);
    world.runFor(50);
    expect(said).toEqual([
      { ok: false, error: 'UNKNOWN_TOPIC_ID' },
      { ok: false, error: 'CORRUPT_RECORD' },
    ]);
    expect(asked).toEqual([]);
  });

  it('tells of a node that is not there without a long wait', () => {
    const { world, said, produce } = newWorld();
    world.crash(world.node(2));
    world.runFor(10);
    produce();
    world.runFor(50);
    expect(said).toEqual(['unknown']);
  });
});
