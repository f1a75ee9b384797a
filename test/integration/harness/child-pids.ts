import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of the direct children of a process, such as a node's forwarder. Linux only. */
export const childPids = (parentPid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parentPid);

/** Bytes of memory that a process holds (VmRSS). Linux only. */
export const residentBytes = (pid: number): number => {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`no VmRSS for process ${pid}`);
  return Number(match[1]) * 1024;
};

const parentOf = (pid: number): number | undefined => {
  try {
    // The name in parentheses may hold spaces; the parent is the second field behind it.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
};
