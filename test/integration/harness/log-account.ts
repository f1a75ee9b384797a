import type { ReadRecord } from '../../../edge/cli/demo/kcat-reader.ts';

export interface LogAccount {
  readonly records: number;
  /** Acknowledged and not in the log. */
  readonly lost: readonly string[];
  /** In the log and never sent. */
  readonly foreign: readonly string[];
  /** More than once in the log. */
  readonly duplicates: readonly string[];
  /** Behind a later one of the same sender in the same partition. */
  readonly misordered: readonly string[];
  /** Records whose offset is not above the one before. */
  readonly offsetsFallen: number;
}

/**
 * Holds a log against what its publishers know. Payloads are `<sender>-<sequence>`, unique, each
 * sent once, sequences of one sender rising.
 *
 * @param acked that must be there
 * @param uncertain that may be there
 */
export const accountOf = (
  log: readonly ReadRecord[],
  acked: ReadonlySet<string>,
  uncertain: ReadonlySet<string>,
): LogAccount => {
  const found = new Set<string>();
  const foreign: string[] = [];
  const duplicates: string[] = [];
  const misordered: string[] = [];
  const newest = new Map<string, number>();
  const offsets = new Map<number, number>();
  let offsetsFallen = 0;
  for (const { partition, offset, value } of log) {
    if (offset <= (offsets.get(partition) ?? -1)) offsetsFallen += 1;
    offsets.set(partition, offset);
    const payload = (value ?? '').toString().trimEnd();
    if (!acked.has(payload) && !uncertain.has(payload)) foreign.push(payload);
    if (found.has(payload)) {
      duplicates.push(payload);
      continue;
    }
    found.add(payload);
    const at = payload.lastIndexOf('-');
    const sender = `${partition} ${payload.slice(0, at)}`;
    const sequence = Number(payload.slice(at + 1));
    if (sequence <= (newest.get(sender) ?? -1)) misordered.push(payload);
    else newest.set(sender, sequence);
  }
  const lost = [...acked].filter((payload) => !found.has(payload));
  return { records: log.length, lost, foreign, duplicates, misordered, offsetsFallen };
};

/** What a log without a fault shows. */
export const faultless = {
  lost: [],
  foreign: [],
  duplicates: [],
  misordered: [],
  offsetsFallen: 0,
} as const;
