import type { Event } from '../src/core/event.ts';
import type { PartitionLog } from '../src/log/partition-log.ts';
import type { Storage } from '../src/log/storage.ts';
import type { LogRoom } from './log-executor.ts';

export interface DiskRoomOptions {
  readonly storage: Pick<Storage, 'reserve' | 'bytes' | 'space'>;
  /** `auto`: what the file system has, as it is now. */
  readonly budgetBytes: number | 'auto';
  /** Whether an fsync takes too long (L8). */
  readonly isStalled: () => boolean;
  readonly isDead: () => boolean;
  readonly post: (event: Event) => void;
  /** Runs work beside the rest whose failure is the disk's. */
  readonly start: (work: () => Promise<void>) => void;
}

const spaceRetryMs = 250;
/** What `auto` leaves for indexes, journal and views, which are no part of the budget. */
const marginShare = 64;
const marginBytesMax = 16 * 1024 * 1024;

type State = 'free' | 'stalled' | 'full';

/**
 * How much room the node has, and its reserve (L9). The node is full while one of its logs waits
 * for space, while all of them hold the budget, and while the reserve is missed.
 */
export class DiskRoom implements LogRoom {
  readonly #options: DiskRoomOptions;
  #state: State = 'free';
  #waiting = 0;
  #isReady = false;
  #isRegaining = false;
  #isLent = false;
  #isRefreshing = false;
  #freeBytes = Number.MAX_SAFE_INTEGER;
  /** How much may be written until the budget is reached, as far as is known. */
  #headroomBytes = 0;
  #budgetBytes: number;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
    const { budgetBytes } = options;
    this.#budgetBytes = budgetBytes === 'auto' ? Number.MAX_SAFE_INTEGER : budgetBytes;
  }

  /** Bytes that all logs together may hold. */
  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  /** From now on only what keeps the node going may use the reserve. */
  becameReady(): void {
    this.#isReady = true;
  }

  /** Asks the file system, then measures. */
  async refresh(): Promise<void> {
    // A stalled disk may take all threads, and never answer: that must be told all the same (L8).
    if (this.#isRefreshing) return this.measure();
    this.#isRefreshing = true;
    const { storage, budgetBytes } = this.#options;
    try {
      const { freeBytes, totalBytes } = await storage.space();
      this.#freeBytes = freeBytes;
      if (budgetBytes === 'auto') {
        const margin = Math.min(marginBytesMax, Math.floor(totalBytes / marginShare));
        const kept = storage.reserve.missingBytes + margin;
        this.#budgetBytes = Math.max(0, storage.bytes + freeBytes - kept);
      }
    } finally {
      this.#isRefreshing = false;
    }
    this.measure();
  }

  /** Tells the core what has changed, and again and again what it must make room for. */
  measure(): void {
    const { storage, post } = this.#options;
    const { isMissed } = storage.reserve;
    if (isMissed) this.#regain();
    const missingBytes = this.#missingBytes;
    const state = missingBytes > 0 ? 'full' : this.#options.isStalled() ? 'stalled' : 'free';
    const before = this.#state;
    this.#state = state;
    this.#headroomBytes = this.#budgetBytes - storage.bytes;
    if (state === 'full') post({ type: 'DiskFilled', missingBytes, budgetBytes: this.budgetBytes });
    if (state === before) return;
    if (state === 'stalled') post({ type: 'DiskStalled' });
    if (state === 'free') post({ type: 'DiskFreed' });
    if (state !== 'full') this.#isLent = false;
    if (state === 'free') this.refill();
  }

  /** Takes back the room that is kept for a full disk (L9), beside the work. */
  refill(): void {
    this.#options.start(async () => void (await this.#options.storage.reserve.refill()));
  }

  /** Nothing can be dropped before what waits is written: it may follow into the reserve. */
  lendReserve(): void {
    if (this.#isLent) return;
    this.#isLent = true;
  }

  /** A burst is stopped where it reaches the budget, not at the next measure of the clock. */
  wrote(bytes: number): void {
    this.#headroomBytes -= bytes;
    if (this.#headroomBytes <= 0 && this.#state !== 'full') this.measure();
  }

  /** Publishers need not wait for the clock either when there is room again. */
  shrank(): void {
    if (this.#state === 'full') this.#options.start(() => this.refresh());
  }

  waitingForSpace(isWaiting: boolean): void {
    this.#waiting += isWaiting ? 1 : -1;
    this.measure();
  }

  /**
   * L9: what keeps the node itself going may use the reserve, the control batches of a start too.
   * The records of others do not follow into it. Resolves soon: whether to try again.
   */
  async mayBeFree({ topic }: PartitionLog, makesRoom: boolean): Promise<boolean> {
    const { storage, isDead } = this.#options;
    const isOwn = topic.startsWith('__') || makesRoom;
    const mayUse = isOwn || !this.#isReady || this.#isLent;
    if (mayUse && (await storage.reserve.release())) return true;
    await pause(spaceRetryMs);
    await this.refresh();
    return mayUse || !storage.reserve.isMissed || isDead();
  }

  /** What must become free until nothing is held any more. */
  get #missingBytes(): number {
    const { reserve, bytes } = this.#options.storage;
    const overBudget = bytes >= this.budgetBytes ? bytes - this.budgetBytes + 1 : 0;
    const forReserve = reserve.isMissed ? Math.max(1, reserve.wantedBytes - this.#freeBytes) : 0;
    return Math.max(overBudget, forReserve, this.#waiting > 0 ? 1 : 0);
  }

  #regain(): void {
    if (this.#isRegaining) return;
    this.#isRegaining = true;
    this.#options.start(async () => {
      const { reserve } = this.#options.storage;
      while (reserve.isMissed && !this.#options.isDead()) {
        await pause(spaceRetryMs);
        await reserve.refill();
      }
      this.#isRegaining = false;
      await this.refresh();
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
