import type { LoadShape } from './load/load-tool.ts';

/** What one figure of `ingest` is about, without the times. */
export type IngestShape = Pick<
  LoadShape,
  'connections' | 'inFlight' | 'payloadBytes' | 'qos' | 'rate'
>;

export interface IngestCase extends IngestShape {
  readonly name: string;
}

const standard: IngestShape = { connections: 10, inFlight: 50, payloadBytes: 64, qos: 1, rate: 0 };

/** The cases that are measured where none is named. */
export const ingestCases: readonly IngestCase[] = [
  { name: 'standard', ...standard },
  { name: 'deep', ...standard, inFlight: 500 },
  { name: 'many', ...standard, connections: 200, inFlight: 10 },
  { name: 'thousand', ...standard, connections: 1_000, inFlight: 2 },
  { name: 'kilobyte', ...standard, payloadBytes: 1_024 },
  { name: 'qos0', ...standard, qos: 0 },
  { name: 'qos2', ...standard, qos: 2 },
  { name: 'latency', ...standard, rate: 10_000 },
];

/**
 * The cases with these names, in that order; all where there is none. Throws on a name that is not
 * there.
 */
export const chooseCases = (names: readonly string[]): readonly IngestCase[] =>
  names.length === 0 ? ingestCases : names.map(caseNamed);

const caseNamed = (name: string): IngestCase => {
  const found = ingestCases.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new Error(`--cases: ${name} is none of ${ingestCases.map((one) => one.name).join(', ')}`);
};

/** A case of the user's own: the standard one but for what is given. */
export const customCase = (given: Partial<IngestShape>): IngestCase => ({
  name: 'custom',
  ...standard,
  ...given,
});
