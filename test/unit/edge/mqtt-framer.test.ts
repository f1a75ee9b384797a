import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MqttFramer } from '../../../edge/mqtt-framer.ts';
import { connectBytes } from '../../fakes/mqtt-fake-core.ts';
import { publishPacket } from '../../integration/harness/mqtt-raw-client.ts';

const connect = connectBytes('a', true);
const ping = Buffer.from([0xc0, 0]);
const publish = publishPacket({ topic: 't', payload: 'x'.repeat(300), qos: 1, packetId: 1 });

test('in any pieces, bytes pass up to the first packet that has to wait', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, (pieces) => {
      const framer = new MqttFramer(1_024);
      expect(framer.pass(Buffer.concat([connect, ping]))).toBe(connect.length);
      framer.connecting = false;
      framer.held = 'all';
      let stream = Buffer.concat([ping, ping, publish, ping]);
      let passed = 0;
      for (const piece of [...pieces, stream.length]) {
        const chunk = stream.subarray(0, piece);
        const took = framer.pass(chunk);
        passed += took;
        stream = stream.subarray(took);
        if (took < chunk.length) break;
      }
      expect(framer.breach).toBeUndefined();
      expect(passed).toBe(2 * ping.length);
      framer.held = 'none';
      expect(framer.pass(stream)).toBe(stream.length);
    }),
  );
});

test('on a full disk QoS 0 passes, up to the first PUBLISH that wants an answer', () => {
  const framer = new MqttFramer(1_024);
  framer.pass(connect);
  framer.connecting = false;
  framer.held = 'acknowledged';
  const qos0 = publishPacket({ topic: 't', payload: 'x', qos: 0, packetId: 0 });
  const stream = Buffer.concat([qos0, ping, qos0, publish, qos0]);
  expect(framer.pass(stream)).toBe(2 * qos0.length + ping.length);
  framer.held = 'all';
  expect(framer.pass(qos0)).toBe(0);
});

test('any bytes give a place to stop or a breach, never an exception', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const framer = new MqttFramer(100);
      for (const chunk of chunks) {
        const took = framer.pass(chunk);
        expect(took).toBeLessThanOrEqual(chunk.length);
        framer.connecting = false;
        if (framer.breach !== undefined) return;
      }
    }),
  );
});

test('the largest packet passes, one byte more does not', () => {
  for (const [bytesMax, breach] of [
    [publish.length, undefined],
    [publish.length - 1, 'packetTooLarge'],
  ] as const) {
    const framer = new MqttFramer(bytesMax);
    framer.pass(connect);
    framer.connecting = false;
    framer.pass(publish.subarray(0, 3));
    expect(framer.breach).toBe(breach);
  }
});
