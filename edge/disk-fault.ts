import { DiskError } from '../src/ports/disk.ts';

/** Whether the operating system refused, as opposed to a bug of ours. */
export const isDiskFault = (error: unknown): error is DiskError => error instanceof DiskError;

/** What a person is told when the disk ends the node (L8). */
export function describeDiskFault({ code, message }: DiskError): string {
  if (code !== 'ENOENT')
    return `The disk failed (${message}); nothing after that was acknowledged.`;
  return (
    `Files of the data directory are gone (${message}): it was deleted, moved or mounted over ` +
    'under the running node. What came after that was not kept here.'
  );
}
