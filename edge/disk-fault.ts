import { DiskError } from '../src/ports/disk.ts';

/** Whether the operating system refused, as opposed to a bug of ours. */
export const isDiskFault = (error: unknown): error is DiskError => error instanceof DiskError;
