import type { ClusterRun } from './run-cluster.ts';

/** What many runs were worth together. */
export class ClusterTally {
  held = 0;
  failed = 0;
  #simulatedMs = 0;
  readonly #sums = new Map<string, number>();
  readonly #shapes = new Map<string, number>();

  add(run: ClusterRun): void {
    this.held++;
    this.#simulatedMs += run.simulatedMs;
    const { plan } = run;
    for (const [name, count] of Object.entries(run)) {
      if (typeof count !== 'number' || name === 'seed' || name === 'simulatedMs') continue;
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + count);
    }
    const [shape = plan] = plan.split(',');
    this.#shapes.set(shape, (this.#shapes.get(shape) ?? 0) + 1);
  }

  sum(name: keyof ClusterRun): number {
    return this.#sums.get(name) ?? 0;
  }

  /** For people. */
  lines(seconds: number): string[] {
    const minutes = this.#simulatedMs / 60_000;
    const shapes = [...this.#shapes].map(([shape, count]) => `${count} of ${shape}`);
    return [
      [...this.#sums].map(([name, count]) => `${name} ${count}`).join(', '),
      `clusters: ${shapes.join(', ')}`,
      `${this.held} of ${this.held + this.failed} seeds held, ${minutes.toFixed(1)} simulated ` +
        `minutes in ${seconds.toFixed(1)} s`,
    ];
  }
}
