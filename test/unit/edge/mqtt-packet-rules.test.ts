import { expect, test } from 'vitest';
import { MqttPacketRules } from '../../../edge/mqtt-packet-rules.ts';
import { connectBytes } from '../../fakes/mqtt-fake-core.ts';

/** What the rules say of a packet with one length byte that comes in pieces of `size` bytes. */
function verdict(packet: readonly number[] | Uint8Array, size: number): string | undefined {
  const rules = new MqttPacketRules();
  const bytes = Uint8Array.from(packet);
  const broken = rules.begin(bytes[0] as number, bytes[1] as number);
  if (broken !== undefined) return broken;
  for (let at = 2; at < bytes.length; at += size) {
    const fault = rules.body(bytes, at, Math.min(at + size, bytes.length));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const filter = [0, 1, 0x61];
const good: readonly (readonly [string, readonly number[]])[] = [
  ['PUBACK', [0x40, 2, 0, 1]],
  ['PUBREC', [0x50, 2, 1, 0]],
  ['PUBREL', [0x62, 2, 255, 255]],
  ['PUBCOMP', [0x70, 2, 0, 1]],
  ['SUBSCRIBE', [0x82, 6, 0, 1, ...filter, 0]],
  ['UNSUBSCRIBE', [0xa2, 5, 0, 1, ...filter]],
];

test.each(good)('%s passes, with identifier 0 not [MQTT-2.3.1-1]', (_name, packet) => {
  for (const size of [1, 2, 9]) {
    expect(verdict(packet, size)).toBeUndefined();
    expect(verdict([...packet.slice(0, 2), 0, 0, ...packet.slice(4)], size)).toMatch('2.3.1-1');
  }
});

test('a packet is as long as its type may be', () => {
  for (const first of [0x40, 0x50, 0x62, 0x70]) {
    for (const length of [0, 1, 3]) expect(verdict([first, length], 1)).toMatch('too short');
  }
  for (const first of [0x82, 0xa2]) expect(verdict([first, 2], 1)).toMatch('too short');
  for (const first of [0xc0, 0xe0]) {
    expect(verdict([first, 0], 1)).toBeUndefined();
    expect(verdict([first, 1], 1)).toMatch('cannot have');
  }
});

test('the fields of CONNECT are looked at in any pieces, once', () => {
  const connect = connectBytes('a', true);
  const bad = Buffer.concat([connect, Buffer.from([7])]);
  bad[1] = (bad[1] as number) + 1;
  for (const size of [1, 5, 100]) {
    expect(verdict(connect, size)).toBeUndefined();
    expect(verdict(bad, size)).toMatch('3.1.2-18');
  }
  const rules = new MqttPacketRules();
  expect(rules.begin(0x10, connect.length - 2)).toBeUndefined();
  expect(rules.body(connect, 2, connect.length)).toBeUndefined();
  expect(rules.begin(0x10, 9)).toMatch('3.1.0-2');
});

test('what stands in a PUBLISH is not taken for an identifier', () => {
  const rules = new MqttPacketRules();
  rules.begin(0x40, 2);
  rules.body(Uint8Array.of(0, 1), 0, 2);
  expect(rules.begin(0x30, 4)).toBeUndefined();
  expect(rules.body(Uint8Array.of(0, 0, 0, 0), 0, 4)).toBeUndefined();
});
