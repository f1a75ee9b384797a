/**
 * One measured value at the moment of a scrape. `name` has no product prefix; units last (`_bytes`,
 * `_seconds`).
 */
export type MetricSample = CounterOrGauge | HistogramSample;

interface Described {
  readonly name: string;
  readonly help: string;
  /** Never an MQTT topic or client id: their number has no bound. */
  readonly labels?: Readonly<Record<string, string | number>>;
}

export interface CounterOrGauge extends Described {
  readonly kind: 'counter' | 'gauge';
  readonly value: number;
}

export interface HistogramSample extends Described {
  readonly kind: 'histogram';
  /**
   * Ascending; `count` = observations at or below `upTo`. The bucket of everything is `count`
   * below.
   */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}
