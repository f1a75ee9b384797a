import { expect, it } from 'vitest';

import { effectiveTopics } from '../../../src/config/effective-topics.ts';
import { defaultConfig, parseConfig } from '../../../src/config/parse-config.ts';

it('resolves auto and unlimited, and keeps what no route forwards yet', () => {
  const parsed = parseConfig({
    topics: [
      { name: 'sensors', retentionMs: 'unlimited' },
      { name: 'local', retentionBytes: 5 },
    ],
    forward: { central: { bootstrap: ['a:1'] } },
  });
  expect(parsed.ok && effectiveTopics(parsed.value)).toEqual([
    {
      name: 'sensors',
      partitions: 4,
      replicas: 1,
      minInsyncReplicas: 1,
      retentionMs: Infinity,
      retentionBytes: Infinity,
      keepUnforwarded: true,
    },
    {
      name: 'local',
      partitions: 4,
      replicas: 1,
      minInsyncReplicas: 1,
      retentionMs: 604800000,
      retentionBytes: 5,
      keepUnforwarded: true,
    },
  ]);
});

it.each([
  [1, 0, 'auto', 1, 1],
  [2, 1, 'auto', 2, 1],
  [3, 0, 'auto', 3, 2],
  [5, 0, 'auto', 3, 2],
  [5, 0, 5, 5, 3],
  [3, 0, 1, 1, 1],
] as const)(
  '%i data nodes and %i witnesses: replicas %s is %i, of which %i must have it',
  (dataNodes, witnesses, wanted, replicas, minInsyncReplicas) => {
    const config = defaultConfig();
    const peers = Array.from({ length: dataNodes + witnesses }, (_, at) => ({
      ...{ id: at + 1, peer: 'a:1', kafka: 'a:1' },
      role: at < dataNodes ? ('data' as const) : ('witness' as const),
    }));
    const topics = config.topics.map((topic) => ({ ...topic, replicas: wanted }));
    const cluster = { id: 'p', replicaLagTimeMaxMs: 1_000, insecure: true, peers };
    expect(effectiveTopics({ ...config, topics, cluster })).toMatchObject([
      { replicas, minInsyncReplicas },
    ]);
  },
);
