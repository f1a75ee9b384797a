import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { KafkaClient } from '../../../../edge/cli/kafka-client.ts';
import { LeaderClients } from '../../../../edge/cli/leader-clients.ts';
import { ok } from '../../../../src/base/result.ts';

interface Fake {
  readonly brokers: readonly { nodeId: number; host: string; port: number }[];
  /** By partition. */
  readonly leaders: readonly number[];
}

/** A node that answers Metadata and nothing else. */
function entryOf({ brokers, leaders }: Fake): KafkaClient {
  const partitions = leaders.map((leaderId, partitionIndex) => ({ leaderId, partitionIndex }));
  const answer = { brokers, topics: [{ errorCode: 0, partitions }] };
  return { call: () => Promise.resolve(ok(answer as never)), close: () => undefined };
}

async function grouped(fake: Fake, entryAddress: string): Promise<unknown> {
  const entry = entryOf(fake);
  const clients = new LeaderClients('t', entry, entryAddress);
  const learnt = await clients.learn();
  const led = await clients.of(learnt.ok ? learnt.value : []);
  clients.close();
  if (!led.ok) return led.error;
  return led.value.map(({ client, partitions }) => [client === entry, partitions]);
}

test('asks each leader for what it leads', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', () => resolve(undefined)));
  const { port } = server.address() as AddressInfo;
  const brokers = [
    { nodeId: 1, host: '127.0.0.1', port: 1 },
    { nodeId: 2, host: '127.0.0.1', port },
  ];
  expect(await grouped({ brokers, leaders: [1, 2, 2, 1] }, '127.0.0.1:1')).toEqual([
    [true, [0, 3]],
    [false, [1, 2]],
  ]);
  server.close();
});

test('a node that is alone is asked where it was found, whatever it advertises', async () => {
  const brokers = [{ nodeId: 1, host: '192.0.2.1', port: 9092 }];
  expect(await grouped({ brokers, leaders: [1] }, '127.0.0.1:1')).toEqual([[true, [0]]]);
});

test('says which partition nobody leads', async () => {
  const brokers = [{ nodeId: 1, host: '127.0.0.1', port: 1 }];
  expect(await grouped({ brokers, leaders: [1, -1] }, '127.0.0.1:1')).toMatch(/^t-1: nobody leads/);
});
