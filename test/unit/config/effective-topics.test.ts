import { expect, it } from 'vitest';

import { effectiveTopics } from '../../../src/config/effective-topics.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

it('resolves auto and unlimited, and keeps only what is forwarded', () => {
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
      keepUnforwarded: false,
    },
  ]);
});
