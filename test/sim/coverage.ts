import type { GroupRun } from './run-group.ts';

/** What a run of many seeds must have seen, or the generator has lost something. */
const wanted: readonly string[] = [
  ...['one', 'two', 'two + witness', 'three', 'four', 'five'].map((name) => `shape: ${name}`),
  ...['none', 'some', 'all'].map((name) => `faults: ${name}`),
  ...['loss', 'doubling', 'slowNetwork', 'slowDisk', 'slowPairMs', 'farMs', 'clockDrift'].map(
    (name) => `fault: ${name}`,
  ),
  ...['deathsVoting', 'deathsLeading', 'deathsChanging'].map((name) => `fault: ${name}`),
  ...[1, 2, 10, 100, 1_000].map((records) => `segments of ${records}`),
  'asked: bursts',
];

/** Counted where it really happened. */
const happened: Readonly<Record<string, string>> = {
  crash: 'a process dies',
  stop: 'a clean stop',
  stall: 'a disk takes no fsync for a while',
  pause: 'a process stands still',
  cut: 'a link is cut',
  isolate: 'a node is cut off',
  return: 'a leader is back as its successor dies',
  handOver: 'a hand-over',
  diverged: 'a log is cut to its leader',
  want: 'a reassignment',
  'voters+': 'a voter is added (growth, rejoin)',
  'voters-': 'a voter is removed',
  disk: 'a disk is replaced by an empty one',
  oldDisk: 'a disk is put back',
  promote: 'a promotion',
  rot: 'a log rots',
  trim: 'the log start moves',
  reset: 'a replica begins anew above its end',
  loseLog: 'a leader is back without some of its log, unnoticed',
  cutLink: 'a healthy leader and one voter do not hear each other',
  flap: 'a follower flaps beside a witness',
};

/** How many seeds had what, one line each; `missing`: what none had. */
export function coverageOf(runs: readonly GroupRun[]): { lines: string[]; missing: string[] } {
  const lines: string[] = [];
  const missing: string[] = [];
  const say = (what: string, seeds: number, times?: number): void => {
    lines.push(
      `${String(seeds).padStart(6)} seeds  ${what}${times === undefined ? '' : `, ${times} times`}`,
    );
    if (seeds === 0) missing.push(what);
  };
  for (const name of wanted) {
    say(name, runs.filter(({ features }) => features.includes(name)).length);
  }
  for (const [name, text] of Object.entries(happened)) {
    const times = runs.map(({ counts }) => counts[name] ?? 0);
    say(
      text,
      times.filter((each) => each > 0).length,
      times.reduce((sum, each) => sum + each, 0),
    );
  }
  return { lines, missing };
}
