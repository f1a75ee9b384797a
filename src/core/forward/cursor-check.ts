import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import type { Cursor } from './cursor.ts';
import { isSameBatch } from './cursor.ts';
import { cutBelow, isOfCutLog } from './promotion-cuts.ts';
import type { BatchIdentity, DropRecord, ForwardPartition, PromotionCut } from './supervision.ts';

/** All that decides whether this log may go on where central's cursor stands (X1). */
export interface CursorFacts {
  readonly cursor: Cursor | undefined;
  readonly partition: Pick<ForwardPartition, 'mark' | 'drops' | 'decision'> &
    Partial<Pick<ForwardPartition, 'hasPeers' | 'cuts'>>;
  readonly centralClusterId: string;
  readonly delivery: 'exactlyOnce' | 'atLeastOnce';
  /**
   * The high watermark is one of this leader epoch: asked for until its LeaderChange was committed.
   */
  readonly edge: {
    readonly leaderEpoch: LeaderEpoch;
    readonly logStartOffset: Offset;
    readonly highWatermark: Offset;
  };
  /**
   * The batch that begins at the cursor's last base offset; absent until `readBatch` asked for it.
   */
  readonly edgeBatch?: BatchIdentity | 'none';
}

export type CursorVerdict =
  | {
      readonly type: 'resume';
      readonly from: Offset;
      readonly lastForwarded?: BatchIdentity;
      /** An operator's decision that the claim carries out, or that an earlier claim did. */
      readonly decisionId?: string;
    }
  | { readonly type: 'readBatch'; readonly at: Offset }
  /** A later leader has claimed: this one does not know yet that it leads no more (X2). */
  | { readonly type: 'standDown'; readonly text: string }
  | { readonly type: 'stop'; readonly text: string };

/**
 * X1, a pure function: the same facts give the same verdict. It never skips and never starts again
 * at 0 by itself; what it cannot prove stops the partition until an operator decides.
 */
export function checkCursor(facts: CursorFacts): CursorVerdict {
  const { cursor, partition } = facts;
  const decision = partition.decision;
  const isApplied = decision !== undefined && decision.decisionId === cursor?.decisionId;
  if (decision !== undefined && !isApplied) return decided(facts);
  if (cursor === undefined) return firstStart(facts);
  if (cursor.edgeLeaderEpoch > facts.edge.leaderEpoch) {
    const text =
      `central's cursor was written in leader epoch ${cursor.edgeLeaderEpoch}, this node is at ` +
      `${facts.edge.leaderEpoch}: another copy of this log forwards, or this one is older`;
    return partition.hasPeers === true ? { type: 'standDown', text } : stop(text);
  }
  // The mark of before a jump is stale until the decision is reported, so it says nothing here.
  const behind = isApplied ? undefined : textIfBehindMark(facts, cursor);
  if (behind !== undefined) return stop(behind);
  const cut = cutBelow(cursor, partition.cuts);
  if (cut !== undefined) return fromCut(cut, facts, cursor);
  if (cursor.forwardOffset > facts.edge.highWatermark) {
    return stop(
      `central's cursor is at ${cursor.forwardOffset}, this log ends at ` +
        `${facts.edge.highWatermark}: it is not the log that was forwarded`,
    );
  }
  const verdict = compare(facts, cursor);
  if (verdict.type !== 'resume' || !isApplied) return verdict;
  return { ...verdict, decisionId: decision.decisionId };
}

/** Tells an operator the way out too. */
export const withWayOut = (text: string): string =>
  `${text}; decide with: shorelog forward --topic TOPIC --partition N --from cursor|start|OFFSET`;

const stop = (text: string): CursorVerdict => ({ type: 'stop', text: withWayOut(text) });

/**
 * The operator's way out: what it names must exist, nothing else is asked. The claim names no
 * batch.
 */
function decided({ cursor, partition, edge }: CursorFacts): CursorVerdict {
  const decision = partition.decision;
  if (decision === undefined) return stop('no decision');
  if (decision.from === 'cursor' && cursor === undefined) {
    return stop('forward --from cursor: central has no cursor for this partition');
  }
  const from = target(decision.from, cursor, edge.logStartOffset);
  if (from < edge.logStartOffset || from > edge.highWatermark) {
    return stop(
      `forward --from ${decision.from}: offset ${from} is outside of this log, ` +
        `${edge.logStartOffset} to ${edge.highWatermark}`,
    );
  }
  return { type: 'resume', from, decisionId: decision.decisionId };
}

