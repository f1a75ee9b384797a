import { expect, it } from 'vitest';

import { recordJson, recordText } from '../../../../edge/cli/record-line.ts';
import type { RecordIterator } from '../../../../src/wire/kafka/record-iterator.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function record(key: Uint8Array | undefined, value: Uint8Array | undefined): RecordIterator {
  const headers = [{ key: 'mqtt.qos', value: bytes('1') }];
  const fake = {
    offset: 17,
    timestamp: 0,
    key: () => key,
    value: () => value,
    headers: () => headers,
  };
  return fake as unknown as RecordIterator;
}

it('prints text', () => {
  const time = '1970-01-01T00:00:00.000Z';
  expect(recordText('t', 2, record(bytes('a/b'), bytes('21.5')))).toBe(`t-2@17 ${time} a/b 21.5`);
  expect(recordText('t', 2, record(undefined, Uint8Array.of(0xff, 0)))).toBe(
    `t-2@17 ${time} - 0xff00`,
  );
  expect(recordText('t', 2, record(bytes('k'), bytes('\u001b[2J\n')))).toBe(
    `t-2@17 ${time} k \\u001b[2J\\n`,
  );
});

it('prints JSON, bytes as base64', () => {
  expect(JSON.parse(recordJson('t', 2, record(undefined, Uint8Array.of(0xff))))).toEqual({
    topic: 't',
    partition: 2,
    offset: 17,
    timestamp: 0,
    key: null,
    valueBase64: '/w==',
    headers: [{ key: 'mqtt.qos', value: '1' }],
  });
});
