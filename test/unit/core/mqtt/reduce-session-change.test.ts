import { expect, test } from 'vitest';
import { present } from '../../../../src/base/assert.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { uuid } from '../../../../src/base/brand.ts';
import { reduceSessionChange } from '../../../../src/core/mqtt/reduce-session-change.ts';
import {
  identifierRecord,
  identifierRemoval,
  sessionRemoval,
  takeoverRecord,
} from '../../../../src/core/mqtt/session-records.ts';
import type { ViewChange } from '../../../../src/ports/state-view.ts';
import { decodeSession } from '../../../../src/wire/state/state-codec.ts';

const clientId = 'a/b';
const [first, second] = [
  { nodeId: 1, counter: 7 },
  { nodeId: 2, counter: 3 },
];
const target = {
  topicId: uuid('00000000-0000-4000-8000-000000000001'),
  ...{ partition: 0, producerId: 5n, producerEpoch: 0, baseSequence: 0 },
};

/** What a log of these records leaves. */
const after = (...records: readonly ViewChange[]): Map<string, Uint8Array> => {
  const values = new Map<string, Uint8Array>();
  for (const { key, value } of records) {
    const name = utf8Decode(key);
    const kept = reduceSessionChange(name, value, (other) => values.get(other));
    if (kept === undefined) values.delete(name);
    else values.set(name, kept);
  }
  return values;
};

const taken = takeoverRecord(clientId, first, undefined, false);
const takenOver = takeoverRecord(clientId, second, first, false);
const opened = identifierRecord({ clientId, owner: first }, 1, target);
const openKey = 'qos2/a/b/1';

test('records of a former owner do not count, wherever they lie behind the takeover', () => {
  expect(after(taken, opened).has(openKey)).toBe(true);
  expect(after(taken, takenOver, opened).has(openKey)).toBe(false);
  const removal = identifierRemoval({ clientId, owner: first }, 1);
  expect(after(taken, opened, removal).has(openKey)).toBe(false);
  expect(after(taken, opened, takenOver, removal).has(openKey)).toBe(true);
  expect(after(taken, takenOver, sessionRemoval(clientId, first)).size).toBe(1);
  expect(after(taken, takenOver, sessionRemoval(clientId, second)).size).toBe(0);
});

test('a takeover counts only while it takes the session from whom it names', () => {
  const late = takeoverRecord(clientId, { nodeId: 3, counter: 1 }, undefined, false);
  expect(after(taken, late)).toEqual(after(taken));
  expect(after(late, taken)).toEqual(after(late));
});

test('records without an owner, of a node that is alone, always count', () => {
  const alone = { clientId, owner: undefined };
  const values = after(taken, identifierRecord(alone, 1, target));
  expect(values.has(openKey)).toBe(true);
  expect(after(taken, opened, identifierRemoval(alone, 1)).has(openKey)).toBe(false);
});

test('that a session has ended outlives further takeovers', () => {
  const clean = takeoverRecord(clientId, first, undefined, true);
  const third = takeoverRecord(clientId, { nodeId: 3, counter: 1 }, second, false);
  const value = after(clean, opened, takenOver, third).get(`session/${clientId}`);
  expect(decodeSession(present(value, 'a session'))).toMatchObject({
    value: { hasEnded: true, clean: false, owner: { nodeId: 3 } },
  });
});

test('what is kept reads the same in any order', () => {
  const values = after(taken, opened, takenOver);
  const again = [...values].toReversed().map(([key, value]) => ({
    key: new TextEncoder().encode(key),
    value,
  }));
  expect(after(...again)).toEqual(values);
});
