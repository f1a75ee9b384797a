import { expect, it } from 'vitest';
import { runRot } from './rot-run.ts';

it('serves no wrong byte and hides no hole after 150 flips', { timeout: 300_000 }, async () => {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const { failures } = await runRot({ seed: 42, stored: 130, stopped: 14, running: 6, say });
  expect(failures).toEqual([]);
});