function target(
  from: 'cursor' | 'start' | Offset,
  cursor: Cursor | undefined,
  start: Offset,
): Offset {
  if (from === 'start') return start;
  return from === 'cursor' ? (cursor?.forwardOffset ?? start) : from;
}

/** X3: the node's own forward offset may stop forwarding, never start or place it. */
function firstStart({ partition, centralClusterId, edge }: CursorFacts): CursorVerdict {
  const mark = partition.mark;
  if (mark !== undefined && mark.centralClusterId === centralClusterId) {
    return stop(
      `central ${centralClusterId} has no cursor, but this node forwarded to it up to ` +
        `${mark.forwardOffset}: the cursor topic was lost or changed`,
    );
  }
  return { type: 'resume', from: edge.logStartOffset };
}

/**
 * With atLeastOnce a late copy of an older cursor may be the newest: repeated records, which is its
 * contract.
 */
function textIfBehindMark(facts: CursorFacts, cursor: Cursor): string | undefined {
  const mark = facts.partition.mark;
  if (mark === undefined || facts.delivery === 'atLeastOnce') return undefined;
  if (mark.centralClusterId !== facts.centralClusterId) return undefined;
  if (mark.forwardOffset <= cursor.forwardOffset || isOfCutLog(mark, facts.partition.cuts)) {
    return undefined;
  }
  return (
    `central's cursor is at ${cursor.forwardOffset}, but this node saw ${mark.forwardOffset} ` +
    `committed there: central lost records`
  );
}

function compare(facts: CursorFacts, cursor: Cursor): CursorVerdict {
  const { edge, partition } = facts;
  const last = cursor.lastForwarded;
  if (last === undefined) {
    if (cursor.forwardOffset >= edge.logStartOffset) {
      return { type: 'resume', from: cursor.forwardOffset };
    }
    return partition.drops.some((drop) => explains(drop, undefined, edge.logStartOffset))
      ? { type: 'resume', from: edge.logStartOffset }
      : stop(lostText(cursor, edge.logStartOffset));
  }
  if (last.baseOffset < edge.logStartOffset) return belowLogStart(facts, cursor, last);
  if (facts.edgeBatch === undefined) return { type: 'readBatch', at: last.baseOffset };
  if (facts.edgeBatch !== 'none' && isSameBatch(facts.edgeBatch, last)) {
    return { type: 'resume', from: cursor.forwardOffset, lastForwarded: last };
  }
  const found = facts.edgeBatch === 'none' ? 'no such batch' : describe(facts.edgeBatch);
  return stop(`central's cursor names ${describe(last)}, this node has ${found}: another log`);
}

/**
 * Others led, and forwarded what this log has not. It goes on at its cut if it was a part of theirs
 * up to there: its last batch is of the leader epoch that the cursor names.
 */
function fromCut(cut: PromotionCut, { edge }: CursorFacts, cursor: Cursor): CursorVerdict {
  const { cutOffset, lastEpoch } = cut;
  const of = cursor.lastForwarded?.leaderEpoch ?? cursor.edgeLeaderEpoch;
  if (of === lastEpoch && cutOffset >= edge.logStartOffset) {
    return { type: 'resume', from: cutOffset };
  }
  return stop(
    `central's cursor is at ${cursor.forwardOffset} of leader epoch ${of}; this log was cut at ` +
      `${cutOffset} by a promotion, where it was in leader epoch ${lastEpoch}`,
  );
}

function belowLogStart(
  { edge, partition }: CursorFacts,
  cursor: Cursor,
  last: BatchIdentity,
): CursorVerdict {
  if (!partition.drops.some((drop) => explains(drop, last, edge.logStartOffset))) {
    return stop(lostText(cursor, edge.logStartOffset));
  }
  const from = Math.max(cursor.forwardOffset, edge.logStartOffset) as Offset;
  return { type: 'resume', from, lastForwarded: last };
}

const lostText = (cursor: Cursor, logStartOffset: Offset): string =>
  `central's cursor is at ${cursor.forwardOffset}` +
  (cursor.lastForwarded === undefined ? '' : ` behind ${describe(cursor.lastForwarded)}`) +
  `, this log starts at ${logStartOffset} and no recorded drop explains it`;

/** One that reaches less far is older than the log start: the next one is on its way here. */
const explains = (drop: DropRecord, last: BatchIdentity | undefined, start: Offset): boolean =>
  drop.to >= start && isSameBatch(drop.lastForwarded, last);

const describe = (batch: BatchIdentity): string =>
  `the batch at ${batch.baseOffset} (leader epoch ${batch.leaderEpoch}, ` +
  `crc ${batch.crc.toString(16)})`;
