import { readFileSync, statSync } from 'node:fs';

/**
 * Bytes that the block device below a path was given since the machine started, by whoever.
 * Undefined where the file system has no device of its own (overlay, btrfs) or this is not Linux.
 */
export function deviceBytesWritten(path: string): number | undefined {
  try {
    const { dev } = statSync(path);
    const name = `${majorOf(dev)}:${minorOf(dev)}`;
    const fields = readFileSync(`/sys/dev/block/${name}/stat`, 'utf8').trim().split(/\s+/);
    // The seventh field counts sectors of 512 bytes, whatever the device's own are.
    const sectors = Number(fields[6]);
    return Number.isFinite(sectors) ? sectors * 512 : undefined;
  } catch {
    return undefined;
  }
}

/** How Linux packs a device number (glibc's gnu_dev_major and gnu_dev_minor), below 2^32. */
export const majorOf = (dev: number): number => (dev >>> 8) & 0xfff;
export const minorOf = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00);

/** Resident memory of a process, in bytes; undefined where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}
