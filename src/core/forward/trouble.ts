import { errorTable } from '../../base/errors.ts';
import type { CallFailure } from '../../client/kafka/call.ts';

/**
 * Why a partition cannot go on just now, and what follows: `waiting` tries again soon, `blocked`
 * too but somebody has to mend something, `fenced` stays away for a while (X2), `stopped` until an
 * operator decides (X1).
 */
export interface Trouble {
  readonly state: 'waiting' | 'blocked' | 'fenced' | 'stopped';
  readonly text: string;
  /** Central's error code, where it gave one. */
  readonly code?: number;
}

/** Central says that a newer producer with our transactional.id is at work. */
const fencedCodes: ReadonlySet<number> = new Set([47, 90]);

/**
 * Central refuses for good until somebody changes a record, a right or a setting (X5): too large
 * (10, 18), topic (17), authorization (29, 30, 31, 53, 65), timestamp (32), version (35),
 * replication (38), policy (44), transaction timeout (50), SASL (33, 58), compression (76), record
 * (87), and a topic that is not there (3, 100).
 */
const refusedCodes: ReadonlySet<number> = new Set([
  3, 10, 17, 18, 29, 30, 31, 32, 33, 35, 38, 44, 50, 53, 58, 65, 76, 87, 100,
]);

const names = new Map<number, string>(
  Object.entries(errorTable).flatMap(([name, row]) =>
    'kafkaCode' in row ? [[row.kafkaCode, name] as const] : [],
  ),
);

/** A Kafka error code in words. */
export const codeText = (code: number): string => {
  const name = names.get(code);
  return name === undefined ? `error ${code}` : `error ${code} ${name}`;
};

/** What an error code of central means for the partition. */
export function troubleOf(code: number, what: string): Trouble {
  const text = `${what}: ${codeText(code)}`;
  if (fencedCodes.has(code)) return { state: 'fenced', text, code };
  return { state: refusedCodes.has(code) ? 'blocked' : 'waiting', text, code };
}

export const waiting = (text: string): Trouble => ({ state: 'waiting', text });
export const blocked = (text: string): Trouble => ({ state: 'blocked', text });
/** Another one is at work (X2). */
export const fenced = (text: string): Trouble => ({ state: 'fenced', text });
export const stopped = (text: string): Trouble => ({ state: 'stopped', text });

/** No answer came: nothing is known, so nothing is decided (X3). */
export const noAnswer = (failure: CallFailure, what: string): Trouble => ({
  state: failure.reason === 'unsupported' || failure.reason === 'refused' ? 'blocked' : 'waiting',
  text: `${what}: ${failure.text}`,
});
