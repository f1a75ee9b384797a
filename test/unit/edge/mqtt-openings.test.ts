import { expect, it } from 'vitest';
import { MqttOpenings } from '../../../edge/mqtt-openings.ts';
import type { Opening } from '../../../edge/mqtt-openings.ts';

const opening = (dead: boolean): Opening =>
  ({ connection: { dead }, client: {}, done: () => undefined }) as unknown as Opening;

it('keeps no CONNECT whose connection is gone and that the core never answers', () => {
  const openings = new MqttOpenings();
  for (let i = 0; i < 1_000; i++) openings.add(opening(true));
  const waits = opening(false);
  const requestId = openings.add(waits);
  expect(openings.size).toBe(1);
  openings.add(opening(true));
  expect(openings.take(requestId)).toBe(waits);
  expect(openings.take(requestId)).toBeUndefined();
});
