import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { StoredVoter, VotersFrom } from '../ports/stored-voters.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import type { Cut, JournalEntry, JournalRecord, JournalVote, LogKey } from './journal-record.ts';

export const journalVersion = 1;

/** How far a log is durable, as the journal has it. */
export interface DurableMark {
  readonly to: Offset;
  /** The log is being cut there; undefined: it is not. */
  readonly cut: Cut | undefined;
}

/** Who votes at the start of one log. */
export interface StoredVoters extends LogKey {
  readonly voters: readonly StoredVoter[];
}

/** The state of one witness replica, as the journal has it. */
export interface StoredWitness extends LogKey {
  readonly state: WitnessState;
}

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { readonly type: T }>;

/** What the records of a journal add up to. */
export class JournalState {
  readonly #votes = new Map<string, Of<'vote'>>();
  readonly #marks = new Map<string, Of<'mark'>>();
  readonly #starts = new Map<string, Of<'start'>>();
  readonly #voters = new Map<string, Of<'voters'>>();
  readonly #voterSets = new Map<string, readonly Of<'votersAt'>[]>();
  readonly #witnesses = new Map<string, Of<'witness'>>();
  readonly #entries = new Map<string, Of<'entry'>>();
  isDamaged = false;

  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'vote':
        this.#voted(record);
        break;
      case 'mark':
        this.#marked(record);
        break;
      case 'start':
        this.#starts.set(idOf(record), record);
        this.#keepVoterSets(record, ({ from }) => from >= record.at);
        break;
      case 'voters':
        this.#voters.set(idOf(record), record);
        break;
      case 'votersAt':
        this.#votersChanged(record);
        break;
      case 'witness':
        this.#witnesses.set(idOf(record), record);
        break;
      case 'witnessEnd':
        this.#witnessEnded(record);
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
    if (mark === undefined) return undefined;
    return { to: mark.to, cut: mark.cut === true ? 'tail' : mark.cut };
  }

  /**
   * Damage may have taken the newest marks, and older ones say too much where a log was cut since;
   * so do older states of a witness and Voters records that were cut since (V4).
   */
  forgetDoubtful(): void {
    this.#marks.clear();
    this.#voterSets.clear();
    this.#witnesses.clear();
  }

  start(key: LogKey): Offset | undefined {
    return this.#starts.get(idOf(key))?.at;
  }

  /** Undefined where a version before wrote the log start. */
  epochBeforeStart(key: LogKey): LeaderEpoch | undefined {
    return this.#starts.get(idOf(key))?.before;
  }

  startVoters(key: LogKey): readonly StoredVoter[] | undefined {
    return this.#voters.get(idOf(key))?.voters;
  }

  /** The Voters records at or above the log start, ascending. */
  voterSets(key: LogKey): readonly VotersFrom[] {
    return (this.#voterSets.get(idOf(key)) ?? []).map(({ from, voters }) => ({ from, voters }));
  }

  allStartVoters(): readonly StoredVoters[] {
    return [...this.#voters.values()].map(({ topicId, partition, voters }) => ({
      topicId,
      partition,
      voters,
    }));
  }

  witnesses(): readonly StoredWitness[] {
    return [...this.#witnesses.values()].map(({ topicId, partition, state }) => ({
      topicId,
      partition,
      state,
    }));
  }

  /**
   * What a flush must write of the records it was given: of a witness' states the last one alone,
   * and only its end where nothing else of it is news.
   */
  shortened(records: readonly JournalRecord[]): readonly JournalRecord[] {
    const last = new Map<string, JournalRecord>();
    for (const record of records) if (record.type === 'witness') last.set(idOf(record), record);
    if (last.size === 0) return records;
    return records
      .filter((record) => record.type !== 'witness' || last.get(idOf(record)) === record)
      .map((record) => (record.type === 'witness' ? this.#shortWitness(record) : record));
  }

  /** The shortest list of records that says all of it. */
  records(): readonly JournalRecord[] {
    return [
      { type: 'journal', version: journalVersion },
      ...(this.isDamaged ? [{ type: 'damaged' } as const] : []),
      ...this.#votes.values(),
      ...this.#marks.values(),
      ...this.#starts.values(),
      ...this.#voters.values(),
      // Behind the marks: a cut takes back only what was said before it.
      ...[...this.#voterSets.values()].flat(),
      ...this.#witnesses.values(),
      ...this.#entries.values(),
    ];
  }

  /** A vote that waited for room may come behind a later one: the later one stands. */
  #voted(vote: Of<'vote'>): void {
    const known = this.#votes.get(idOf(vote));
    if (known !== undefined && known.leaderEpoch > vote.leaderEpoch) return;
    this.#votes.set(idOf(vote), vote);
  }

  #marked(mark: Of<'mark'>): void {
    this.#marks.set(idOf(mark), mark);
    if (mark.cut !== undefined) {
      this.#keepVoterSets(mark, ({ from }) => mark.cut === true && from < mark.to);
    }
  }

  #votersChanged(record: Of<'votersAt'>): void {
    this.#keepVoterSets(record, ({ from }) => from < record.from);
    const before = this.#voterSets.get(idOf(record)) ?? [];
    this.#voterSets.set(idOf(record), [...before, record]);
  }

  #keepVoterSets(key: LogKey, isKept: (set: VotersFrom) => boolean): void {
    const known = this.#voterSets.get(idOf(key));
    if (known !== undefined) this.#voterSets.set(idOf(key), known.filter(isKept));
  }

  #shortWitness(record: Of<'witness'>): JournalRecord {
    const { topicId, partition, state } = record;
    const known = this.#witnesses.get(idOf(record))?.state;
    if (known === undefined) return record;
    const isSame =
      JSON.stringify({ ...known, endOffset: 0 }) === JSON.stringify({ ...state, endOffset: 0 });
    return isSame ? { type: 'witnessEnd', topicId, partition, to: state.endOffset } : record;
  }

  #witnessEnded(record: Of<'witnessEnd'>): void {
    const known = this.#witnesses.get(idOf(record));
    // Without the state before it an end says nothing: only a damaged journal has such a one.
    if (known === undefined) return;
    const state = { ...known.state, endOffset: record.to };
    this.#witnesses.set(idOf(record), { ...known, state });
  }
}

export const idOf = (key: LogKey): string => `${key.topicId}/${key.partition}`;
