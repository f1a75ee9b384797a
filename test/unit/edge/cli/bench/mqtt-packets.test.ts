import { expect, it } from 'vitest';

import {
  connectPacket,
  publishPacket,
  pubackCounter,
} from '../../../../../edge/cli/bench/mqtt-packets.ts';

it('writes CONNECT', () => {
  const expected = [0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 97];
  expect([...connectPacket('a')]).toEqual(expected);
});

it('writes PUBLISH with QoS 1, its length in as many bytes as it takes', () => {
  const short = publishPacket('t', 0x0102, Buffer.from('x'));
  expect([...short]).toEqual([0x32, 6, 0, 1, 116, 1, 2, 120]);
  const long = publishPacket('t', 1, Buffer.alloc(123));
  expect([...long.subarray(0, 3)]).toEqual([0x32, 0x80, 1]);
  expect(long.length).toBe(3 + 128);
});

it('counts PUBACKs wherever the chunks end', () => {
  const count = pubackCounter();
  expect([3, 1, 9, 3].map((bytes) => count(new Uint8Array(bytes)))).toEqual([0, 1, 2, 1]);
});
