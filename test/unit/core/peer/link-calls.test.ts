import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../../src/base/brand.ts';
import { Deadlines } from '../../../../src/core/kafka/deadlines.ts';
import { LinkCalls } from '../../../../src/core/peer/link-calls.ts';
import { voteCodec } from '../../../../src/wire/kafka/generated/52-vote.ts';
import { encodeResponse, readRequestStart } from '../../../../src/wire/kafka/header.ts';

const request = { clusterId: 'c', voterId: 1, topics: [] };
const responseOf = (errorCode: number) => ({ errorCode, topics: [], nodeEndpoints: [] });

function newCalls() {
  const deadlines = new Deadlines();
  const sent: number[] = [];
  const overdue: number[] = [];
  const calls = new LinkCalls({
    ...{ clientId: 'me', deadlines, overdue: (sentAt) => overdue.push(sentAt) },
    send: (frame) => {
      const start = readRequestStart(frame.subarray(4));
      if (start.ok) sent.push(start.value.correlationId);
    },
  });
  const said: string[] = [];
  const call = (name: string, deadline = 1_000): void =>
    calls.call(
      ...([voteCodec, request] as const),
      { now: monotonicMs(5), deadline: monotonicMs(deadline) },
      (outcome) =>
        said.push(`${name} ${outcome.ok ? outcome.value.errorCode : outcome.error.text}`),
    );
  const answer = (place: number, errorCode: number): string | undefined =>
    calls.received(encodeResponse(voteCodec, 2, sent[place] ?? -1, responseOf(errorCode)));
  return { calls, deadlines, overdue, said, call, answer };
}

describe('LinkCalls', () => {
  it('takes answers in any order', () => {
    const { call, answer, said, calls } = newCalls();
    call('a');
    call('b');
    expect([answer(1, 7), answer(0, 8)]).toEqual([undefined, undefined]);
    expect([said, calls.pending]).toEqual([['b 7', 'a 8'], 0]);
  });

  it('fails a call that is overdue, and drops what comes for it later, once', () => {
    const { call, answer, said, deadlines, overdue } = newCalls();
    call('a', 50);
    deadlines.expire(monotonicMs(50));
    expect([said, overdue]).toEqual([['a no answer in time'], [5]]);
    expect(answer(0, 0)).toBeUndefined();
    expect(answer(0, 0)).toBe('an answer that is none');
    expect(said).toHaveLength(1);
  });

  it('fails all calls with the link, and leaves no deadline behind', () => {
    const { call, calls, said, deadlines } = newCalls();
    call('a');
    call('b');
    calls.closed('reset');
    expect([said, deadlines.next()]).toEqual([['a reset', 'b reset'], undefined]);
  });

  it('says what is wrong with bytes that are no answer', () => {
    const { calls } = newCalls();
    expect(calls.received(new Uint8Array([255, 255, 255, 255]))).toBe('an answer that is negative');
    expect(newCalls().calls.received(new Uint8Array([0, 0, 0, 1, 0]))).toBe(
      'an answer that is none',
    );
  });
});
