import type { Effect } from '../src/core/effect.ts';
import type { StateView } from '../src/ports/state-view.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;

/**
 * Keeps the views of the internal topics up. One change of a view after the other, as they were
 * ordered: a view that lacks one below its offset would hand out producer ids twice (P4). It is
 * derived (L5): once one has failed it is dropped and left alone, and if the drop fails too it
 * stays as it was before. The log rebuilds it at the next start.
 */
export class ViewExecutor {
  readonly #views: StateView;
  readonly #telemetry: Telemetry;
  readonly #dead = new Set<string>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(views: StateView, telemetry: Telemetry) {
    this.#views = views;
    this.#telemetry = telemetry;
  }

  update({ topic, changes, nextOffset }: Of<'UpdateView'>): void {
    this.#inTurn(topic, () => this.#views.apply(topic, changes, nextOffset));
  }

  replace({ topic, entries, nextOffset }: Of<'ReplaceView'>): void {
    this.#inTurn(topic, async () => {
      await this.#views.drop(topic);
      await this.#views.apply(topic, entries, nextOffset);
    });
  }

  /** Resolves when all that was ordered is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns.values());
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
