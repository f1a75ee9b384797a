import { monotonicMs } from '../../base/brand.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { fail } from '../../base/result.ts';
import { Ring } from '../../base/ring.ts';
import { FrameSplitter } from '../../wire/kafka/frame.ts';
import { correlationIdOf, decodeResponse, encodeRequest } from '../../wire/kafka/header.ts';
import type { Api, VersionRange } from './api.ts';
import { apis, commonVersion } from './api.ts';
import type { Answered, CallFailure } from './call.ts';
import type { SaslExchange } from './sasl-exchange.ts';

/** A call that was written and waits for its answer; answers come in the order of the calls. */
interface InFlight {
  readonly correlationId: number;
  readonly deadline: MonotonicMs;
  /** Decodes and tells the caller; false: the bytes are malformed. */
  readonly answer: (frame: Uint8Array) => boolean;
  readonly fail: (failure: CallFailure) => void;
}

/** A call that waits for the broker's versions or for room. */
interface Waiting {
  readonly send: () => void;
  readonly deadline: MonotonicMs;
  readonly fail: (failure: CallFailure) => void;
}

/** A fault that ends the connection; whoever owns the socket closes it. */
export type ConnectionFault = { readonly text: string; readonly reason: CallFailure['reason'] };

/**
 * One connection to a broker without its socket: calls in, bytes out; chunks in, answers out. It
 * asks for the broker's versions first and takes the highest that both know. A call is written once
 * or not at all: nothing is ever re-sent here (X3). After a fault every call fails and the object
 * is done.
 */
export class KafkaConnection {
  readonly #clientId: string;
  readonly #inFlight = new Ring<InFlight>();
  readonly #waiting = new Ring<Waiting>();
  #outgoing: Uint8Array[] = [];
  readonly #frames = new FrameSplitter(limits.clientFrameBytesMax);
  #correlationId = 0;
  #versions: ReadonlyMap<number, VersionRange> | undefined;
  readonly #exchange: SaslExchange | undefined;
  #isLoggedIn = false;
  #refusal: string | undefined;
  #isClosed = false;

  constructor(clientId: string, exchange?: SaslExchange) {
    this.#clientId = clientId;
    this.#exchange = exchange;
  }

  /** Calls that wait for an answer or to be written. */
  get pending(): number {
    return this.#inFlight.length + this.#waiting.length;
  }

  /** The versions are known and the login is over: calls are written as they come. */
  get isReady(): boolean {
    return this.#isLoggedIn && !this.#isClosed;
  }

  /** The socket is connected. */
  opened(deadline: MonotonicMs): void {
    this.#askVersions(3, deadline);
  }

