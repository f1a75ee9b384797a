import { expect, test } from 'vitest';
import { leaderEpoch, offset, uuid } from '../../../../src/base/brand.ts';
import type { CursorFacts } from '../../../../src/core/forward/cursor-check.ts';
import { checkCursor } from '../../../../src/core/forward/cursor-check.ts';
import type { Cursor } from '../../../../src/core/forward/cursor.ts';
import type { BatchIdentity, ForwardMark } from '../../../../src/core/forward/supervision.ts';

const last: BatchIdentity = { leaderEpoch: leaderEpoch(3), baseOffset: offset(90), crc: 0xabcd };
const cursor: Cursor = {
  forwardOffset: offset(100),
  edgeLeaderEpoch: leaderEpoch(3),
  lastForwarded: last,
  topic: 'sensors',
  nodeId: 1,
  writtenAtMs: 0,
  decisionId: '',
};
const edge = { leaderEpoch: leaderEpoch(4), logStartOffset: offset(0), highWatermark: offset(150) };
const markAt = (at: number, centralClusterId = 'central'): ForwardMark => ({
  topicId: uuid('t'),
  partition: 0,
  centralClusterId,
  forwardOffset: offset(at),
});
const facts = (changed: Partial<CursorFacts>): CursorFacts => ({
  cursor,
  partition: { drops: [] },
  centralClusterId: 'central',
  delivery: 'exactlyOnce',
  edge,
  ...changed,
});
const drop = (lastForwarded?: BatchIdentity) => ({
  from: offset(100),
  to: offset(120),
  reason: 'disk full',
  count: 20,
  ...(lastForwarded === undefined ? {} : { lastForwarded }),
});
const stopped = (words: RegExp) => ({ type: 'stop', text: expect.stringMatching(words) });

test('asks for the batch that the cursor names before anything else', () => {
  expect(checkCursor(facts({}))).toEqual({ type: 'readBatch', at: 90 });
});

test('resumes behind the very batch that was forwarded last', () => {
  expect(checkCursor(facts({ edgeBatch: { ...last } }))).toEqual({
    type: 'resume',
    from: 100,
    lastForwarded: last,
  });
});

test.each([
  ['another crc', { ...last, crc: 1 }],
  ['another leader epoch', { ...last, leaderEpoch: leaderEpoch(2) }],
  ['another base offset', { ...last, baseOffset: offset(89) }],
  ['nothing there', 'none' as const],
])('stops with both names on %s', (_, edgeBatch) => {
  expect(checkCursor(facts({ edgeBatch }))).toEqual(stopped(/batch at 90 .*abcd.*another log/));
});

test('stops when the cursor was written in a higher leader epoch', () => {
  const newer = { ...cursor, edgeLeaderEpoch: leaderEpoch(5) };
  expect(checkCursor(facts({ cursor: newer }))).toEqual(stopped(/leader epoch 5.*at 4/));
});

test('stops when the cursor is above the high watermark of this leader epoch', () => {
  const ahead = { ...cursor, forwardOffset: offset(151) };
  expect(checkCursor(facts({ cursor: ahead }))).toEqual(stopped(/151.*ends at 150/));
});

test('no cursor: the first start begins at the log start', () => {
  const verdict = checkCursor(
    facts({ cursor: undefined, edge: { ...edge, logStartOffset: offset(7) } }),
  );
  expect(verdict).toEqual({ type: 'resume', from: 7 });
});

test('no cursor, but this node forwarded there before: stop, never again from the start', () => {
  const partition = { drops: [], mark: markAt(100) };
  expect(checkCursor(facts({ cursor: undefined, partition }))).toEqual(stopped(/up to 100/));
});

test('no cursor at another central is a first start', () => {
  const partition = { drops: [], mark: markAt(100, 'elsewhere') };
  expect(checkCursor(facts({ cursor: undefined, partition }))).toEqual({ type: 'resume', from: 0 });
});

test('a cursor below what the node saw committed stops; above, equal or elsewhere does not', () => {
  const at = (mark: ForwardMark, more: Partial<CursorFacts> = {}) =>
    checkCursor(facts({ edgeBatch: last, partition: { drops: [], mark }, ...more })).type;
  expect(at(markAt(101))).toBe('stop');
  expect(at(markAt(100))).toBe('resume');
  expect(at(markAt(99))).toBe('resume');
  expect(at(markAt(101, 'elsewhere'))).toBe('resume');
  expect(at(markAt(101), { delivery: 'atLeastOnce' })).toBe('resume');
});

test('a claim without a batch resumes where it stands, or stops below the log start', () => {
  const claim = { ...cursor, lastForwarded: undefined };
  expect(checkCursor(facts({ cursor: claim }))).toEqual({ type: 'resume', from: 100 });
  const later = { ...edge, logStartOffset: offset(120) };
  expect(checkCursor(facts({ cursor: claim, edge: later }))).toEqual(stopped(/starts at 120/));
  expect(
    checkCursor(facts({ cursor: claim, edge: later, partition: { drops: [drop()] } })),
  ).toEqual({ type: 'resume', from: 120 });
});

