import { Column } from './column.ts';
import type { Identity } from './identity.ts';

/** Where the first copy of a record is. */
export interface RecordPlace {
  readonly partition: number;
  /** Into the partition's `LogCopy`. */
  readonly index: number;
}

interface WriterPlaces {
  readonly copies: Column;
  readonly partitions: Column;
  readonly indexes: Column;
}

/** Finds each record's copies in the whole log. */
export class RecordPlaces {
  readonly #writers: WriterPlaces[] = [];
  /** Attempts of records that are there more than once: few. */
  readonly #attempts = new Map<string, Set<number>>();
  readonly #firstAttempts: Column[] = [];

  /** @returns which copy it is, from 1, and whether its connection stored it already. */
  note(
    identity: Identity,
    place: RecordPlace,
  ): { readonly copies: number; readonly isRepeat: boolean } {
    const { writer, sequence, attempt } = identity;
    const { copies, partitions, indexes } = this.#of(writer);
    const before = copies.at(sequence);
    copies.set(sequence, Math.min(255, before + 1));
    if (before === 0) {
      partitions.set(sequence, place.partition);
      indexes.set(sequence, place.index);
      (this.#firstAttempts[writer] ??= Column.ofIntegers()).set(sequence, attempt);
      return { copies: 1, isRepeat: false };
    }
    const key = `${writer}.${sequence}`;
    const seen = this.#attempts.get(key) ?? new Set([this.#firstAttempts[writer]?.at(sequence)]);
    this.#attempts.set(key, seen as Set<number>);
    const isRepeat = seen.has(attempt);
    seen.add(attempt);
    return { copies: before + 1, isRepeat };
  }

  copiesOf(writer: number, sequence: number): number {
    return this.#writers[writer]?.copies.at(sequence) ?? 0;
  }

  /** Undefined: it is nowhere. */
  firstOf(writer: number, sequence: number): RecordPlace | undefined {
    if (this.copiesOf(writer, sequence) === 0) return undefined;
    const { partitions, indexes } = this.#of(writer);
    return { partition: partitions.at(sequence), index: indexes.at(sequence) };
  }

  #of(writer: number): WriterPlaces {
    return (this.#writers[writer] ??= {
      copies: Column.ofBytes(),
      partitions: Column.ofIntegers(),
      indexes: Column.ofIntegers(),
    });
  }
}
