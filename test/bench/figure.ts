import type { Machine } from './machine.ts';

/** One line of a bench. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** The single runs that `value` is the median of. */
  readonly runs: readonly number[];
  /** Present: the figure must not be quoted, and why. */
  readonly void?: string;
  /** From the same run, in the same unit. */
  readonly baselines: Readonly<Record<string, number>>;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Budget {
  readonly limit: number;
  readonly side: 'atLeast' | 'atMost';
}

/**
 * Prints the figure as a JSON line and says whether it counts: not void, and within the budget if
 * there is one.
 */
export const reportFigure = (
  figure: Figure,
  machine: Machine,
  budget: Budget | undefined,
): boolean => {
  const isWithin = budget === undefined || keeps(figure.value, budget);
  const verdict = budget === undefined ? {} : { budget: { ...budget, kept: isWithin } };
  process.stdout.write(`${JSON.stringify({ ...figure, ...verdict, machine })}\n`);
  return isWithin && figure.void === undefined;
};

const keeps = (value: number, { limit, side }: Budget): boolean =>
  side === 'atLeast' ? value >= limit : value <= limit;
