import type { Offset } from '../../../src/base/brand.ts';
import type { StateView, ViewChange, ViewEntry } from '../../../src/ports/state-view.ts';

interface View {
  readonly nextOffset: Offset;
  readonly entries: ReadonlyMap<string, ViewEntry>;
}

/** As far as a power cut may set a view back. */
const keptMax = 8;

/** A machine's materialised views. Not fsynced: a power cut brings back older ones, or none. */
export class SimViews {
  readonly #history = new Map<string, readonly View[]>();

  /** For one process: what it still writes when it is dead reaches nothing. */
  open(isAlive: () => boolean): StateView {
    const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
    return {
      load: (topic) => (isAlive() ? this.#load(topic) : never()),
      apply: (topic, changes, nextOffset) =>
        isAlive() ? this.#apply(topic, changes, nextOffset) : never(),
      drop: (topic) => (isAlive() ? this.#drop(topic) : never()),
    };
  }

  #load(topic: string): Promise<{ nextOffset: Offset; entries: readonly ViewEntry[] } | undefined> {
    const view = this.#history.get(topic)?.at(-1);
    const loaded = view && { nextOffset: view.nextOffset, entries: [...view.entries.values()] };
    return Promise.resolve(loaded);
  }

  #apply(topic: string, changes: readonly ViewChange[], nextOffset: Offset): Promise<void> {
    const history = this.#history.get(topic) ?? [];
    const entries = new Map(history.at(-1)?.entries);
    for (const { key, value } of changes) {
      if (value === undefined) entries.delete(key.join());
      else entries.set(key.join(), { key: key.slice(), value: value.slice() });
    }
    this.#history.set(topic, [...history, { nextOffset, entries }].slice(-keptMax));
    return Promise.resolve();
  }

  #drop(topic: string): Promise<void> {
    this.#history.delete(topic);
    return Promise.resolve();
  }

  /** A power cut; `luck` in [0, 1). */
  cut(luck: number): void {
    for (const [topic, history] of this.#history) {
      const kept = Math.floor(history.length * luck);
      if (kept === 0) this.#history.delete(topic);
      else this.#history.set(topic, history.slice(0, kept));
    }
  }
}
