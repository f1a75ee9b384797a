import { expect, it } from 'vitest';
import { AdminPort } from '../../../edge/admin-port.ts';
import { formatAddress } from '../../../src/config/address.ts';
import type { LedStatus } from '../../../src/core/cluster-status.ts';
import type { Event } from '../../../src/core/event.ts';
import type { NodeStatus } from '../../../src/core/node-status.ts';
import { facts } from './node-facts.ts';

const led = {
  ...{ topic: 'other', topicId: 'id-2', partition: 3, leader: 2, leaderEpoch: 7 },
  ...{ logStartOffset: 0, logEndOffset: 9, highWatermark: 9, replicas: [2], inSync: [2] },
  ...{ atRisk: false, followers: [] },
} as unknown as LedStatus;

it.each([
  ['a lone node knows all that there is', { cluster: undefined }, [], 1],
  ['of a cluster the others are asked', {}, ['ClusterAsked'], 2],
])('status: %s', async (_, overrides, asked, partitions) => {
  const posted: string[] = [];
  const post = (event: Event): void => {
    posted.push(event.type);
    if (event.type === 'ClusterAsked') port.ledTold(event.requestId, [led]);
  };
  const port: AdminPort = new AdminPort({
    ...{ telemetry: { write: () => undefined }, isReady: () => true, post },
    facts: () => facts(overrides),
  });
  expect(await port.listen({ host: '127.0.0.1', port: 0 })).toMatchObject({ ok: true });
  try {
    const base = port.address === undefined ? '' : formatAddress(port.address);
    const answer = await fetch(`http://${base}/api/v1/status`);
    expect(((await answer.json()) as NodeStatus).partitions.length).toBe(partitions);
    expect(posted).toEqual(asked);
  } finally {
    await port.close();
  }
});
