import type { ConnectionId } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { Ring } from '../../base/ring.ts';
import type { FrameFault } from '../../wire/kafka/frame.ts';
import { FrameSplitter } from '../../wire/kafka/frame.ts';
import type { RequestStart } from '../../wire/kafka/header.ts';
import { apiKeys } from '../../wire/kafka/api-keys.ts';
import { readRequestStart } from '../../wire/kafka/header.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import type { Effect } from '../effect.ts';
import type { Exchange } from './handler.ts';

/** A request in progress: its place in the order of answers. */
interface Slot {
  readonly isFetch: boolean;
  isSettled: boolean;
  frame: Uint8Array | undefined;
  release: (() => void) | undefined;
}

/**
 * One Kafka connection: frames in, answers out in the order of the requests, whichever is ready
 * first. The rest waits here, and the socket is not read, past `kafkaInFlightPerConnectionMax`
 * requests or as many bytes as one may have in progress, while the peer has not taken the answers
 * it got, and behind a Fetch where the next one is another: a few hundred bytes of them ask for
 * gigabytes.
 */
export class KafkaConnection {
  readonly id: ConnectionId;
  readonly #emit: (effect: Effect) => void;
  readonly #splitter: FrameSplitter;
  readonly #requestBytesMax: number;
  readonly #slots = new Ring<Slot>();
  readonly #waiting = new Ring<Uint8Array>();
  /** Of answers that wait for an earlier one, or that the socket has not reported as sent. */
  #answerBytes = 0;
  /** Of requests that are not answered: what a Produce carries is held until it is committed. */
  #requestBytes = 0;
  #fetches = 0;
  #isPaused = false;
  #isClosed = false;
  /** The router is beginning with its requests; an answer at once must not begin again. */
  isWorking = false;

  constructor(id: ConnectionId, requestBytesMax: number, emit: (effect: Effect) => void) {
    this.id = id;
    this.#emit = emit;
    this.#splitter = new FrameSplitter(requestBytesMax);
    this.#requestBytesMax = requestBytesMax;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes a chunk; its frames are then there for `nextFrame`. */
  take(chunk: Uint8Array): Result<undefined, FrameFault> {
    const frames = this.#splitter.push(chunk);
    if (!frames.ok) return fail(frames.error);
    for (const frame of frames.value) this.#waiting.push(frame);
    return ok(undefined);
  }

  /** The next request to begin with, unless too many are in progress. */
  nextFrame(): Uint8Array | undefined {
    if (this.#isClosed || this.#isFull()) return undefined;
    const frame = this.#waiting.peek();
    if (frame !== undefined && this.#fetches > 0 && isFetch(frame)) return undefined;
    return this.#waiting.shift();
  }

  /**
   * Opens the place in the order of answers for a request. `settled` is called when there may be
   * room for more.
   */
  begin(start: RequestStart, frame: Uint8Array, settled: () => void): Exchange {
    const isFetch = start.apiKey === apiKeys.fetch;
    const slot: Slot = { isFetch, isSettled: false, frame: undefined, release: undefined };
    this.#slots.push(slot);
    if (isFetch) this.#fetches++;
    this.#requestBytes += frame.length;
    const isAbandoned = (): boolean => this.#isClosed;
    return {
      version: start.apiVersion,
      correlationId: start.correlationId,
      frame,
      get isAbandoned() {
        return isAbandoned();
      },
      settle: (answer) => {
        if (this.#isClosed || slot.isSettled) return;
        slot.isSettled = true;
        slot.frame = answer;
        this.#answerBytes += answer?.length ?? 0;
        this.#requestBytes -= frame.length;
        if (slot.isFetch) this.#fetches--;
        slot.release = undefined;
        this.#flush();
        settled();
      },
      close: (reason) => this.close(reason),
      onAbandoned: (release) => {
        slot.release = release;
      },
    };
  }

  /** Stops or starts the reading of the socket, as the queue has it. */
  regulate(): void {
    if (this.#isClosed) return;
    const isFull = this.#waiting.length > 0 || this.#isFull();
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    this.#emit({ type: isFull ? 'PauseReading' : 'ResumeReading', connection: this.id });
  }

  /** The socket got rid of so many bytes of answers. */
  sent(bytes: number): void {
    this.#answerBytes -= bytes;
  }

  /** Orders the socket closed, for a peer's fault or ours. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.abandon();
    this.#emit({ type: 'CloseConnection', connection: this.id, reason });
  }

  /** Nobody is there any more: what is in progress is let go. */
  abandon(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    for (const slot of this.#slots) slot.release?.();
    this.#slots.clear();
  }

  #isFull(): boolean {
    return (
      this.#slots.length >= limits.kafkaInFlightPerConnectionMax ||
      this.#answerBytes >= limits.socketUnsentBytesMax ||
      this.#requestBytes >= this.#requestBytesMax
    );
  }

  /** Sends all answers that are ready at the head of the order, in one write. */
  #flush(): void {
    const chunks: Uint8Array[] = [];
    for (let head = this.#slots.peek(); head?.isSettled === true; head = this.#slots.peek()) {
      this.#slots.shift();
      if (head.frame !== undefined) chunks.push(head.frame);
    }
    if (chunks.length > 0) this.#emit({ type: 'SendBytes', connection: this.id, chunks });
  }
}

function isFetch(frame: Uint8Array): boolean {
  const start = readRequestStart(frame);
  return start.ok && start.value.apiKey === apiKeys.fetch;
}
