import { join } from 'node:path';
import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../edge/cli/demo/owned-process.ts';

/** System call numbers of sync_file_range by Node's name of the architecture. */
const syncFileRange: Readonly<Record<string, number>> = { x64: 277, arm64: 84 };

/**
 * The kernel writes what nobody synced after some 30 s, or when memory runs short; a test is over
 * by then, and its disk would hold nothing that was not synced. This asks for such writes now, of
 * random files, without a flush: the device gets them in another order than the program wrote them,
 * between its flushes.
 */
export const startEarlyWriteback = (
  dataDir: string,
  folder: string,
  seed: number,
): OwnedProcess => {
  const call = syncFileRange[process.arch];
  if (call === undefined) throw new Error(`no system call number for ${process.arch}`);
  const program = `
    srand(${seed});
    while (1) {
      my @files = grep { -f $_ } glob("$ARGV[0]/* $ARGV[0]/logs/*/* $ARGV[0]/creating/*/*");
      for (1 .. 20) {
        if (@files && sysopen(my $file, $files[rand @files], 0)) {
          syscall(${call}, fileno($file), 0, 0, 2);
        }
        select(undef, undef, undef, 0.002);
      }
      select(undef, undef, undef, 0.01);
    }`;
  const outputFile = join(folder, 'writeback.txt');
  return spawnOwned({ command: 'perl', args: ['-e', program, dataDir], outputFile });
};
