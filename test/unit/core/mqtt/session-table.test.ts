import { expect, test } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { identifierRecord } from '../../../../src/core/mqtt/session-records.ts';
import { SessionTable } from '../../../../src/core/mqtt/session-table.ts';

const topicId = uuid('00000000-0000-4000-8000-000000000001');
const target = { topicId, partition: 0, producerId: 1n, producerEpoch: 0, baseSequence: 0 };
const { value } = identifierRecord({ clientId: 'a', owner: undefined }, 1, target);

test('counts what is open in all sessions, each identifier once', () => {
  const table = new SessionTable();
  for (const key of ['qos2/a/1', 'qos2/a/2', 'qos2/b/1', 'qos2/a/1']) table.apply(key, value);
  expect(table.openIdentifiers).toBe(3);
  expect(table.apply('qos2/b/2', Uint8Array.of(0xff))).toBe(false);
  for (const key of ['qos2/a/1', 'qos2/a/1', 'qos2/c/1']) table.apply(key, undefined);
  expect(table.openIdentifiers).toBe(2);
  table.apply('session/a', undefined);
  expect(table.openIdentifiers).toBe(2);
  for (const key of ['qos2/a/2', 'qos2/b/1']) table.apply(key, undefined);
  expect([table.openIdentifiers, table.size]).toEqual([0, 0]);
});
