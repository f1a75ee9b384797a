import type { LeaderEpoch, Offset, Uuid } from '../base/brand.ts';
import type { StoredVoter, VotersFrom } from '../ports/stored-voters.ts';
import type { WitnessState } from '../ports/witness-state.ts';
import { utf8Decode, utf8Encode } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import { hex32 } from './hex32.ts';
import { isCount, isJsonObject, isText, parseJson } from './json.ts';
import type { JsonObject } from './json.ts';
import { isVoters } from './is-voters.ts';
import { isWitnessState } from './is-witness-state.ts';

/** A log for the journal: topic names come and go, topic ids do not. */
export interface LogKey {
  readonly topicId: Uuid;
  readonly partition: number;
}

/** A vote, or the leader epoch that a lone voter takes (C1). */
export interface JournalVote extends LogKey {
  readonly leaderEpoch: LeaderEpoch;
  readonly votedFor: Uuid;
}

/**
 * Something of others that the journal keeps for them by key, such as how far a partition is
 * forwarded (X4).
 */
export interface JournalEntry {
  readonly key: string;
  readonly json: string;
}

/** Where a log begins, and what must be known of what lies below. */
export interface LogStart {
  readonly at: Offset;
  /** Leader epoch of the last batch below it; 0: none. */
  readonly epochBefore: LeaderEpoch;
  /** Who votes there, if it is another set than the journal has (V1). */
  readonly voters?: readonly StoredVoter[] | undefined;
  /** How far it once was here, where that is forgotten on purpose. */
  readonly onceHad?: Offset | undefined;
}

/** What of a log goes: what lies at or above an offset, or all of it. */
export type Cut = 'tail' | 'all';

/**
 * One statement of the journal; a later one about the same thing replaces it. `mark`: every byte of
 * the log below `to` is durable; with `cut` set the log is being cut there, or begins anew there,
 * and whoever finds it finishes that first (L3). `witnessEnd`: the last `witness` state with
 * another end; a witness says little else. `votersAt`: a durable Voters record of the log; a cut at
 * or below it takes it back, as it does in the log (V1).
 */
export type JournalRecord =
  | { readonly type: 'journal'; readonly version: number }
  | ({ readonly type: 'vote' } & JournalVote)
  | ({ readonly type: 'mark'; readonly to: Offset; readonly cut?: true | 'all' } & LogKey)
  | ({ readonly type: 'start'; readonly at: Offset; readonly before?: LeaderEpoch } & LogKey)
  | ({ readonly type: 'voters'; readonly voters: readonly StoredVoter[] } & LogKey)
  | ({ readonly type: 'votersAt' } & VotersFrom & LogKey)
  | ({ readonly type: 'witness'; readonly state: WitnessState } & LogKey)
  | ({ readonly type: 'witnessEnd'; readonly to: Offset } & LogKey)
  | { readonly type: 'entry'; readonly key: string; readonly json: string | null }
  | { readonly type: 'damaged' }
  | { readonly type: 'repaired' };

const newline = 0x0a;

/**
 * A group of records as one line: CRC, a space, JSON. A flush writes one line, so that a torn write
 * can never leave a valid line behind a broken one: that shape is always rot.
 */
export function encodeGroup(records: readonly JournalRecord[]): Uint8Array {
  const json = JSON.stringify(records);
  return utf8Encode(`${hex32(crc32c(utf8Encode(json)))} ${json}\n`);
}

export interface DecodedJournal {
  readonly records: readonly JournalRecord[];
  /**
   * A broken line with an intact one behind it, or no intact line at all: rot, not a torn write.
   */
  readonly isDamaged: boolean;
}

/**
 * Every intact group of a journal file, in order. A broken end is a torn write and says nothing.
 */
export function decodeGroups(bytes: Uint8Array): DecodedJournal {
  const records: JournalRecord[] = [];
  let isBroken = false;
  let isDamaged = false;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(newline, start);
    const group = end < 0 ? undefined : decodeGroup(bytes, start, end);
    if (group === undefined) isBroken = true;
    else {
      isDamaged ||= isBroken;
      // No spread: a journal that was written anew is one group, of any size.
      for (const record of group) records.push(record);
    }
    start = end < 0 ? bytes.length : end + 1;
  }
  return { records, isDamaged: isDamaged || records[0]?.type !== 'journal' };
}

function decodeGroup(
  bytes: Uint8Array,
  start: number,
  end: number,
): readonly JournalRecord[] | undefined {
  const json = start + 9;
  if (json > end || utf8Decode(bytes, start, json) !== `${hex32(crc32c(bytes, json, end))} `) {
    return undefined;
  }
  const group = parseJson(utf8Decode(bytes, json, end));
  return Array.isArray(group) && group.every(isJournalRecord) ? group : undefined;
}

/** Statements of a type that we do not know are a later version's, and pass. */
function isJournalRecord(value: unknown): value is JournalRecord {
  if (!isJsonObject(value)) return false;
  switch (value['type']) {
    case 'vote':
      return isLogKey(value) && isCount(value['leaderEpoch']) && isText(value['votedFor']);
    case 'mark':
      return isLogKey(value) && isCount(value['to']);
    case 'start':
      return isLogKey(value) && isCount(value['at']) && isCount(value['before'] ?? 0);
    case 'voters':
      return isLogKey(value) && isVoters(value['voters']);
    case 'votersAt':
      return isLogKey(value) && isCount(value['from']) && isVoters(value['voters']);
    case 'witness':
      return isLogKey(value) && isWitnessState(value['state']);
    case 'witnessEnd':
      return isLogKey(value) && isCount(value['to']);
    case 'entry':
      return isText(value['key']) && (value['json'] === null || isText(value['json']));
    default:
      return isText(value['type']);
  }
}

const isLogKey = (value: JsonObject): boolean =>
  isText(value['topicId']) && isCount(value['partition']);
