import { offset, uuid } from '../../src/base/brand.ts';
import { bytesEqual } from '../../src/base/bytes.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { makeBatch, nextGeneration, readAll } from '../unit/log/log-fixture.ts';
import { extraTopic } from './node-process-world.ts';
import type { NodeProcess } from './node-process-world.ts';

const topicId = uuid('eeeeeeee-6a1b-4c7d-8e9f-102030405060');

/** Whose storage it is. */
export interface ExtraLogOwner {
  readonly process: NodeProcess;
  onStorage<T>(run: () => Promise<T>): Promise<T>;
}

/**
 * A log of the same storage that the test writes and truncates by itself, as a follower's would be:
 * a lone voter never truncates.
 */
export class ExtraLogWorld {
  readonly #world: ExtraLogOwner;
  #log: PartitionLog | undefined;
  readonly #acknowledged = new Map<number, Uint8Array>();
  /** Every batch that may be found at that offset. */
  readonly #written = new Map<number, Uint8Array[]>();
  #fill = 0;

  constructor(world: ExtraLogOwner) {
    this.#world = world;
  }

  started(): void {
    this.#log = this.#world.process.extra;
  }

  async create(): Promise<void> {
    const { storage } = this.#world.process;
    this.#log = await this.#world.onStorage(() => storage.createLog(extraTopic, topicId, 0));
  }

  async append(count: number): Promise<void> {
    const log = this.#open;
    const batches: Uint8Array[] = [];
    for (let base: number = log.logEndOffset; batches.length < count; base++) {
      const batch = makeBatch({ base, fill: this.#fill++ & 0xff });
      this.#written.set(base, [...(this.#written.get(base) ?? []), batch]);
      batches.push(batch);
    }
    const from: number = log.logEndOffset;
    await this.#world.onStorage(() => log.append(batches));
    await this.#world.onStorage(() => log.sync());
    batches.forEach((batch, index) => this.#acknowledged.set(from + index, batch));
  }

  /** What is at or above it was never promised. */
  async truncate(to: number): Promise<void> {
    const log = this.#open;
    for (const base of this.#acknowledged.keys()) if (base >= to) this.#acknowledged.delete(base);
    await this.#world.onStorage(() => log.truncate(offset(to), nextGeneration(log)));
    for (const base of this.#written.keys()) if (base >= to) this.#written.delete(base);
  }

  /** Nothing acknowledged is lost, nothing cut is back, nothing is made up. */
  async check(): Promise<void> {
    const log = this.#log;
    if (log === undefined) {
      if (this.#acknowledged.size > 0) throw new Error('the extra log is lost');
      return;
    }
    // A torn write with whole batches behind the tear is a hole, and reported (L6): not of these.
    const { batches } = await readAll(log);
    for (const [base, bytes] of this.#acknowledged) {
      const found = batches.get(base);
      if (found === undefined || !bytesEqual(found, bytes)) throw new Error(`extra: lost ${base}`);
    }
    for (const [base, bytes] of batches) {
      const known = this.#written.get(base) ?? [];
      if (!known.some((one) => bytesEqual(one, bytes))) throw new Error(`extra: made up ${base}`);
    }
  }

  get #open(): PartitionLog {
    if (this.#log === undefined) throw new Error('the extra log is made first');
    return this.#log;
  }
}
