import { expect, test } from 'vitest';
import { LeaderClients } from '../../../../edge/cli/leader-clients.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A command's clients, whose first node is the first of the cluster. */
function clientsOf(cluster: FakeCluster, entryAddress = '127.0.0.1:1') {
  return new LeaderClients('t', cluster.client(1), entryAddress, cluster.open);
}

async function grouped(clients: LeaderClients): Promise<unknown> {
  const learnt = await clients.learn();
  const { led, troubles } = await clients.of(learnt.ok ? learnt.value : []);
  return [...led.map(({ address, partitions }) => [address, partitions]), ...troubles];
}

test('asks each leader for what it leads', async () => {
  const cluster = new FakeCluster([1, 2], [1, 2, 2, 1]);
  expect(await grouped(clientsOf(cluster))).toEqual([
    ['127.0.0.1:1', [0, 3]],
    ['127.0.0.1:2', [1, 2]],
  ]);
  expect(cluster.dialled).toEqual(['127.0.0.1:2']);
});

test('a node that is alone is asked where it was found, whatever it advertises', async () => {
  const cluster = new FakeCluster([1], [1]);
  expect(await grouped(clientsOf(cluster, '192.0.2.1:9092'))).toEqual([['192.0.2.1:9092', [0]]]);
  expect(cluster.dialled).toEqual([]);
});

test('says which partition nobody leads, and names the others', async () => {
  const cluster = new FakeCluster([1, 2], [1, -1]);
  expect(await grouped(clientsOf(cluster))).toEqual([
    ['127.0.0.1:1', [0]],
    't-1: nobody leads the partition now',
  ]);
});

test('asks another node when the one it knew is gone, and dials it anew when it is back', async () => {
  const cluster = new FakeCluster([1, 2, 3], [1, 2]);
  const clients = clientsOf(cluster);
  await clients.learn();
  cluster.nodes.delete(1);
  cluster.leaders = [3, 2];
  expect(await grouped(clients)).toEqual([
    ['127.0.0.1:3', [0]],
    ['127.0.0.1:2', [1]],
  ]);
  cluster.nodes.add(1);
  cluster.leaders = [1, 2];
  expect(await grouped(clients)).toMatchObject([['127.0.0.1:1', [0]], {}]);
});

test('one that is cut off and names the leaders of before is not asked for ever', async () => {
  const cluster = new FakeCluster([1, 2, 3], [1, 1]);
  const clients = clientsOf(cluster);
  await clients.learn();
  cluster.told.set(1, [1, 1]);
  cluster.leaders = [2, 3];
  const asked = [await grouped(clients), await grouped(clients), await grouped(clients)];
  expect(asked).toContainEqual([
    ['127.0.0.1:2', [0]],
    ['127.0.0.1:3', [1]],
  ]);
});

test('says who does not answer when nobody does', async () => {
  const cluster = new FakeCluster([1, 2], [1, 2]);
  const clients = clientsOf(cluster);
  await clients.learn();
  cluster.nodes.clear();
  const { led, troubles } = await clients.of([0]);
  expect([led, troubles]).toEqual([
    [],
    ['the leader does not answer at 127.0.0.1:1 (ECONNREFUSED)'],
  ]);
  expect(await clients.learn()).toMatchObject({ ok: false, error: { passes: true } });
});
