import { expect, it } from 'vitest';
import { freePorts } from '../../../../../edge/cli/demo/free-ports.ts';

it('gives different ports below those that the system hands out by itself', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThan(32_768);
  }
});
