import { beforeEach, expect, test } from 'vitest';
import { connectionId, uuid } from '../../../../src/base/brand.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Qos2Handshakes } from '../../../../src/core/mqtt/qos2-handshakes.ts';
import { Qos2Session } from '../../../../src/core/mqtt/qos2-session.ts';
import { SessionTable } from '../../../../src/core/mqtt/session-table.ts';

const topicId = uuid('00000000-0000-4000-8000-000000000001');
const { mqttInboundInflightMax, mqttOpenIdentifiersMax, mqttOpenIdentifiersFree } = limits;
const tooMany = 'too many open QoS 2 identifiers';

/** Handshakes over a log that commits when it is told to, and produces at once. */
class World {
  readonly table = new SessionTable();
  /** Identifiers of sessions whose clients are gone. */
  leftBehind = 0;
  readonly released = new Set<number>();
  readonly refusals: string[] = [];
  readonly #commits: (() => void)[] = [];
  readonly #handshakes = new Qos2Handshakes(
    {
      log: {
        commit: (changes, done) =>
          this.#commits.push(() => {
            for (const { key, value } of changes) this.table.apply(utf8Decode(key), value);
            done();
          }),
      },
      producer: { produce: (_target, _publish, done) => done('committed') },
      allocateProducerId: () => 2n,
      locate: () => ({ topicId, partition: 0 }),
      release: (publishId) => void this.released.add(publishId),
      unrouted: () => undefined,
      reject: (_publishId, closeConnection, reason) => {
        expect(closeConnection).toBe(true);
        this.refusals.push(reason);
      },
      sessionAnswered: () => undefined,
    },
    this,
  );
  #lastId = 0;

  get openIdentifiers(): number {
    return this.leftBehind + this.table.openIdentifiers;
  }

  publish(session: Qos2Session, packetId: number): number {
    const publishId = ++this.#lastId;
    const { clientId } = session;
    this.#handshakes.received(session, {
      ...{ publishId, connection: connectionId(1), clientId, packetId },
      ...{ mqttTopic: 'a', payload: new Uint8Array(), qos: 2, retain: false },
    });
    return publishId;
  }

  release(session: Qos2Session, packetId: number): void {
    this.#handshakes.released(session, packetId, ++this.#lastId);
  }

  commit(): void {
    for (const run of this.#commits.splice(0)) run();
  }

  /** A session with identifiers 1 to `count` open. */
  sessionWith(count: number, clientId = 'here'): Qos2Session {
    const session = new Qos2Session(clientId, false);
    for (let packetId = 1; packetId <= count; packetId++) this.publish(session, packetId);
    this.commit();
    expect(session.open.size).toBe(count);
    return session;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

test('a session has so many identifiers open and no more', () => {
  const session = world.sessionWith(mqttInboundInflightMax - 1);
  world.publish(session, mqttInboundInflightMax);
  expect(world.refusals).toEqual([]);
  world.publish(session, mqttInboundInflightMax + 1);
  expect(world.refusals).toEqual([tooMany]);
  world.commit();
  world.release(session, 7);
  world.commit();
  world.publish(session, mqttInboundInflightMax + 1);
  expect(world.refusals).toEqual([tooMany]);
});

test('all sessions together have so many open, those on their way counted, and no more', () => {
  const session = world.sessionWith(mqttOpenIdentifiersFree);
  const other = world.sessionWith(mqttOpenIdentifiersFree, 'other');
  world.leftBehind = mqttOpenIdentifiersMax - 2 - world.openIdentifiers;
  world.publish(session, 100);
  world.publish(other, 101);
  expect(world.refusals).toEqual([]);
  world.publish(session, 102);
  expect(world.refusals).toEqual([tooMany]);
  world.commit();
  expect(world.openIdentifiers).toBe(mqttOpenIdentifiersMax);
  world.publish(other, 103);
  expect(world.refusals).toEqual([tooMany, tooMany]);
});

test('at the bound what is open goes on, and each end makes room for one', () => {
  const count = mqttOpenIdentifiersFree + 2;
  const session = world.sessionWith(count);
  world.leftBehind = mqttOpenIdentifiersMax - count;
  expect(world.released).toContain(world.publish(session, 1));
  for (let packetId = 1; packetId <= 3; packetId++) {
    world.release(session, packetId);
    world.commit();
    world.publish(session, 10 + packetId);
    world.commit();
  }
  expect(session.open.size).toBe(count);
  expect(world.refusals).toEqual([]);
  world.publish(session, 20);
  expect(world.refusals).toEqual([tooMany]);
});

test('past the bound each session may still open a few', () => {
  world.leftBehind = mqttOpenIdentifiersMax + 1;
  const session = world.sessionWith(mqttOpenIdentifiersFree);
  expect(world.refusals).toEqual([]);
  world.publish(session, mqttOpenIdentifiersFree + 1);
  expect(world.refusals).toEqual([tooMany]);
});