test('below the log start only a drop that names the batch explains it', () => {
  const later = { ...edge, logStartOffset: offset(120) };
  const at = (drops: ReturnType<typeof drop>[]) =>
    checkCursor(facts({ edge: later, partition: { drops } }));
  expect(at([drop(last)])).toEqual({ type: 'resume', from: 120, lastForwarded: last });
  expect(at([])).toEqual(stopped(/no recorded drop/));
  expect(at([drop()])).toEqual(stopped(/no recorded drop/));
  expect(at([drop({ ...last, crc: 5 })])).toEqual(stopped(/no recorded drop/));
});

test('the batch is gone but the cursor is not below the log start: resume at the cursor', () => {
  const later = { ...edge, logStartOffset: offset(95) };
  expect(checkCursor(facts({ edge: later, partition: { drops: [drop(last)] } }))).toEqual({
    type: 'resume',
    from: 100,
    lastForwarded: last,
  });
});

test.each([
  ['cursor' as const, 100],
  ['start' as const, 0],
  [offset(42), 42],
])('the operator decides %s against every other rule', (from, expected) => {
  const partition = { drops: [], mark: markAt(500), decision: { decisionId: 'd1', from } };
  const foreign = { ...cursor, edgeLeaderEpoch: leaderEpoch(9) };
  expect(checkCursor(facts({ cursor: foreign, partition, edgeBatch: 'none' }))).toEqual({
    type: 'resume',
    from: expected,
    decisionId: 'd1',
  });
});

test('a decision needs no cursor unless it names it', () => {
  const at = (from: 'cursor' | 'start') =>
    checkCursor(
      facts({
        cursor: undefined,
        partition: { drops: [], mark: markAt(5), decision: { decisionId: 'd', from } },
      }),
    );
  expect(at('start')).toEqual({ type: 'resume', from: 0, decisionId: 'd' });
  expect(at('cursor')).toEqual(stopped(/no cursor/));
});

test('a decision outside of the log stops', () => {
  const edgeFrom5 = { ...edge, logStartOffset: offset(5) };
  for (const from of [offset(4), offset(151)]) {
    const partition = { drops: [], decision: { decisionId: 'd', from } };
    expect(checkCursor(facts({ partition, edge: edgeFrom5 }))).toEqual(stopped(/outside/));
  }
});

test('a decision is applied once: the cursor that carries it is checked like any other', () => {
  const decision = { decisionId: 'd1', from: 'start' as const };
  const carrying = { ...cursor, decisionId: 'd1' };
  const partition = { drops: [], decision, mark: markAt(500) };
  expect(checkCursor(facts({ cursor: carrying, partition, edgeBatch: last }))).toEqual({
    type: 'resume',
    from: 100,
    lastForwarded: last,
    decisionId: 'd1',
  });
  expect(checkCursor(facts({ cursor: carrying, partition, edgeBatch: 'none' })).type).toBe('stop');
});

const cutAt = (at: number, lastEpoch: number) => ({
  cutOffset: offset(at),
  leaderEpoch: leaderEpoch(1_003),
  lastEpoch: leaderEpoch(lastEpoch),
});
const promoted = (cuts: ReturnType<typeof cutAt>[], more: Partial<CursorFacts> = {}) =>
  checkCursor(
    facts({
      partition: { drops: [], cuts },
      edge: { ...edge, leaderEpoch: leaderEpoch(1_003) },
      ...more,
    }),
  );

test('goes on at the cut of a promotion, where what was forwarded behind it is not here (V5)', () => {
  expect(promoted([cutAt(70, 3)])).toEqual({ type: 'resume', from: 70 });
  // Whatever the log has grown to since.
  const edgeBatch = { ...last, leaderEpoch: leaderEpoch(1_003), crc: 1 };
  expect(promoted([cutAt(80, 3), cutAt(70, 3)], { edgeBatch })).toMatchObject({ from: 70 });
});

test('takes no cut for an explanation that is above the cursor, older, or of another history', () => {
  expect(promoted([cutAt(100, 3)])).toEqual({ type: 'readBatch', at: 90 });
  expect(promoted([cutAt(70, 2)])).toEqual(
    stopped(/cut at 70 by a promotion.*shorelog forward --topic/),
  );
  const after = { ...cursor, edgeLeaderEpoch: leaderEpoch(1_003) };
  expect(promoted([cutAt(70, 3)], { cursor: after })).toEqual({ type: 'readBatch', at: 90 });
});

test('forgets a mark that speaks of what a promotion cut off', () => {
  const after = { ...cursor, forwardOffset: offset(70), edgeLeaderEpoch: leaderEpoch(1_003) };
  const claimed = { ...after, lastForwarded: undefined };
  const cuts = [cutAt(70, 3)];
  const marked = (leader: number) =>
    checkCursor(
      facts({
        cursor: claimed,
        partition: { drops: [], cuts, mark: { ...markAt(100), leaderEpoch: leaderEpoch(leader) } },
        edge: { ...edge, leaderEpoch: leaderEpoch(1_003) },
      }),
    );
  expect(marked(3)).toEqual({ type: 'resume', from: 70 });
  expect(marked(1_003)).toEqual(stopped(/central lost records/));
});
