import type { RotRange } from '../ports/recovered-log.ts';
import type { LogContext } from './log-context.ts';

/** What met the bytes. */
export type RotFoundBy = 'start' | 'read' | 'scrub';

/** Says once, by offsets, what of a log cannot be served any more (L6). */
export function reportRot(
  { topic, partition, telemetry }: Pick<LogContext, 'topic' | 'partition' | 'telemetry'>,
  ranges: readonly RotRange[],
  found: RotFoundBy,
): void {
  for (const { from, to, file, reason, setAside } of ranges) {
    telemetry?.write('error', 'Stored bytes are damaged; these offsets cannot be served.', {
      ...{ topic, partition, from, to, file, reason, setAside, found },
    });
  }
}

/** Says that a log of several voters is cut where its bytes fail, to be fetched again. */
export function reportCut(
  { topic, partition, telemetry }: Pick<LogContext, 'topic' | 'partition' | 'telemetry'>,
  { from, to, file, reason, setAside }: RotRange,
): void {
  const text = 'Stored bytes are damaged; the log is cut there and fetched again.';
  telemetry?.write('error', text, { topic, partition, from, to, file, reason, setAside });
}

/** Rot of an open log: printed, and told to whoever has it fetched again. */
export class RotReports {
  readonly #context: Pick<LogContext, 'topic' | 'partition' | 'telemetry'>;
  #listener: (ranges: readonly RotRange[]) => void = () => undefined;

  constructor(context: Pick<LogContext, 'topic' | 'partition' | 'telemetry'>) {
    this.#context = context;
  }

  listen(listener: (ranges: readonly RotRange[]) => void): void {
    this.#listener = listener;
  }

  report(ranges: readonly RotRange[], found: RotFoundBy): void {
    reportRot(this.#context, ranges, found);
    this.#listener(ranges);
  }
}
