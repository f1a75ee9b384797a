import { Scrubber } from '../src/log/scrubber.ts';
import { ScrubSchedule } from '../src/log/scrub-schedule.ts';
import type { PartitionLog } from '../src/log/partition-log.ts';
import { DiskError } from '../src/ports/disk.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { clockNode } from './clock-node.ts';
import { randomNode } from './random-node.ts';

/** Node's timers take no more. */
const timerMsMax = 0x7fff_ffff;

/** Steps the scrub of a node's logs, one read at a time, until it is stopped. */
export class ScrubTimer {
  readonly #scrubber: Scrubber | undefined;
  readonly #telemetry: Telemetry;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** @param bytesPerSecond 0: no scrub */
  constructor(logs: () => readonly PartitionLog[], bytesPerSecond: number, telemetry: Telemetry) {
    this.#telemetry = telemetry;
    if (bytesPerSecond === 0) return;
    const schedule = new ScrubSchedule(bytesPerSecond, clockNode.monotonicMs());
    this.#scrubber = new Scrubber(logs, schedule, clockNode);
    this.#wait(schedule.firstWaitMs(randomNode.next()));
  }

  get bytesRead(): number {
    return this.#scrubber?.bytesRead ?? 0;
  }

  get rounds(): number {
    return this.#scrubber?.rounds ?? 0;
  }

  /** Resolves when no read of it is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wait(ms: number): void {
    if (this.#isStopped) return;
    const step = (): void => void (this.#running = this.#step());
    this.#timer = setTimeout(step, Math.min(ms, timerMsMax));
    this.#timer.unref();
  }

  /** A disk that refuses says so to whoever must write; the scrub only ends. */
  async #step(): Promise<void> {
    try {
      this.#wait((await this.#scrubber?.step()) ?? 0);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#telemetry.write('warn', 'The scrub ends.', { reason: error.message });
    }
  }
}
