import { expect, it } from 'vitest';
import type { ClusterConfig, PeerConfig, TopicConfig } from '../../../src/config/config.ts';
import { configWarnings } from '../../../src/config/config-warnings.ts';
import { defaultConfig } from '../../../src/config/parse-config.ts';

const peers = (roles: string): PeerConfig[] =>
  Array.from(roles, (role, at) => ({
    ...{ id: at + 1, peer: `127.0.0.1:${at + 1}`, kafka: `127.0.0.1:${at + 101}` },
    role: role === 'w' ? 'witness' : 'data',
  }));

/** Paths of the warnings. `roles`: a letter for each node, d or w. */
function warned(
  roles: string,
  topic: Partial<TopicConfig> = {},
  cluster: Partial<ClusterConfig> = {},
): string[] {
  const config = defaultConfig();
  return configWarnings({
    ...config,
    topics: config.topics.map((each) => ({ ...each, ...topic })),
    cluster: {
      ...{ id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false, peers: peers(roles) },
      ...cluster,
    },
  }).map(({ path }) => path.join('.'));
}

it.each<[string, Partial<TopicConfig>, string[]]>([
  ['d', {}, []],
  ['dd', {}, ['cluster.peers']],
  ['ddw', {}, []],
  ['ddd', {}, []],
  ['dddd', {}, []],
  ['ddd', { replicas: 2 }, ['topics.0.replicas']],
  ['dddw', { replicas: 2 }, []],
  ['dddd', { replicas: 4 }, ['topics.0.replicas']],
  ['ddd', { replicas: 1 }, []],
  ['ddd', { minInsyncReplicas: 3 }, ['topics.0.minInsyncReplicas']],
  ['ddd', { minInsyncReplicas: 2 }, []],
  ['ddw', { minInsyncReplicas: 2 }, ['topics.0.minInsyncReplicas']],
])('nodes %s with %j: %j', (roles, topic, paths) => {
  expect(warned(roles, topic)).toEqual(paths);
});

it('tells of a cluster without TLS', () => {
  expect(warned('ddd', {}, { insecure: true })).toEqual(['cluster.insecure']);
});

it('tells of publishers that give up before an election is over', () => {
  expect(warned('ddd', {}, { replicaLagTimeMaxMs: 3_333 })).toEqual([]);
  expect(warned('ddd', {}, { replicaLagTimeMaxMs: 3_334 })).toEqual([
    'mqtt.ingestDeliveryTimeoutMs',
  ]);
});

it('has nothing to say without a cluster', () => {
  expect(configWarnings(defaultConfig())).toEqual([]);
});
