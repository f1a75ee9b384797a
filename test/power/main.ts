import { parseArgs } from 'node:util';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Prng } from '../../src/base/prng.ts';
import { fileSystemOf } from '../integration/harness/file-system.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { runPowerCuts } from './power-cuts.ts';
import { missingForPower } from './power-requirements.ts';
import { runPowerStates } from './power-states.ts';
import { slowSyncMs } from './slow-syncs.ts';
import { emptyTally, reportOf } from './power-tally.ts';

const usage = `npm run power -- [options]   (as root on Linux)

  --cuts N       power cuts on ext4 over a loop device (default 50)
  --states N     states that a cut may have left of a recorded device (default 500)
  --seed N       default: random; moments still depend on the machine's pace
  --recordings N recorded lives that the states come from (default: one for 60 states, at least 2)
  --workers N    states checked at the same time (default 2)
`;

const { values } = parseArgs({
  options: {
    cuts: { type: 'string' },
    states: { type: 'string' },
    seed: { type: 'string' },
    recordings: { type: 'string' },
    workers: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const numberOf = (name: Exclude<keyof typeof values, 'help'>, byDefault: number): number => {
  const value = Number(values[name] ?? byDefault);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const run = async (): Promise<number> => {
  const missing = await missingForPower();
  if (missing !== undefined) {
    say(missing);
    return 2;
  }
  const seed = numberOf('seed', Date.now() % 1_000_000);
  say(`seed ${seed}`);
  const states = numberOf('states', 500);
  const tallies = { cuts: emptyTally(), states: emptyTally() };
  const folder = makeTempFolder('power');
  // What is durable there is decided by the write log, not by where the image lies.
  const fast = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/shorelog-power-') : folder;
  try {
    const random = new Prng(seed);
    await runPowerCuts({ folder, cuts: numberOf('cuts', 50), random, say }, tallies.cuts);
    await runPowerStates(
      {
        ...{ folder: fast, states, random, say, loadMs: 1_000 },
        recordings: states === 0 ? 0 : numberOf('recordings', Math.max(2, Math.ceil(states / 60))),
        workers: numberOf('workers', 2),
      },
      tallies.states,
    );
  } finally {
    removeTempFolder(folder);
    if (fast !== folder) removeTempFolder(fast);
  }
  const faults = [...tallies.cuts.faults, ...tallies.states.faults];
  for (const fault of faults) say(`FAULT ${fault}`);
  // The starts behind a cut have a slow disk; those on a state lie in memory where it is to be had.
  const cuts = { ...reportOf(tallies.cuts), syncMs: slowSyncMs };
  const report = { seed, cuts, states: reportOf(tallies.states) };
  process.stdout.write(`${JSON.stringify({ ...report, disk: fileSystemOf(tmpdir()).type })}\n`);
  return faults.length === 0 ? 0 : 1;
};

if (values.help === true) process.stdout.write(usage);
else process.exitCode = await run();
