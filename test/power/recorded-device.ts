import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../edge/cli/demo/owned-process.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { runTool } from './run-tool.ts';
import { WriteLogFile } from './write-log.ts';

/** Sparse: only what is used takes room. */
const logBytesMax = 8 * 1024 ** 3;

/**
 * A disk image behind a device that logs every write and every flush in the order in which they
 * were finished. QEMU's storage daemon does it (`blklogwrites`) and shows the device as one file by
 * FUSE; a loop device on that file hands each flush of the file system down to it.
 */
export class RecordedDevice {
  /** The file to attach. */
  readonly path: string;
  readonly log: WriteLogFile;
  readonly #daemon: OwnedProcess;

  private constructor(path: string, log: WriteLogFile, daemon: OwnedProcess) {
    this.path = path;
    this.log = log;
    this.#daemon = daemon;
  }

  /** @param disk the image; what is written goes there too */
  static async open(disk: string, folder: string): Promise<RecordedDevice> {
    mkdirSync(folder, { recursive: true });
    const [path, logPath] = [join(folder, 'device'), join(folder, 'writes')];
    for (const file of [path, logPath]) writeFileSync(file, '');
    truncateSync(logPath, logBytesMax);
    const daemon = spawnOwned({
      command: 'qemu-storage-daemon',
      args: [
        // What is cut is decided later from the log: this machine's own disk need not sync for it.
        ...['--blockdev', `driver=file,node-name=d,filename=${disk},cache.no-flush=on`],
        ...['--blockdev', `driver=file,node-name=l,filename=${logPath},cache.no-flush=on`],
        // Without the interval only a flush raises the entry count in the log's head: see `mark`.
        '--blockdev',
        'driver=blklogwrites,node-name=w,file=d,log=l,log-sector-size=512,' +
          'log-super-update-interval=1000000000',
        ...['--export', `type=fuse,id=e,node-name=w,mountpoint=${path},writable=on`],
      ],
      outputFile: join(folder, 'daemon.txt'),
    });
    const { size } = statSync(disk);
    try {
      await waitUntil('the recorded device', 10_000, () => {
        if (!daemon.isRunning()) throw new Error(`qemu-storage-daemon: ${daemon.output()}`);
        return statSync(path).size === size;
      });
      return new RecordedDevice(path, new WriteLogFile(logPath), daemon);
    } catch (error) {
      await daemon.stop(5_000);
      throw error;
    }
  }

  /**
   * How far the log has got, for saying when something was seen: every flush that had been answered
   * before this call is among the first `mark()` entries. The daemon writes the count into the
   * log's head before it answers a flush, and only then; so an acknowledgement that waited for its
   * flush is seen with a mark behind that flush, and holds in every state whose durable part
   * reaches the mark. One that did not wait is seen with the mark of an older flush, and some state
   * between the two does not have it. A later flush between the sending and the seeing of an
   * acknowledgement can only raise the mark: fewer states are asked about it, none wrongly.
   */
  mark(): number {
    return this.log.entriesFlushed();
  }

  /** Ends the daemon: the log is whole then. Nothing may be attached to `path` any more. */
  async stop(): Promise<void> {
    const exit = await this.#daemon.stop(5_000);
    // A daemon that was killed leaves its file mounted.
    if (exit.signal === 'SIGKILL') await runTool('umount', ['--lazy', this.path]);
  }

  async close(): Promise<void> {
    await this.stop();
    this.log.close();
  }
}
