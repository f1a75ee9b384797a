/**
 * What a history may be at fault in.
 *
 * - lost: acknowledged and not in the log
 * - doubled: more often in the log than the writer sent it, or than its guarantee allows
 * - reordered: of one connection (and of one writer, first copies) in one partition
 * - foreign: in the log and never sent
 * - diverging: two nodes hold different bytes at one committed offset
 * - short: a replica has not the whole log after everything healed
 * - staleAck: an acknowledged offset holds something else, or a record that was sent after another
 *   one was acknowledged lies before it: somebody answered who did not lead any more
 * - movedBack: offsets went back for a reader
 * - wrongRead: a reader was given what the log has not there
 * - unread: a reader of everything missed something
 * - centralLost, centralDoubled: central lacks a committed record, or has it again or out of order
 */
export const faultKinds = [
  'lost',
  'doubled',
  'reordered',
  'foreign',
  'diverging',
  'short',
  'staleAck',
  'movedBack',
  'wrongRead',
  'unread',
  'centralLost',
  'centralDoubled',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const examplesMax = 10;

/** Counts faults and keeps the first of each kind, so that a wholly wrong history fits too. */
export class Findings {
  readonly #counts = new Map<FaultKind, number>();
  readonly #examples = new Map<FaultKind, string[]>();

  /** `text` is asked only for what is kept. */
  add(kind: FaultKind, text: () => string): void {
    this.#counts.set(kind, this.count(kind) + 1);
    const examples = this.#examples.get(kind) ?? [];
    this.#examples.set(kind, examples);
    if (examples.length < examplesMax) examples.push(text());
  }

  count(kind: FaultKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Only kinds that were found; empty is what it has to be. */
  get counts(): Partial<Record<FaultKind, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** For people: one line for each fault that was kept. */
  get lines(): readonly string[] {
    return [...this.#examples].flatMap(([kind, texts]) => texts.map((text) => `${kind}: ${text}`));
  }
}
