import { expect, test } from 'vitest';
import { LeaderClients } from '../../../../edge/cli/leader-clients.ts';
import { Patience, type PatienceTime } from '../../../../edge/cli/patience.ts';
import { latest, TopicReader } from '../../../../edge/cli/topic-reader.ts';
import { FakeCluster } from './fake-cluster.ts';

/** Passes while somebody waits, and not else. */
function fakeTime(): PatienceTime {
  let nowMs = 0;
  return { nowMs: () => nowMs, pause: async (ms) => void (nowMs += ms) };
}

function readerOf(cluster: FakeCluster) {
  const leaders = new LeaderClients('t', cluster.client(1), '127.0.0.1:1', cluster.open);
  const said: string[] = [];
  const say = (text: string): number => said.push(text);
  const patience = new Patience({ say, time: fakeTime() });
  const reader = new TopicReader(leaders, 't', patience);
  const values: string[] = [];
  const read = async (): Promise<string | undefined> => {
    const partitions = cluster.logs.map((_, at) => at);
    const fetched = await reader.fetch(partitions, 0);
    if (!fetched.ok) return fetched.error;
    for (const answer of fetched.value) {
      for (const next of reader.records(answer)) {
        if (!next.ok) return next.error;
        const { partition, record } = next.value;
        values.push(`${partition}@${record.offset} ${new TextDecoder().decode(record.value())}`);
      }
    }
    return undefined;
  };
  return { reader, read, values, said };
}

test('reads on with the next leader where it was', async () => {
  const cluster = new FakeCluster([1, 2, 3], [1, 2]);
  cluster.logs[0]?.push('a');
  cluster.logs[1]?.push('b');
  const { reader, read, values, said } = readerOf(cluster);
  expect(await reader.partitions()).toEqual({ ok: true, value: [0, 1] });
  expect(await read()).toBeUndefined();
  cluster.nodes.delete(1);
  cluster.logs[0]?.push('c');
  cluster.logs[1]?.push('d');
  // Nobody is elected yet: the other partition is read meanwhile.
  cluster.leaders = [-1, 2];
  expect(await read()).toBeUndefined();
  expect(reader.isWaiting).toBe(true);
  expect(await read()).toBeUndefined();
  cluster.leaders = [3, 2];
  expect(await read()).toBeUndefined();
  expect(await read()).toBeUndefined();
  expect(reader.isWaiting).toBe(false);
  expect(values).toEqual(['0@0 a', '1@0 b', '1@1 d', '0@1 c']);
  expect(said).toEqual([]);
});

test('asks for offsets again while a leader is elected', async () => {
  const cluster = new FakeCluster([1, 2], [1]);
  cluster.logs[0]?.push('a', 'b');
  const { reader } = readerOf(cluster);
  await reader.partitions();
  cluster.leaders = [2];
  expect(await reader.offsetsAt([0], latest)).toEqual({ ok: true, value: new Map([[0, 2]]) });
});

test('gives up in words after a while, and not before', async () => {
  const cluster = new FakeCluster([1, 2], [1]);
  const { reader, read, said } = readerOf(cluster);
  await reader.partitions();
  cluster.nodes.clear();
  let [end, rounds] = [await read(), 1];
  for (; end === undefined; rounds++) end = await read();
  const trouble = 'the leader does not answer at 127.0.0.1:1 (ECONNREFUSED)';
  expect(end).toBe(`${trouble}; given up after 30 s`);
  // Four tries a second, and the last one.
  expect(rounds).toBe(4 * 30 + 1);
  expect(said).toEqual([`${trouble}; trying again`]);
});

test('something that never answered is not waited for', async () => {
  const cluster = new FakeCluster([1], [1]);
  const { reader } = readerOf(cluster);
  cluster.nodes.clear();
  expect(await reader.partitions()).toEqual({
    ok: false,
    error: 'no node answers at 127.0.0.1:1 (ECONNREFUSED)',
  });
});

test('a topic that is not there is no reason to wait', async () => {
  const cluster = new FakeCluster([1], [1]);
  const leaders = new LeaderClients('t', cluster.client(1), '127.0.0.1:1', cluster.open);
  cluster.isTopicGone = true;
  const reader = new TopicReader(leaders, 't', new Patience({ say: () => undefined }));
  expect(await reader.partitions()).toEqual({
    ok: false,
    error: 'topic t: This node has no such topic or partition.',
  });
});
