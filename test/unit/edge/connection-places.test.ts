import { expect, it } from 'vitest';
import { connectionPlaces } from '../../../edge/connection-places.ts';
import { limits } from '../../../src/base/limits.ts';

it.each([64, 256, 1_024, 4_096, 20_000, 1_048_576, Infinity])(
  'with %d file handles some are left for the disk, and both listeners have places',
  (openFilesMax) => {
    const { mqtt, kafka } = connectionPlaces(openFilesMax);
    const own = Math.min(limits.ownOpenFilesMax, openFilesMax / 2);
    expect(mqtt + kafka).toBeLessThanOrEqual(openFilesMax - own);
    expect(mqtt).toBeGreaterThan(kafka);
    expect(kafka).toBeGreaterThan(0);
    expect(mqtt).toBeLessThanOrEqual(limits.mqttConnectionsMax);
    expect(kafka).toBeLessThanOrEqual(limits.kafkaConnectionsMax);
  },
);

it('has all places where there are handles enough', () => {
  expect(connectionPlaces(65_536)).toEqual({ mqtt: 20_000, kafka: 2_000 });
  expect(connectionPlaces().mqtt).toBeGreaterThan(0);
});
