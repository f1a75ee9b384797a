import { expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import {
  readTopicSettings,
  topicSettings,
  type TopicAlteration,
} from '../../../../src/core/cluster/topic-alteration.ts';

it.each<TopicAlteration>([
  {},
  { replicas: 0 },
  { replicas: limits.clusterNodesMax, retentionMs: -1 },
  { retentionMs: 1, retentionBytes: 2 ** 50, keepUnforwarded: false },
  { keepUnforwarded: true },
  { minInsyncReplicas: 0 },
  { replicas: 3, minInsyncReplicas: limits.clusterNodesMax },
])('%j arrives as it was asked', (alteration) => {
  expect(readTopicSettings(topicSettings(alteration))).toEqual({ ok: true, value: alteration });
});

it.each([
  ['replicas', -1],
  ['replicas', limits.clusterNodesMax + 1],
  ['minInsyncReplicas', -1],
  ['minInsyncReplicas', limits.clusterNodesMax + 1],
  ['retentionMs', 0],
  ['retentionMs', -2],
  ['retentionBytes', 0],
  ['keepUnforwarded', 2],
])('refuses %s = %i', (name, value) => {
  const error = `${name} cannot be ${value}.`;
  expect(readTopicSettings([{ name, value }])).toEqual({ ok: false, error });
});

it('refuses what only a newer node knows, and does nothing of it', () => {
  const settings = [...topicSettings({ replicas: 1 }), { name: 'cleanUp', value: 1 }];
  expect(readTopicSettings(settings)).toMatchObject({ ok: false });
});
