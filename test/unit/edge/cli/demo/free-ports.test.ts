import { afterEach, expect, it, vi } from 'vitest';
import { freePorts } from '../../../../../edge/cli/demo/free-ports.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('gives different ports below those that the system hands out by itself', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThan(32_768);
  }
});

it('gives test files that run side by side none that another one may have', async () => {
  const remainders = async (worker: string): Promise<number[]> => {
    vi.stubEnv('VITEST_POOL_ID', worker);
    return [...new Set((await freePorts(20)).map((port) => port % 4))];
  };
  const all = [await remainders('1'), await remainders('2'), await remainders('3')];
  expect(all.map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(new Set(all.flat()).size).toBe(3);
});
