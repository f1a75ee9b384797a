import type { Client } from 'aedes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterMatcher, MqttFilterTrie } from '../../../edge/mqtt-filter-trie.ts';
import type { MqttInbound } from '../../../edge/mqtt-inbound.ts';
import { MqttOfflineQueues } from '../../../edge/mqtt-offline-queues.ts';
import { MqttPersistence } from '../../../edge/mqtt-persistence.ts';
import type { QueuedPacket } from '../../../edge/mqtt-queued.ts';
import { MqttRetained } from '../../../edge/mqtt-retained.ts';
import { limits } from '../../../src/base/limits.ts';

const packet = (brokerCounter: number, bytes = 1, topic = 't'): QueuedPacket => ({
  ...{ cmd: 'publish', brokerId: 'b', brokerCounter, topic, payload: Buffer.alloc(bytes) },
  ...{ qos: 1, retain: false, messageId: undefined },
});

test('filters match as MQTT 3.1.1 section 4.7 says', () => {
  const cases: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['sport/#', 'sport', true],
    ['#', 'sport/tennis', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['a//b', 'a//b', true],
    ['a/#', 'b/a', false],
  ];
  for (const [filter, topic, matches] of cases) {
    expect(filterMatcher([filter])(topic), `${filter} ${topic}`).toBe(matches);
  }
});

test('the trie finds what matching each filter finds, also after removals', () => {
  const level = fc.constantFrom('a', 'b', '+', '');
  const filter = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const topic = fc
    .array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join('/'));
  fc.assert(
    fc.property(fc.array(filter), fc.array(filter), topic, (added, removed, name) => {
      const trie = new MqttFilterTrie();
      for (const one of added) trie.add({ clientId: 'c', topic: one, qos: 1 });
      for (const one of removed) trie.remove('c', one);
      const left = [...new Set(added)].filter((one) => !removed.includes(one));
      const expected = left.filter((one) => filterMatcher([one])(name));
      expect(
        trie
          .match(name)
          .map((found) => found.topic)
          .sort(),
      ).toEqual(expected.sort());
    }),
  );
});

test('a queue that is full loses its oldest and counts it', () => {
  const queues = new MqttOfflineQueues();
  const max = limits.mqttOfflinePacketsPerSessionMax;
  for (let i = 0; i < max + 5; i++) queues.enqueue(['a'], packet(i));
  const kept = queues.list('a');
  expect(kept.length).toBe(max);
  expect(kept[0]?.brokerCounter).toBe(5);
  expect(queues.dropped).toBe(5);
  queues.forget('a');
  expect(queues.bytes).toBe(0);
});

test('all queues together stay below their bytes', () => {
  const queues = new MqttOfflineQueues();
  const third = Math.floor(limits.mqttOfflineBytesMax / 3);
  for (let i = 0; i < 4; i++) queues.enqueue(['a', 'b'], packet(i, third));
  expect(queues.bytes).toBeLessThanOrEqual(limits.mqttOfflineBytesMax);
  expect(queues.dropped).toBeGreaterThan(0);
});

test('an acknowledged packet leaves its queue, PUBREL takes the place of its PUBLISH', () => {
  const queues = new MqttOfflineQueues();
  queues.enqueue(['a'], packet(1));
  queues.enqueue(['a'], packet(2));
  queues.update('a', { ...packet(2), messageId: 20 });
  queues.update('a', { cmd: 'pubrel', messageId: 20 } as QueuedPacket);
  expect(queues.clear('a', undefined)).toBeUndefined();
  expect(queues.list('a').map(({ cmd }) => cmd)).toEqual(['publish', 'pubrel']);
  expect(queues.clear('a', 20)).toMatchObject({ cmd: 'pubrel' });
  queues.update('a', { ...packet(1), messageId: 21 });
  expect(queues.clear('a', 21)).toMatchObject({ brokerCounter: 1 });
  expect(queues.bytes).toBe(0);
});

test('retained publishes stay below their bytes, the one set longest ago goes', () => {
  const retained = new MqttRetained();
  const third = Math.floor(limits.mqttRetainedBytesMax / 3);
  for (const topic of ['a', 'b', 'a', 'c']) retained.set(packet(1, third, topic));
  expect([...retained.matching(['#'])].map(({ topic }) => topic)).toEqual(['a', 'c']);
  expect(retained.dropped).toBe(1);
  for (const topic of ['a', 'c']) retained.set(packet(1, 0, topic));
  expect(retained.bytes).toBe(0);
});

test('a retained publish is given once, however many filters match it', () => {
  const retained = new MqttRetained();
  for (const topic of ['a/b', 'c']) retained.set(packet(1, 3, topic));
  expect([...retained.matching(['a/+', '#', 'a/b'])].map(({ topic }) => topic)).toEqual([
    'a/b',
    'c',
  ]);
});

test('what persistent sessions subscribe to takes bounded memory, given back with it', async () => {
  const persistence = new MqttPersistence({} as MqttInbound);
  const clientOf = (id: string): Client => ({ id }) as Client;
  const filters = Array.from({ length: 100 }, (_, index) => ({
    topic: `${'x'.repeat(60_000)}/${index}`,
    qos: 1 as const,
  }));
  let sessions = 0;
  const fill = async (): Promise<void> => {
    for (; sessions < 100; sessions++) {
      await persistence.addSubscriptions(clientOf(`c${sessions}`), filters);
    }
  };
  await expect(fill()).rejects.toThrow('too many');
  expect(sessions).toBe(5);
  await persistence.cleanSubscriptions(clientOf('c0'));
  await persistence.addSubscriptions(clientOf('again'), filters);
  // The same filters again cost nothing.
  await persistence.addSubscriptions(clientOf('again'), filters);
});
