import { leaderEpoch, offset } from '../../base/brand.ts';
import type { LeaderEpoch, Offset, Uuid } from '../../base/brand.ts';
import { utf8Encode } from '../../base/bytes.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { decodeCursor, encodeCursor, encodeGap } from '../../wire/state/state-codec.ts';
import type { BatchIdentity, DropRecord } from './supervision.ts';

/** Where central keeps how far one edge partition was forwarded (X1). */
export interface Cursor {
  /** Next edge offset to forward. */
  readonly forwardOffset: Offset;
  /** Of the edge leader that wrote it: the claim. */
  readonly edgeLeaderEpoch: LeaderEpoch;
  readonly lastForwarded: BatchIdentity | undefined;
  readonly topic: string;
  readonly nodeId: number;
  readonly writtenAtMs: number;
  /** The last operator's decision that a claim applied; empty: none yet. */
  readonly decisionId: string;
}

interface CursorRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const version = 1;

/**
 * The identity of one edge partition at central: its transactional.id and its cursor's key (X1).
 */
export const cursorKey = (clusterId: Uuid, topicId: Uuid, partition: number): string =>
  `${clusterId}/${topicId}/${partition}`;

/** The value of a cursor record. */
export const cursorBytes = (cursor: Cursor): Uint8Array => encodeCursor({ ...cursor, version });

/** The cursor in these bytes; a text when they are damaged or of a newer version. */
export function cursorOf(bytes: Uint8Array): Result<Cursor, string> {
  const read = decodeCursor(bytes);
  if (!read.ok) return fail('the cursor at central cannot be read');
  if (read.value.version !== version) {
    return fail(
      `the cursor at central has version ${read.value.version}, this one knows ${version}`,
    );
  }
  const last = read.value.lastForwarded;
  return ok({
    ...read.value,
    forwardOffset: offset(read.value.forwardOffset),
    edgeLeaderEpoch: leaderEpoch(read.value.edgeLeaderEpoch),
    lastForwarded: last && {
      leaderEpoch: leaderEpoch(last.leaderEpoch),
      baseOffset: offset(last.baseOffset),
      crc: last.crc,
    },
  });
}

/**
 * What a transaction writes into the cursor topic: which offsets central will never see (X5), then
 * the cursor, last of all (X3).
 */
export function cursorRecords(
  key: string,
  cursor: Cursor,
  gaps: readonly DropRecord[],
): readonly CursorRecord[] {
  const told = gaps.map((gap) => gapRecord(key, gap, cursor.edgeLeaderEpoch));
  return [...told, { key: utf8Encode(key), value: cursorBytes(cursor) }];
}

const gapRecord = (key: string, drop: DropRecord, epoch: LeaderEpoch): CursorRecord => ({
  key: utf8Encode(`${key}/gap/${drop.from}`),
  value: encodeGap({
    from: drop.from,
    to: drop.to,
    leaderEpoch: epoch,
    reason: drop.reason,
    count: drop.count,
  }),
});

/**
 * The committed drop that a claim jumps, told in its transaction (X5): the one that begins where
 * central's cursor stands and names its batch. Without a cursor it is the one that begins first.
 * Its count may be 0: nobody could count what rot had taken before.
 */
export function jumpedDrops(
  drops: readonly DropRecord[],
  cursor: Pick<Cursor, 'forwardOffset' | 'lastForwarded'> | undefined,
  to: Offset,
): readonly DropRecord[] {
  const told = drops.filter((drop) => drop.to <= to && drop.to > drop.from);
  if (cursor === undefined) {
    const first = told.filter((drop) => drop.lastForwarded === undefined);
    return first.sort((a, b) => a.from - b.from).slice(0, 1);
  }
  const { forwardOffset, lastForwarded } = cursor;
  const naming = told.filter((drop) => isSameBatch(drop.lastForwarded, lastForwarded));
  return naming.filter((drop) => drop.from === forwardOffset);
}

/** Whether both name the same batch, or none. */
export const isSameBatch = (a: BatchIdentity | undefined, b: BatchIdentity | undefined): boolean =>
  a?.baseOffset === b?.baseOffset && a?.leaderEpoch === b?.leaderEpoch && a?.crc === b?.crc;
