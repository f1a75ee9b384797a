import { DiskError } from '../../src/ports/disk.ts';
import type { DiskFile, OpenMode } from '../../src/ports/disk.ts';
import { FakeDisk } from '../fakes/fake-disk.ts';
import type { CrashMode } from '../fakes/fake-disk.ts';

type File = Parameters<FakeDisk['fileSync']>[0];

/**
 * What goes wrong, and at which Disk call. `full`: from there on not one more byte fits, until
 * `free`; `fullThenCrash`: and some calls later the process dies.
 */
export interface Fault {
  readonly type: 'crash' | 'EIO' | 'ENOSPC' | 'full' | 'fullThenCrash';
  readonly call: number;
}

const callsWhileFull = 15;

/** The fake disk with one fault that outlives restarts, and a state of being full. */
export class DiskWorld extends FakeDisk {
  /** From the next reboot on nothing goes wrong any more. */
  isFaultOver = false;
  /** Files and directories whose fsync failed in this process, and whether one was tried again. */
  readonly failedSyncs = new Set<string>();
  wasSyncRetried = false;
  readonly fault: Fault | undefined;
  readonly #roomyBytes: number;
  #isFull = false;
  #wasFull = false;

  constructor(seed: number, fault?: Fault) {
    super(seed);
    this.fault = fault;
    this.budgetBytes = 1 << 20;
    this.#roomyBytes = this.budgetBytes;
    this.#arm();
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** There is room again. */
  free(): void {
    this.#isFull = false;
    this.budgetBytes = this.#roomyBytes;
  }

  override reboot(mode: CrashMode): void {
    super.reboot(mode);
    this.failedSyncs.clear();
    this.#arm();
  }

  /** No file system refuses to open a file that is there for want of room. */
  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.#fillWhenDue();
    try {
      return await super.open(path, mode);
    } catch (error) {
      const isFull = error instanceof DiskError && error.code === 'ENOSPC';
      if (!isFull || mode === 'create') throw error;
      return super.open(path, mode);
    }
  }

  override async makeDir(path: string): Promise<void> {
    this.#fillWhenDue();
    return super.makeDir(path);
  }

  override async fileWrite(file: File, position: number, bytes: Uint8Array): Promise<void> {
    this.#fillWhenDue();
    return super.fileWrite(file, position, bytes);
  }

  override async fileSync(file: File): Promise<void> {
    this.#noteRetry(file.path);
    try {
      await super.fileSync(file);
    } catch (error) {
      this.failedSyncs.add(file.path);
      throw error;
    }
  }

  override async syncDir(path: string): Promise<void> {
    this.#noteRetry(path);
    try {
      await super.syncDir(path);
    } catch (error) {
      this.failedSyncs.add(path);
      throw error;
    }
  }

  #noteRetry(path: string): void {
    if (this.failedSyncs.has(path)) this.wasSyncRetried = true;
  }

  #arm(): void {
    const fault = this.fault;
    if (fault === undefined || fault.type === 'full' || this.isFaultOver) return;
    const isFilling = fault.type === 'fullThenCrash';
    const call = isFilling ? fault.call + callsWhileFull : fault.call;
    if (call <= this.callCount) return;
    if (fault.type === 'EIO' || fault.type === 'ENOSPC') this.failAt(call, fault.type);
    else this.crashAt(call);
  }

  #fillWhenDue(): void {
    const fault = this.fault;
    if (this.#wasFull || this.isFaultOver || fault === undefined || !fault.type.startsWith('full'))
      return;
    if (this.callCount + 1 < fault.call) return;
    this.#wasFull = true;
    this.#isFull = true;
    this.budgetBytes = [...this.files().values()].reduce((sum, bytes) => sum + bytes.length, 0);
  }
}
