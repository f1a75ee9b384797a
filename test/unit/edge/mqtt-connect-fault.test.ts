import { expect, test } from 'vitest';
import { connectFault, unacceptableLevel } from '../../../edge/mqtt-connect-fault.ts';

const field = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

const body = (
  flags: number,
  fields: readonly (string | Buffer)[],
  { name = 'MQTT', level = 4 } = {},
): Buffer => Buffer.concat([field(name), Buffer.from([level, flags, 0, 60]), ...fields.map(field)]);

const clean = 0x02;
const will = 0x04;
const password = 0x40;
const userName = 0x80;

test.each([
  ['the least', body(clean, ['id'])],
  ['a will', body(clean | will, ['id', 'topic', 'gone'])],
  ['a user name', body(clean | userName, ['id', 'user'])],
  ['both', body(clean | userName | password, ['id', 'user', 'secret'])],
  ['all', body(clean | will | userName | password, ['id', 't', '', 'user', 'secret'])],
  ['a bridge', body(clean, ['id'], { level: 0x84 })],
])('%s passes', (_name, bytes) => {
  expect(connectFault(bytes)).toBeUndefined();
});

test.each([
  ['a user name without its flag', body(clean, ['id', 'user']), '3.1.2-18'],
  ['a password without its flag', body(clean | userName, ['id', 'user', 'secret']), '3.1.2-20'],
  ['a password without a user name', body(clean | password, ['id', 'secret']), '3.1.2-22'],
  ['a user name that is missing', body(clean | userName, ['id']), 'ends within'],
  ['a user name with U+0000', body(clean | userName, ['id', 'a\u0000']), '1.5.3-2'],
  [
    'an ill-formed user name',
    body(clean | userName, ['id', Buffer.from([0xed, 0xa0, 0x80])]),
    '1.5.3-1',
  ],
  ['another protocol', body(clean, ['id'], { name: 'mqtt' }), '3.1.2-1'],
])('%s is refused', (_name, bytes, clause) => {
  expect(connectFault(bytes)).toMatch(clause);
});

test('levels that are not there are refused by name and number', () => {
  const acceptable = new Set(['MQIsdp3', 'MQTT4']);
  for (const name of ['MQIsdp', 'MQTT']) {
    for (const level of [0, 1, 2, 3, 4, 5, 6, 127]) {
      const expected = acceptable.has(`${name}${level}`) ? undefined : unacceptableLevel;
      expect(connectFault(body(clean, ['id'], { name, level })), `${name} ${level}`).toBe(expected);
    }
  }
});

test('of 3.1 what follows the level is left alone', () => {
  expect(connectFault(body(password, ['id', 'x', 'y'], { name: 'MQIsdp', level: 3 }))).toBe(
    undefined,
  );
});

test('cut off anywhere it is no exception and never passes', () => {
  const whole = body(clean | will | userName | password, ['id', 't', 'gone', 'user', 'secret']);
  for (let length = 0; length < whole.length; length++) {
    expect(connectFault(whole.subarray(0, length)), String(length)).toBeDefined();
  }
});
