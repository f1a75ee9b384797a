import { EventQueue } from '../event-queue.ts';

const realImmediate = setImmediate;

/** A timer of code that knows only the global ones. */
interface VirtualTimer {
  isCleared: boolean;
  unref(): VirtualTimer;
  ref(): VirtualTimer;
}

/**
 * The clock of a simulated world whose code awaits: one heap of events, and between two of them
 * every promise goes as far as it can. Nothing real is awaited, so the order is always the same.
 * While installed, global timers and `performance.now` are those of the world: the executor of the
 * product uses them.
 */
export class VirtualTime {
  readonly queue = new EventQueue();
  /** Something may have woken a promise since they were last let run. */
  #isStirred = false;
  #failure: { readonly error: unknown } | undefined;

  get nowMs(): number {
    return this.queue.nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.queue.after(delayMs, run);
  }

  /** Promises may go on after the present event. */
  stir(): void {
    this.#isStirred = true;
  }

  /** A bug, or an invariant that does not hold: the run ends after the present event. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Runs up to a time. Throws what failed. */
  async run(endMs: number): Promise<void> {
    do {
      if (this.#isStirred) await this.#settle();
      if (this.#failure !== undefined) throw this.#failure.error;
    } while (this.queue.runNext(endMs));
  }

  /** Takes the place of the global timers; what it returns gives them back. */
  install(): () => void {
    const own = {
      setTimeout: (run: () => void, ms = 0): VirtualTimer => this.#timer(run, ms),
      clearTimeout: (timer: VirtualTimer | undefined): void => {
        if (timer !== undefined) timer.isCleared = true;
      },
    };
    const { setTimeout, clearTimeout } = globalThis;
    Object.assign(globalThis, own);
    const now = (): number => this.nowMs;
    Object.defineProperty(performance, 'now', { value: now, configurable: true });
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      // The clock's own, on its prototype.
      Reflect.deleteProperty(performance, 'now');
    };
  }

  #timer(run: () => void, ms: number): VirtualTimer {
    const timer: VirtualTimer = { isCleared: false, unref: () => timer, ref: () => timer };
    this.after(ms, () => {
      if (timer.isCleared) return;
      this.stir();
      run();
    });
    return timer;
  }

  async #settle(): Promise<void> {
    this.#isStirred = false;
    await new Promise<void>((resolve) => realImmediate(resolve));
  }
}
