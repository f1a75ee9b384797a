import { readFileSync } from 'node:fs';

/** USER_HZ: the kernel tells CPU times in hundredths of a second wherever Node runs. */
const ticksPerSecond = 100;

/** CPU seconds that a process has used, in user and kernel mode, all threads. Linux only. */
export const cpuSeconds = (pid: number): number => {
  // The name in parentheses may hold spaces; utime and stime are fields 14 and 15 of the line.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** CPU seconds of some processes, by name, since this was made. */
export class CpuMeter {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #before: Readonly<Record<string, number>>;

  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids;
    this.#before = mapValues(pids, cpuSeconds);
  }

  seconds(): Record<string, number> {
    return mapValues(this.#pids, (pid, name) => cpuSeconds(pid) - (this.#before[name] ?? 0));
  }
}

const mapValues = (
  record: Readonly<Record<string, number>>,
  map: (value: number, name: string) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
