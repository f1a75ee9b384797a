import type { Offset } from '../base/brand.ts';
import type { JournalEntry, JournalRecord, JournalVote, LogKey } from './journal-record.ts';

export const journalVersion = 1;

/** How far a log is durable, as the journal has it. */
export interface DurableMark {
  readonly to: Offset;
  readonly isCut: boolean;
}

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { readonly type: T }>;

/** What the records of a journal add up to. */
export class JournalState {
  readonly #votes = new Map<string, Of<'vote'>>();
  readonly #marks = new Map<string, Of<'mark'>>();
  readonly #starts = new Map<string, Of<'start'>>();
  readonly #entries = new Map<string, Of<'entry'>>();
  isDamaged = false;

  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'vote':
        this.#votes.set(idOf(record), record);
        break;
      case 'mark':
        this.#marks.set(idOf(record), record);
        break;
      case 'start':
        this.#starts.set(idOf(record), record);
        break;
      case 'entry':
        if (record.json === null) this.#entries.delete(record.key);
        else this.#entries.set(record.key, record);
        break;
      case 'damaged':
        this.isDamaged = true;
        break;
      case 'repaired':
        this.isDamaged = false;
        break;
      case 'journal':
        break;
    }
  }

  votes(): readonly JournalVote[] {
    return [...this.#votes.values()].map(({ topicId, partition, leaderEpoch, votedFor }) => ({
      topicId,
      partition,
      leaderEpoch,
      votedFor,
    }));
  }

  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()].map(({ key, json }) => ({ key, json: json ?? '' }));
  }

  mark(key: LogKey): DurableMark | undefined {
    const mark = this.#marks.get(idOf(key));
    return mark === undefined ? undefined : { to: mark.to, isCut: mark.cut === true };
  }

  /**
   * Damage may have taken the newest marks; older ones say too much where a log was cut since (V4).
   */
  forgetMarks(): void {
    this.#marks.clear();
  }

  start(key: LogKey): Offset | undefined {
    return this.#starts.get(idOf(key))?.at;
  }

  /** The shortest list of records that says all of it. */
  records(): readonly JournalRecord[] {
    return [
      { type: 'journal', version: journalVersion },
      ...(this.isDamaged ? [{ type: 'damaged' } as const] : []),
      ...this.#votes.values(),
      ...this.#marks.values(),
      ...this.#starts.values(),
      ...this.#entries.values(),
    ];
  }
}

export const idOf = (key: LogKey): string => `${key.topicId}/${key.partition}`;
