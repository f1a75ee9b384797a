import { readFileSync } from 'node:fs';

/** Options of a simulation's command line, as text. */
export interface SeedOptions {
  readonly seeds: string;
  readonly first?: string | undefined;
  readonly seed?: string | undefined;
}

/**
 * The seeds that a command asks for: one alone, or a range, and those kept in a `seeds.txt` unless
 * a first one is named. Throws where an option is not a number: nothing simulated is not green.
 */
export function chosenSeeds({ seeds, first, seed }: SeedOptions, keptIn: URL): readonly number[] {
  if (seed !== undefined) return [countOf('seed', seed)];
  const from = countOf('first', first ?? '1');
  const range = Array.from({ length: countOf('seeds', seeds) }, (_, i) => from + i);
  return first === undefined ? [...new Set([...kept(keptIn), ...range])] : range;
}

/** An option's text as a whole number. @throws where it is none. */
export function countOf(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} must be a number, not ${text}`);
  return Number(text);
}

const kept = (file: URL): number[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\d+/.test(line))
    .map((line) => Number.parseInt(line, 10));