  /**
   * Writes the call now or when there is room; `done` is called once, with the answer or with why
   * there is none.
   */
  call<Q, R>(api: Api<Q, R>, body: Q, deadline: MonotonicMs, done: Answered<R>): void {
    if (this.#isClosed) {
      done(fail({ reason: 'disconnected', wasSent: false, text: 'the connection is closed' }));
      return;
    }
    this.#waiting.push({
      deadline,
      send: () => this.#send(api, body, deadline, done),
      fail: (failure) => done(fail(failure)),
    });
    this.#flush();
  }

  /** Takes a chunk from the socket. A fault means: close it (`closed` was already done here). */
  received(chunk: Uint8Array): ConnectionFault | undefined {
    if (this.#isClosed) return undefined;
    const frames = this.#frames.push(chunk);
    if (!frames.ok) return this.#fault('the broker sent a frame without an end');
    for (const frame of frames.value) {
      if (this.#isClosed) return undefined;
      if (!this.#answer(frame)) return this.#fault('the broker sent an answer that is none');
      if (this.#refusal !== undefined) return this.#fault(this.#refusal, 'refused');
    }
    this.#flush();
    return undefined;
  }

  /** Bytes to write, in order; each is handed out once. */
  takeOutgoing(): readonly Uint8Array[] {
    const bytes = this.#outgoing;
    if (bytes.length > 0) this.#outgoing = [];
    return bytes;
  }

  /** When the oldest call will have waited too long. */
  nextDeadline(): MonotonicMs | undefined {
    let next = Infinity;
    for (const call of this.#inFlight) next = Math.min(next, call.deadline);
    for (const call of this.#waiting) next = Math.min(next, call.deadline);
    return next === Infinity ? undefined : monotonicMs(next);
  }

  /**
   * A call past its deadline ends the connection: answers come in order, so no later one can be
   * trusted to come.
   */
  expire(now: MonotonicMs): ConnectionFault | undefined {
    const next = this.nextDeadline();
    if (this.#isClosed || next === undefined || next > now) return undefined;
    const fault: ConnectionFault = {
      reason: 'timedOut',
      text: 'the broker did not answer in time',
    };
    this.closed(fault);
    return fault;
  }

  /** The socket is gone: every call fails, now. */
  closed(fault: ConnectionFault): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outgoing = [];
    for (let call = this.#inFlight.shift(); call !== undefined; call = this.#inFlight.shift()) {
      call.fail({ ...fault, wasSent: true });
    }
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      call.fail({ ...fault, wasSent: false });
    }
  }

  #flush(): void {
    while (this.isReady && this.#inFlight.length < limits.clientInFlightMax) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      call.send();
    }
  }

  #send<Q, R>(api: Api<Q, R>, body: Q, deadline: MonotonicMs, done: Answered<R>): void {
    const version = commonVersion(api, this.#versions?.get(api.key));
    if (version === undefined) {
      const text = `the broker does not offer ${api.name} in a version we speak`;
      done(fail({ reason: 'unsupported', wasSent: false, text }));
      return;
    }
    this.#write(api, version, body, deadline, done);
  }

  // hot: one for each request, no object for its options
  #write<Q, R>(
    api: Api<Q, R>,
    version: number,
    body: Q,
    deadline: MonotonicMs,
    done: Answered<R>,
  ): void {
    const correlationId = this.#correlationId++;
    const clientId = this.#clientId;
    this.#outgoing.push(encodeRequest(api, version, { correlationId, clientId }, body));
    this.#inFlight.push({
      correlationId,
      deadline,
      answer: (frame) => {
        const answer = decodeResponse(api, version, frame);
        if (answer.ok) done(answer);
        else {
          const text = `the answer to ${api.name} version ${version} is malformed`;
          done(fail({ reason: 'malformed', wasSent: true, text }));
        }
        return answer.ok;
      },
      fail: (failure) => done(fail(failure)),
    });
  }

  /**
   * A broker that does not know our version answers with 35 in version 0, and then gets that one.
   */
  #askVersions(version: number, deadline: MonotonicMs): void {
    const body = { clientSoftwareName: 'shorelog', clientSoftwareVersion: '0.1.0' };
    const correlationId = this.#correlationId++;
    const identity = { correlationId, clientId: this.#clientId };
    this.#outgoing.push(encodeRequest(apis.apiVersions, version, identity, body));
    this.#inFlight.push({
      correlationId,
      deadline,
      answer: (frame) => this.#learnVersions(version, frame, deadline),
      fail: () => undefined,
    });
  }

  #learnVersions(version: number, frame: Uint8Array, deadline: MonotonicMs): boolean {
    if (version > 0 && int16AfterHeader(frame) === unsupportedVersion) {
      this.#askVersions(0, deadline);
      return true;
    }
    const decoded = decodeResponse(apis.apiVersions, version, frame);
    if (!decoded.ok || decoded.value.errorCode !== 0) return false;
    const answer = decoded.value;
    this.#versions = new Map(answer.apiKeys.map((api) => [api.apiKey, api]));
    this.#logIn(deadline);
    return true;
  }

  #logIn(deadline: MonotonicMs): void {
    if (this.#exchange === undefined) {
      this.#isLoggedIn = true;
      return;
    }
    const { mechanism } = this.#exchange;
    this.#send(apis.saslHandshake, { mechanism }, deadline, (outcome) => {
      if (!outcome.ok) this.#refusal = outcome.error.text;
      else if (outcome.value.errorCode === 0) this.#prove(undefined, deadline);
      else
        this.#refusal = `the broker offers no ${mechanism}, but ${outcome.value.mechanisms.join()}`;
    });
  }

  #prove(received: Uint8Array | undefined, deadline: MonotonicMs): void {
    const step = this.#exchange?.next(received);
    if (step?.ok !== true) this.#refusal = step?.error ?? 'no login is configured';
    else if (step.value === 'done') this.#isLoggedIn = true;
    else {
      this.#send(apis.saslAuthenticate, { authBytes: step.value }, deadline, (outcome) => {
        if (!outcome.ok) this.#refusal = outcome.error.text;
        else if (outcome.value.errorCode === 0) this.#prove(outcome.value.authBytes, deadline);
        else {
          const told = outcome.value.errorMessage ?? '';
          this.#refusal = `the broker refuses the login: error ${outcome.value.errorCode} ${told}`;
        }
      });
    }
  }

  #answer(frame: Uint8Array): boolean {
    const call = this.#inFlight.peek();
    if (call === undefined || correlationIdOf(frame) !== call.correlationId) return false;
    this.#inFlight.shift();
    return call.answer(frame);
  }

  #fault(text: string, reason: CallFailure['reason'] = 'malformed'): ConnectionFault {
    const fault: ConnectionFault = { reason, text };
    this.closed(fault);
    return fault;
  }
}

const unsupportedVersion = 35;

/** The error code behind the correlation id: ApiVersions answers have header version 0 always. */
const int16AfterHeader = (frame: Uint8Array): number =>
  frame.length < 6 ? 0 : ((frame[4] as number) << 8) | (frame[5] as number);
