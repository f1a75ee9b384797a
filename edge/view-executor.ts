import type { Offset } from '../src/base/brand.ts';
import type { Effect } from '../src/core/effect.ts';
import type { StateView, ViewChange } from '../src/ports/state-view.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { keyText } from './key-text.ts';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** Changes of one view that are not written yet, the newest of each key. */
interface Gathered {
  readonly changes: Map<string, ViewChange>;
  nextOffset: Offset;
}

/** How long changes are gathered: what comes and goes within it costs no write. */
const lagMs = 500;

/**
 * Keeps the views of the internal topics up, a little behind their logs. One change of a view after
 * the other, as they were ordered: a view that lacks one below its offset would hand out producer
 * ids twice (P4). It is derived (L5): once one has failed it is dropped and left alone, and if the
 * drop fails too it stays as it was before. The log rebuilds it at the next start.
 */
export class ViewExecutor {
  readonly #views: StateView;
  readonly #telemetry: Telemetry;
  readonly #dead = new Set<string>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #gathered = new Map<string, Gathered>();
  #timer: NodeJS.Timeout | undefined;

  constructor(views: StateView, telemetry: Telemetry) {
    this.#views = views;
    this.#telemetry = telemetry;
  }

  update({ topic, changes, nextOffset }: Of<'UpdateView'>): void {
    if (this.#dead.has(topic)) return;
    const known = this.#gathered.get(topic);
    const gathered = known ?? { changes: new Map(), nextOffset };
    for (const change of changes) gathered.changes.set(keyText(change.key), change);
    gathered.nextOffset = nextOffset;
    if (known === undefined) this.#gathered.set(topic, gathered);
    this.#timer ??= setTimeout(() => this.#write(), lagMs).unref();
  }

  replace({ topic, entries, nextOffset }: Of<'ReplaceView'>): void {
    this.#gathered.delete(topic);
    this.#inTurn(topic, async () => {
      await this.#views.drop(topic);
      await this.#views.apply(topic, entries, nextOffset);
    });
  }

  /** Resolves when all that was ordered is done. */
  async settled(): Promise<void> {
    this.#write();
    await Promise.all(this.#turns.values());
  }

  /** Nothing is written any more. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#gathered.clear();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [topic, { changes, nextOffset }] of this.#gathered) {
      this.#inTurn(topic, () => this.#views.apply(topic, [...changes.values()], nextOffset));
    }
    this.#gathered.clear();
  }

  #inTurn(topic: string, work: () => Promise<void>): void {
    const before = this.#turns.get(topic) ?? Promise.resolve();
    const turn = before.then(async () => {
      if (this.#dead.has(topic)) return;
      try {
        await work();
      } catch (error) {
        this.#dead.add(topic);
        const reason = String(error);
        this.#telemetry.write('warn', `The view of ${topic} is dropped.`, { reason });
        await this.#views.drop(topic).catch(() => undefined);
      }
    });
    this.#turns.set(topic, turn);
  }
}
