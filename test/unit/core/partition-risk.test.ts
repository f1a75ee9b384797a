import { expect, it } from 'vitest';
import { isPartitionAtRisk } from '../../../src/core/partition-risk.ts';

it.each([
  ['one node', 1, 1, 0, 0, 1, false],
  ['two nodes without a witness', 2, 2, 0, 0, 1, true],
  ['two and a witness', 2, 2, 1, 1, 1, false],
  ['two and a witness that is away', 2, 2, 1, 0, 1, true],
  ['one of two and a witness', 2, 1, 1, 1, 1, true],
  ['two and a witness that must both have it', 2, 2, 1, 1, 2, true],
  ['three', 3, 3, 0, 0, 2, false],
  ['two of three', 3, 2, 0, 0, 2, true],
  ['three that must all have it', 3, 3, 0, 0, 3, true],
  ['four of five', 5, 4, 0, 0, 3, false],
  ['three of five', 5, 3, 0, 0, 3, true],
])('%s', (_, dataVoters, inSyncDataVoters, witnesses, heardWitnesses, minInsyncReplicas, is) => {
  const view = { dataVoters, inSyncDataVoters, witnesses, heardWitnesses, minInsyncReplicas };
  expect(isPartitionAtRisk(view)).toBe(is);
});
