import { expect, it } from 'vitest';
import { runClusterRot } from './cluster-rot.ts';

it('three nodes serve no wrong byte and mend 60 flips', { timeout: 400_000 }, async () => {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const { failures, kinds } = await runClusterRot({ seed: 42, flips: 60, flipsPerRound: 30, say });
  expect(failures).toEqual([]);
  expect(kinds.size).toBeGreaterThan(10);
});
