import { assert } from '../../base/assert.ts';
import { monotonicMs, type LinkId, type MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { fail } from '../../base/result.ts';
import type { Random } from '../../ports/random.ts';
import type { ApiCodec } from '../../wire/kafka/codec.ts';
import {
  introduceCodec,
  type IntroduceRequest,
  type IntroduceResponse,
} from '../../wire/kafka/generated/10000-introduce.ts';
import { Backoff } from '../forward/backoff.ts';
import type { Deadline, Deadlines } from '../kafka/deadlines.ts';
import { LinkCalls, type PeerAnswered } from './link-calls.ts';
import type { PeerPurpose } from './peer-transport.ts';

/** What a link needs of those who hold all links. */
export interface LinkHost {
  readonly clientId: string;
  readonly deadlines: Deadlines;
  readonly random: Pick<Random, 'next'>;
  readonly now: () => MonotonicMs;
  /** Orders it opened, under a number of its own. */
  readonly open: (link: PeerLink) => LinkId;
  readonly close: (id: LinkId, reason: string) => void;
  /** It has bytes to send at the end of the turn. */
  readonly dirty: (link: PeerLink) => void;
  readonly introduction: (purpose: PeerPurpose) => IntroduceRequest;
  /** @returns why the node is refused. */
  readonly introduced: (link: PeerLink, answer: IntroduceResponse) => string | undefined;
  /** It takes calls now, or no more. */
  readonly changed: (link: PeerLink) => void;
}

type State =
  | { readonly type: 'closed' }
  | { readonly type: 'waiting'; readonly deadline: Deadline }
  | { readonly type: 'opening'; readonly id: LinkId; readonly deadline: Deadline }
  | { readonly type: 'introducing'; readonly id: LinkId; readonly calls: LinkCalls }
  | {
      readonly type: 'ready';
      readonly id: LinkId;
      readonly calls: LinkCalls;
      readonly since: MonotonicMs;
    };

/** Why a link is not open, as far as it was tried. */
export interface LinkTrouble {
  readonly text: string;
  /** The machine is there and nobody listens. */
  readonly isRefused: boolean;
}

interface WaitingCall {
  readonly send: (calls: LinkCalls) => void;
  readonly fail: (text: string) => void;
  readonly deadline: Deadline;
}

/**
 * One connection to one node for one purpose: opened while it is wanted, again after a pause when
 * it is lost, and introduced before anything else is said on it.
 *
 * closed -> opening -> introducing -> ready -> (lost) waiting -> opening
 */
export class PeerLink {
  readonly nodeId: number;
  readonly purpose: PeerPurpose;
  readonly #host: LinkHost;
  readonly #backoff: Backoff;
  readonly #waiting = new Set<WaitingCall>();
  #state: State = { type: 'closed' };
  #isWanted = false;
  #outgoing: Uint8Array[] = [];
  #heardAt: MonotonicMs = monotonicMs(0);
  #trouble: LinkTrouble | undefined;

  constructor(nodeId: number, purpose: PeerPurpose, host: LinkHost) {
    this.nodeId = nodeId;
    this.purpose = purpose;
    this.#host = host;
    this.#backoff = new Backoff(host.random, limits.peerBackoffMsMin, limits.peerBackoffMsMax);
  }

  get isReady(): boolean {
    return this.#state.type === 'ready';
  }

  /** Undefined: it is open, or was not tried yet. */
  get trouble(): LinkTrouble | undefined {
    return this.#trouble;
  }

  /** Kept open from now on, or only while calls wait for it. */
  want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (this.#isNeeded && this.#state.type === 'closed') this.#open();
  }

  /** Its node is there: it is not waited for any longer. */
  hasten(): void {
    if (this.#state.type !== 'waiting') return;
    this.#host.deadlines.cancel(this.#state.deadline);
    this.#open();
  }

  /** Sends when the link is ready, and fails unsent if it is not in time. */
  call<Q, R>(codec: ApiCodec<Q, R>, body: Q, timeoutMs: number, done: PeerAnswered<R>): void {
    const deadline = monotonicMs(this.#host.now() + timeoutMs);
    const send = (calls: LinkCalls): void =>
      calls.call(codec, body, { now: this.#host.now(), deadline }, done);
    if (this.#state.type === 'ready') return send(this.#state.calls);
    const waiting: WaitingCall = {
      send,
      fail: (text) => done(fail({ wasSent: false, text })),
      deadline: this.#host.deadlines.add(deadline, () => {
        if (this.#waiting.delete(waiting)) waiting.fail('no connection in time');
      }),
    };
    this.#waiting.add(waiting);
    if (this.#state.type === 'closed') this.#open();
  }

  opened(): void {
    const { deadlines, clientId } = this.#host;
    if (this.#state.type !== 'opening') return;
    const { id, deadline } = this.#state;
    deadlines.cancel(deadline);
    const calls = new LinkCalls({
      ...{ clientId, deadlines },
      send: (frame) => this.#send(frame),
      overdue: (sentAt) => {
        if (this.#heardAt <= sentAt) this.reset('nothing is heard on it');
      },
    });
    this.#state = { type: 'introducing', id, calls };
    this.introduce();
  }

  received(chunk: Uint8Array): void {
    if (this.#state.type !== 'introducing' && this.#state.type !== 'ready') return;
    this.#heardAt = this.#host.now();
    const fault = this.#state.calls.received(chunk);
    if (fault !== undefined) this.reset(fault);
  }

  /** Says again who we are: the facts have changed, or the other's may have. */
  introduce(): void {
    const state = this.#state;
    if (state.type !== 'introducing' && state.type !== 'ready') return;
    const now = this.#host.now();
    const time = { now, deadline: monotonicMs(now + limits.peerIntroduceMsMax) };
    const body = this.#host.introduction(this.purpose);
    state.calls.call(introduceCodec, body, time, (outcome) => {
      const isPresent = 'calls' in this.#state && this.#state.calls === state.calls;
      if (!isPresent) return;
      const refusal = outcome.ok ? this.#host.introduced(this, outcome.value) : outcome.error.text;
      if (refusal !== undefined) this.reset(refusal);
      else this.#becomeReady();
    });
  }

  /** Closes it; it is opened again after a pause while it is wanted. */
  reset(reason: string): void {
    const { id } = 'id' in this.#state ? this.#state : { id: undefined };
    if (id === undefined) return;
    this.#host.close(id, reason);
    this.closed(reason);
  }

  closed(reason: string, isRefused = false): void {
    const state = this.#state;
    this.#trouble = { text: reason, isRefused };
    if (state.type === 'opening') this.#host.deadlines.cancel(state.deadline);
    this.#outgoing = [];
    const now = this.#host.now();
    // What worked for a while is tried again at once: is its process gone (T3)?
    const wasGood = state.type === 'ready' && now - state.since >= limits.peerBackoffMsMax;
    const at = monotonicMs(now + (wasGood ? 0 : this.#backoff.nextMs()));
    // Before anybody hears of it: who calls again at once waits like the others.
    const deadline = this.#host.deadlines.add(at, () => this.#open());
    this.#state = { type: 'waiting', deadline };
    if (state.type === 'ready') this.#host.changed(this);
    if ('calls' in state) state.calls.closed(reason);
    this.#failWaiting(reason);
  }

  /** What is to be sent, each frame once. */
  takeOutgoing(): { readonly id: LinkId; readonly chunks: readonly Uint8Array[] } | undefined {
    if (!('id' in this.#state) || this.#outgoing.length === 0) return undefined;
    const chunks = this.#outgoing;
    this.#outgoing = [];
    return { id: this.#state.id, chunks };
  }

  get #isNeeded(): boolean {
    return this.#isWanted || this.#waiting.size > 0;
  }

  #open(): void {
    this.#state = { type: 'closed' };
    if (!this.#isNeeded) return;
    const id = this.#host.open(this);
    const { deadlines, now } = this.#host;
    const at = monotonicMs(now() + limits.peerConnectMsMax);
    const deadline = deadlines.add(at, () => this.reset('it does not open'));
    this.#state = { type: 'opening', id, deadline };
  }

  #becomeReady(): void {
    const state = this.#state;
    if (state.type === 'ready') return;
    assert(state.type === 'introducing', 'introduced while it was');
    const { id, calls } = state;
    this.#state = { type: 'ready', id, calls, since: this.#host.now() };
    this.#backoff.reset();
    this.#trouble = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) {
      this.#host.deadlines.cancel(call.deadline);
      call.send(calls);
    }
    this.#host.changed(this);
  }

  #failWaiting(reason: string): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) {
      this.#host.deadlines.cancel(call.deadline);
      call.fail(reason);
    }
  }

  #send(frame: Uint8Array): void {
    if (this.#outgoing.length === 0) this.#host.dirty(this);
    this.#outgoing.push(frame);
  }
}
