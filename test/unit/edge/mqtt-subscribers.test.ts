import { expect, test } from 'vitest';
import { MqttSubscribers } from '../../../edge/mqtt-subscribers.ts';
import type { MqttEmitter } from '../../../edge/mqtt-subscribers.ts';

const listener = (): (() => void) => () => undefined;

function watched(): { emitter: MqttEmitter; subscribers: MqttSubscribers; calls: string[] } {
  const calls: string[] = [];
  const emitter: MqttEmitter = {
    on: (topic) => calls.push(`on ${topic}`),
    removeListener: (topic) => calls.push(`off ${topic}`),
  };
  return { emitter, subscribers: new MqttSubscribers(emitter), calls };
}

test('knows whether anybody listens; listeners of the engine itself do not count', () => {
  const { emitter, subscribers, calls } = watched();
  emitter.on('$SYS/+/heartbeat', listener());
  expect(subscribers.isEmpty).toBe(true);
  const mine = listener();
  emitter.on('t', mine);
  expect(subscribers.isEmpty).toBe(false);
  emitter.removeListener('t', mine);
  expect(subscribers.isEmpty).toBe(true);
  expect(calls).toEqual(['on $SYS/+/heartbeat', 'on t', 'off t']);
});

test('a filter that is given up twice takes nothing from another who has it', () => {
  const { emitter, subscribers } = watched();
  const [mine, others] = [listener(), listener()];
  emitter.on('t', mine);
  emitter.on('t', others);
  emitter.removeListener('t', mine);
  emitter.removeListener('t', mine);
  expect(subscribers.isEmpty).toBe(false);
});
