import { assert } from '../../base/assert.ts';
import type { LeaderEpoch } from '../../base/brand.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { checkCursor, withWayOut, type CursorFacts, type CursorVerdict } from './cursor-check.ts';
import type { EdgeReader } from './edge-reader.ts';
import type { Procedure } from './procedure.ts';
import { fenced, stopped, type Trouble } from './trouble.ts';

export type Resume = Extract<CursorVerdict, { type: 'resume' }>;

/** Puts X1's verdict into practice for one partition: reads the batch it asks for, stands down. */
export class CursorJudge {
  readonly #reader: EdgeReader;
  /** The leader epoch in which it stood down before a later one. */
  #stoodDownIn: LeaderEpoch | undefined;

  constructor(reader: EdgeReader) {
    this.#reader = reader;
  }

  /** Where to go on, or why not. */
  *judge(facts: Omit<CursorFacts, 'edgeBatch'>): Procedure<Result<Resume, Trouble>> {
    let verdict = checkCursor(facts);
    if (verdict.type === 'readBatch') {
      const edgeBatch = yield* this.#reader.identityAt(verdict.at);
      if (!edgeBatch.ok) return edgeBatch;
      verdict = checkCursor({ ...facts, edgeBatch: edgeBatch.value });
    }
    assert(verdict.type !== 'readBatch', 'the batch was read');
    if (verdict.type === 'resume') return ok(verdict);
    if (verdict.type === 'stop') return fail(stopped(verdict.text));
    if (this.#standsDown(facts.edge.leaderEpoch)) return fail(fenced(verdict.text));
    return fail(stopped(withWayOut(verdict.text)));
  }

  /**
   * X2: a node that was deposed notices soon. One that still leads after the pause has another copy
   * of its log beside it, or is an old one: an operator decides.
   */
  #standsDown(leaderEpoch: LeaderEpoch): boolean {
    const isFirst = this.#stoodDownIn !== leaderEpoch;
    this.#stoodDownIn = leaderEpoch;
    return isFirst;
  }
}
