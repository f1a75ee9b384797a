import { expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { MqttHeaders } from '../../../../src/core/produce/mqtt-headers.ts';

it('remembers topics up to a length: what it remembers is bounded by their number', () => {
  const headers = new MqttHeaders();
  const source = (length: number) => ({
    ...{ mqttTopic: 'x'.repeat(length), clientId: 'a' },
    ...{ qos: 1, retain: false },
  });
  const longest = source(limits.mqttTopicCachedLengthMax);
  expect(headers.encoded(longest)).toBe(headers.encoded(longest));
  const longer = source(limits.mqttTopicCachedLengthMax + 1);
  expect(headers.encoded(longer)).toEqual(headers.encoded(longer));
  expect(headers.encoded(longer)).not.toBe(headers.encoded(longer));
});
