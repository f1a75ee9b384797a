import { expect, test } from 'vitest';
import { timestampMs } from '../../../../src/base/brand.ts';
import type { Target } from '../../../../src/client/kafka/cluster-client.ts';
import type { ForwardContext } from '../../../../src/core/forward/context.ts';
import { Producer } from '../../../../src/core/forward/producer.ts';

test('a claim goes to the broker that showed the cursor, whoever leads by now', () => {
  const asked: Target[] = [];
  const central = {
    metadata: { leaderOf: () => 2 },
    call: (target: Target) => {
      asked.push(target);
      return () => undefined;
    },
  };
  const now = () => ({ wallMs: timestampMs(1), monotonicMs: 1 });
  const context = { central, now } as unknown as ForwardContext;
  const identity = { transactionalId: 't', producerId: 1n, producerEpoch: 0 };
  const place = { topic: 'cursors', partition: 0, leaderId: 1 };
  const records = [{ key: Uint8Array.of(1), value: Uint8Array.of(2) }];
  new Producer(context, identity).sendRecords(place, records)(() => undefined);
  expect(asked).toEqual([{ nodeId: 1 }]);
});
