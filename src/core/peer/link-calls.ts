import type { MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import { FrameSplitter } from '../../wire/kafka/frame.ts';
import { correlationIdOf, decodeResponse, encodeRequest } from '../../wire/kafka/header.ts';
import type { Deadline, Deadlines } from '../kafka/deadlines.ts';

/** Why a call got no answer. `wasSent`: the peer may have carried it out. */
export interface PeerCallFailure {
  readonly wasSent: boolean;
  readonly text: string;
}

/** Called exactly once, inside the step that learns the outcome. */
export type PeerAnswered<R> = (outcome: Result<R, PeerCallFailure>) => void;

interface CallInFlight {
  /** Decodes and tells the caller; false: the bytes are malformed. */
  readonly answer: (frame: Uint8Array) => boolean;
  readonly fail: (failure: PeerCallFailure) => void;
  readonly deadline: Deadline;
}

export interface LinkCallsOptions {
  readonly clientId: string;
  readonly deadlines: Deadlines;
  readonly send: (frame: Uint8Array) => void;
  /** A call that was sent then was not answered in time. */
  readonly overdue: (sentAt: MonotonicMs) => void;
}

/**
 * The calls of one open link. Peers answer in any order; a call that is overdue fails, and what
 * comes for it later is dropped. Nothing is ever sent twice.
 */
export class LinkCalls {
  readonly #options: LinkCallsOptions;
  readonly #frames = new FrameSplitter(limits.clientFrameBytesMax);
  readonly #inFlight = new Map<number, CallInFlight>();
  readonly #abandoned = new Set<number>();
  #correlationId = 0;

  constructor(options: LinkCallsOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#inFlight.size;
  }

  /** Sends now. The version is the codec's last one: all nodes of a cluster speak it. */
  call<Q, R>(
    codec: ApiCodec<Q, R>,
    body: Q,
    time: { readonly now: MonotonicMs; readonly deadline: MonotonicMs },
    done: PeerAnswered<R>,
  ): void {
    const correlationId = this.#correlationId++ & 0x7fffffff;
    const { clientId, deadlines, send } = this.#options;
    const version = codec.versionMax;
    const expire = (): void => this.#expire(correlationId, time.now);
    this.#inFlight.set(correlationId, {
      answer: (frame) => {
        const answer = decodeResponse(codec, version, frame);
        const failure = { wasSent: true, text: `the answer to ${codec.name} is malformed` };
        done(answer.ok ? ok(answer.value) : fail(failure));
        return answer.ok;
      },
      fail: (failure) => done(fail(failure)),
      deadline: deadlines.add(time.deadline, expire),
    });
    send(encodeRequest(codec, version, { correlationId, clientId }, body));
  }

  /** @returns what is wrong with the bytes; then the link is of no more use. */
  received(chunk: Uint8Array): string | undefined {
    const frames = this.#frames.push(chunk);
    if (!frames.ok) return `an answer that is ${frames.error}`;
    for (const frame of frames.value) {
      const correlationId = correlationIdOf(frame);
      if (correlationId === undefined || !this.#answer(correlationId, frame)) {
        return 'an answer that is none';
      }
    }
    return undefined;
  }

  /** The link is gone: every call fails. */
  closed(text: string): void {
    const calls = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { deadline, fail: tell } of calls) {
      this.#options.deadlines.cancel(deadline);
      tell({ wasSent: true, text });
    }
  }

  #answer(correlationId: number, frame: Uint8Array): boolean {
    const call = this.#inFlight.get(correlationId);
    if (call === undefined) return this.#abandoned.delete(correlationId);
    this.#inFlight.delete(correlationId);
    this.#options.deadlines.cancel(call.deadline);
    return call.answer(frame);
  }

  #expire(correlationId: number, sentAt: MonotonicMs): void {
    const call = this.#inFlight.get(correlationId);
    if (call === undefined) return;
    this.#inFlight.delete(correlationId);
    this.#abandoned.add(correlationId);
    call.fail({ wasSent: true, text: 'no answer in time' });
    this.#options.overdue(sentAt);
  }
}
