import { expect, test } from 'vitest';
import { connectionId, monotonicMs } from '../../../../src/base/brand.ts';
import { apis } from '../../../../src/client/kafka/api.ts';
import { ClusterClient, splitAddress } from '../../../../src/client/kafka/cluster-client.ts';

function client(bootstrap: readonly string[], asksBrokers = false): ClusterClient {
  let next = 1;
  const made = new ClusterClient({
    clientId: 'me',
    bootstrap,
    asksBrokers,
    nextConnection: () => connectionId(next++),
    callMsMax: 1_000,
    refusedMs: 500,
  });
  made.turn(monotonicMs(0));
  return made;
}

const body = { key: 'k', keyType: 1, coordinatorKeys: [] };

test('tries its addresses in turn and leaves one that failed alone for a while', () => {
  const cluster = client(['a:1', 'b:2']);
  const outcomes: unknown[] = [];
  const ask = () => cluster.call({}, apis.findCoordinator, body)((o) => void outcomes.push(o));
  ask();
  expect(cluster.takeEffects()).toMatchObject([{ type: 'OpenConnection', host: 'a', port: 1 }]);
  cluster.closed(connectionId(1), 'refused');
  expect(outcomes).toHaveLength(1);
  ask();
  expect(cluster.takeEffects()).toMatchObject([{ type: 'OpenConnection', host: 'b', port: 2 }]);
  cluster.closed(connectionId(2), 'refused');
  ask();
  expect(outcomes).toHaveLength(3);
  expect(cluster.takeEffects()).toEqual([]);
  cluster.turn(monotonicMs(500));
  ask();
  expect(cluster.takeEffects()).toHaveLength(1);
});

test.each([true, false])('brokers that the cluster named are asked too: %s', (asksBrokers) => {
  const cluster = client(['a:1'], asksBrokers);
  const brokers = [1, 2].map((nodeId) => ({ nodeId, host: 'ab'[nodeId - 1] ?? '', port: 1 }));
  for (const broker of brokers) cluster.metadata.brokers.set(broker.nodeId, broker);
  const asked = [1, 2, 3].map((attempt) => {
    cluster.turn(monotonicMs(attempt * 500));
    cluster.call({}, apis.findCoordinator, body)(() => undefined);
    const [effect] = cluster.takeEffects();
    cluster.closed(connectionId(attempt), 'refused');
    return effect?.type === 'OpenConnection' ? effect.host : effect;
  });
  expect(asked).toEqual(asksBrokers ? ['a', 'b', 'a'] : ['a', 'a', 'a']);
});

test('each refresh asks another broker, and what any may answer goes to the same one', () => {
  const cluster = client(['a:1', 'b:2', 'c:3']);
  cluster.turn(monotonicMs(0));
  const opened = (): unknown[] =>
    cluster.takeEffects().flatMap((effect) => {
      if (effect.type !== 'OpenConnection') return [];
      cluster.opened(effect.connection);
      return [effect.host];
    });
  const askedOf = (topic: string): unknown[] => {
    cluster.refresh([topic])(() => undefined);
    cluster.call({}, apis.findCoordinator, body)(() => undefined);
    return opened();
  };
  const asked = ['w', 'x', 'y'].flatMap(askedOf);
  expect(asked).toEqual(['a', 'b', 'c']);
  expect(askedOf('z')).toEqual([]);
});

test('a broker that failed lately is asked where no other is left', () => {
  const cluster = client(['a:1', 'b:2']);
  const asked = ['v', 'w', 'x', 'y'].map((topic, i) => {
    cluster.turn(monotonicMs(i * 1_000));
    cluster.refresh([topic])(() => undefined);
    const effects = cluster.takeEffects();
    for (const effect of effects) {
      if (effect.type !== 'OpenConnection') continue;
      if (effect.host === 'b') cluster.closed(effect.connection, 'refused');
      else cluster.opened(effect.connection);
    }
    return effects.flatMap((effect) => ('host' in effect ? [effect.host] : []));
  });
  expect(asked).toEqual([['a'], ['b'], [], []]);
});

test('one connection for all calls of a lane, another for another lane', () => {
  const cluster = client(['a:1']);
  for (const lane of ['main', 'main', 'poll']) {
    cluster.call({ lane }, apis.findCoordinator, body)(() => undefined);
  }
  expect(cluster.takeEffects()).toHaveLength(2);
});

test('a connection that never opens fails its calls at their deadline and is closed', () => {
  const cluster = client(['a:1']);
  const outcomes: unknown[] = [];
  cluster.call({}, apis.findCoordinator, body)((o) => void outcomes.push(o));
  cluster.takeEffects();
  expect(cluster.nextDeadline()).toBe(1_000);
  cluster.turn(monotonicMs(1_000));
  cluster.expire();
  expect(outcomes).toMatchObject([{ ok: false, error: { reason: 'timedOut', wasSent: false } }]);
  expect(cluster.takeEffects()).toMatchObject([{ type: 'CloseConnection' }]);
  expect(cluster.owns(connectionId(1))).toBe(false);
});

test('callers of a refresh share one request, a new topic asks again', () => {
  const cluster = client(['a:1']);
  let answered = 0;
  cluster.refresh(['x'])(() => answered++);
  cluster.refresh(['x'])(() => answered++);
  cluster.refresh(['y'])(() => answered++);
  cluster.closed(connectionId(1), 'refused');
  cluster.takeEffects();
  cluster.closed(connectionId(1), 'refused');
  expect(answered).toBe(3);
});

test('addresses with names and in brackets', () => {
  expect(splitAddress('kafka.example:9092')).toEqual({ host: 'kafka.example', port: 9092 });
  expect(splitAddress('[::1]:9092')).toEqual({ host: '::1', port: 9092 });
});
