import { existsSync, mkdtempSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Prng } from '../../src/base/prng.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { runPowerCuts } from './power-cuts.ts';
import { requirePower } from './power-requirements.ts';
import { runPowerStates } from './power-states.ts';
import { emptyTally, reportOf } from './power-tally.ts';

const seed = Number(process.env['SHORELOG_TEST_SEED'] ?? Date.now() % 1_000_000);
const folders: string[] = [];
const say = (): void => {};

beforeAll(() => {
  folders.push(makeTempFolder('power'));
  if (existsSync('/dev/shm')) folders.push(mkdtempSync('/dev/shm/shorelog-power-'));
});
afterAll(() => folders.forEach(removeTempFolder));

test('5 power cuts on ext4 lose nothing acknowledged', async (context) => {
  await requirePower(context);
  const tally = emptyTally();
  const folder = folders[0] ?? '';
  await runPowerCuts({ folder, cuts: 5, random: new Prng(seed), say }, tally);
  console.log(`power cuts: seed ${seed}, ${JSON.stringify(reportOf(tally))}`);
  expect(tally.faults).toEqual([]);
  expect(tally.cuts).toBe(5);
  expect(tally.acked).toBeGreaterThan(0);
});

test('50 states of the disk that a cut may leave lose nothing acknowledged', async (context) => {
  await requirePower(context);
  const tally = emptyTally();
  const folder = folders.at(-1) ?? '';
  const size = { states: 50, recordings: 2, loadMs: 700, workers: 2 };
  await runPowerStates({ folder, ...size, random: new Prng(seed), say }, tally);
  console.log(`power states: seed ${seed}, ${JSON.stringify(reportOf(tally))}`);
  expect(tally.faults).toEqual([]);
  expect(tally.states).toBe(50);
  expect(tally.acked).toBeGreaterThan(0);
});
