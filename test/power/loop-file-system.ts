import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { runTool } from './run-tool.ts';

/** How ext4 is made and mounted; all of them keep its barriers. */
export interface Ext4Kind {
  readonly data: 'ordered' | 'writeback' | 'journal';
  readonly blockBytes: 1024 | 4096;
}

export const ext4Kinds: readonly Ext4Kind[] = [
  { data: 'ordered', blockBytes: 4096 },
  { data: 'writeback', blockBytes: 4096 },
  { data: 'journal', blockBytes: 4096 },
  { data: 'ordered', blockBytes: 1024 },
];

/** Everything at once, so that no kernel thread goes on writing; inodes for many small segments. */
export const makeExt4 = (device: string, kind: Ext4Kind): Promise<string> =>
  runTool('mkfs.ext4', [
    ...['-q', '-F', '-b', `${kind.blockBytes}`, '-i', '4096'],
    ...['-E', 'nodiscard,lazy_itable_init=0,lazy_journal_init=0', device],
  ]);

/** A file as a block device, and the file system in it, mounted. */
export class LoopFileSystem {
  readonly folder: string;
  readonly device: string;
  readonly #kind: Ext4Kind;
  /** Where it is mounted: nowhere, or its folder. */
  #mountPoint: string | undefined;

  private constructor(device: string, folder: string, kind: Ext4Kind) {
    this.device = device;
    this.folder = folder;
    this.#kind = kind;
  }

  /** Attaches `image` and mounts it at `folder`; `isNew`: makes the file system first. */
  static async open(
    image: string,
    folder: string,
    kind: Ext4Kind,
    isNew = false,
  ): Promise<LoopFileSystem> {
    mkdirSync(folder, { recursive: true });
    const device = await runTool('losetup', ['--find', '--show', image]);
    const opened = new LoopFileSystem(device, folder, kind);
    try {
      if (isNew) await makeExt4(device, kind);
      await opened.mount();
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /** Replays the journal of the file system, if a cut left one. */
  async mount(): Promise<void> {
    await runTool('mount', [
      ...['-t', 'ext4', '-o', `data=${this.#kind.data},errors=remount-ro`],
      ...[this.device, this.folder],
    ]);
    this.#mountPoint = this.folder;
  }

  /** Whoever has a file of it open must be gone; it waits a little for the last of them. */
  async unmount(): Promise<void> {
    for (let attempt = 0; this.#mountPoint !== undefined; attempt += 1) {
      try {
        await runTool('umount', [this.#mountPoint]);
        this.#mountPoint = undefined;
      } catch (error) {
        if (attempt === 500) throw error;
        await delay(20);
      }
    }
  }

  /** Power off: nothing that is not on the device yet will ever be, and every call fails. */
  async cut(): Promise<void> {
    // EXT4_IOC_SHUTDOWN without flushing its journal (2). Perl is on every Debian; Node has no
    // ioctl.
    const program =
      'sysopen(F, $ARGV[0], 0) or die "open: $!"; ' +
      'my $flag = pack("L", 2); ioctl(F, 0x8004587D, $flag) or die "ioctl: $!";';
    await runTool('perl', ['-e', program, this.folder]);
  }

  async close(): Promise<void> {
    try {
      await this.unmount();
    } finally {
      await runTool('losetup', ['--detach', this.device]);
    }
  }
}
