import type { Offset } from '../src/base/brand.ts';
import type { ForwardMark } from '../src/core/forward/supervision.ts';
import { isFull } from '../src/log/files.ts';
import { isCount, isJsonObject, isText, parseJson } from '../src/log/json.ts';

/** Durable storage of one keyed entry; the node journal. */
export interface EntryStore {
  persistEntry(key: string, json: string | undefined): Promise<void>;
}

const prefix = 'forward/';
const attemptPrefix = 'forward-attempt/';
const lagMs = 1_000;

/**
 * Keeps each partition's newest forward mark in the node journal (X4). A mark may lag by a second:
 * it is a bound for retention, never the place to resume. The first one of a partition is written
 * at once: it says that forwarding has begun (X1).
 */
export class ForwardMarks {
  readonly #store: EntryStore;
  readonly #failed: (error: unknown) => void;
  readonly #newest = new Map<string, ForwardMark>();
  readonly #noted = new Map<string, Offset>();
  /** Transactions whose outcome is not known, by entry. */
  readonly #attempts = new Map<string, ForwardMark>();
  /** The newest attempt that is to be durable at once, by partition. */
  readonly #asked = new Map<string, ForwardMark>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: EntryStore, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /**
   * The marks and attempts among a journal's entries. What is none counts as not there: without a
   * mark nothing may be deleted.
   */
  static restore(entries: readonly { readonly key: string; readonly json: string }[]): {
    readonly forwardMarks: ForwardMark[];
    readonly forwardAttempts: ForwardMark[];
  } {
    const under = (wanted: string): ForwardMark[] =>
      entries
        .filter(({ key }) => key.startsWith(wanted))
        .map(({ json }) => parseJson(json))
        .filter(isForwardMark);
    return { forwardMarks: under(prefix), forwardAttempts: under(attemptPrefix) };
  }

  /**
   * What stores both, called again while the disk is full. It resolves when they are durable: from
   * then on the journal names the two places where central's cursor may stand, whatever becomes of
   * the transaction. It gives false, and writes nothing, once a newer attempt was asked for:
   * whoever asked for this one has a successor, and an attempt never goes back.
   */
  attempted(attempt: ForwardMark, mark: ForwardMark | undefined): () => Promise<boolean> {
    const key = `${attempt.topicId}/${attempt.partition}`;
    this.#asked.set(key, attempt);
    return async () => {
      if (this.#asked.get(key) !== attempt) return false;
      await this.#storeBoth(key, attempt, mark);
      return this.#asked.get(key) === attempt;
    };
  }

  async #storeBoth(
    key: string,
    attempt: ForwardMark,
    mark: ForwardMark | undefined,
  ): Promise<void> {
    // Asked for in one turn, so the journal writes them in one step.
    const writes = [this.#store.persistEntry(attemptPrefix + key, JSON.stringify(attempt))];
    if (mark !== undefined) {
      writes.push(this.#store.persistEntry(prefix + key, JSON.stringify(mark)));
    }
    await Promise.all(writes);
  }

  /** As `attempted`, but stored by a clean stop alone. */
  noteAttempt(attempt: ForwardMark): void {
    this.#asked.delete(`${attempt.topicId}/${attempt.partition}`);
    this.#attempts.set(`${attemptPrefix}${attempt.topicId}/${attempt.partition}`, attempt);
  }

  note(mark: ForwardMark): void {
    const key = `${prefix}${mark.topicId}/${mark.partition}`;
    this.#attempts.delete(`${attemptPrefix}${mark.topicId}/${mark.partition}`);
    const noted = this.#noted.get(key);
    this.#newest.set(key, mark);
    this.#noted.set(key, mark.forwardOffset);
    // The first one says that forwarding has begun; one that goes back, that an operator decided:
    // an older, higher mark would call central's cursor a loss after a crash (X3).
    if (noted === undefined || mark.forwardOffset < noted) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), lagMs);
  }

  /** A clean stop: writes what is still to be written. */
  async stop(): Promise<void> {
    await this.flush();
    for (const [key, attempt] of this.#attempts) {
      await this.#store.persistEntry(key, JSON.stringify(attempt));
    }
  }

  /** Writes the marks that lag. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const key of [...this.#newest.keys()]) {
      // As it is now, not as it was when this began: `attempted` may have written a newer one.
      const mark = this.#newest.get(key);
      if (mark === undefined) continue;
      await this.#store.persistEntry(key, JSON.stringify(mark));
      if (this.#newest.get(key) === mark) this.#newest.delete(key);
    }
  }

  /** On a full disk the marks wait for the next try: they may lag (L8). */
  #write(): void {
    this.flush().catch((error: unknown) => {
      if (isFull(error)) this.#timer ??= setTimeout(() => this.#write(), lagMs);
      else this.#failed(error);
    });
  }
}

function isForwardMark(value: unknown): value is ForwardMark {
  if (!isJsonObject(value)) return false;
  const { topicId, partition, centralClusterId, forwardOffset, lastForwarded } = value;
  const isPlace = isText(topicId) && isCount(partition) && isText(centralClusterId);
  return isPlace && isCount(forwardOffset) && isBatchOrNone(lastForwarded);
}

const isBatchOrNone = (value: unknown): boolean =>
  value === undefined ||
  (isJsonObject(value) &&
    isCount(value['leaderEpoch']) &&
    isCount(value['baseOffset']) &&
    isCount(value['crc']));
