import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import type { ByteRoom, RoomClaim } from '../../base/byte-room.ts';
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
import { ConnectionPatience } from './connection-patience.ts';
import type { Exchange } from './handler.ts';

/** A request in progress: its place in the order of answers. */
interface Slot {
  readonly isFetch: boolean;
  readonly claim: RoomClaim;
  isSettled: boolean;
  frame: Uint8Array | undefined;
  release: (() => void) | undefined;
}

/** A request that has arrived whole. Without a claim nobody has asked for its room yet. */
export interface WaitingFrame {
  readonly frame: Uint8Array;
  claim: RoomClaim | undefined;
}

/** What is different between clients and other nodes. */
export interface ConnectionRules {
  /** Requests in progress; past it the socket is not read. */
  readonly inFlightMax: number;
  /** A client's next request waits behind its Fetch; a node's next Fetch answers the parked one. */
  readonly isFetchAlone: boolean;
  /** Kafka clients take answers in the order of the requests; nodes go by correlation ids. */
  readonly isOrdered: boolean;
}

export interface KafkaConnectionOptions {
  readonly id: ConnectionId;
  readonly rules: ConnectionRules;
  readonly requestBytesMax: number;
  /** Of all connections: see `limits.kafkaRequestRoomBytes`. */
  readonly requestRoom: ByteRoom;
  /** Of all connections: see `limits.kafkaAnswerRoomBytes`. */
  readonly answerRoom: ByteRoom;
  readonly emit: (effect: Effect) => void;
  /** There may be room for the next request. */
  readonly work: (connection: KafkaConnection) => void;
  readonly now: MonotonicMs;
}

/**
 * One Kafka connection: frames in, answers out in the order of the requests, whichever is ready
 * first (to other nodes: as they are ready). The rest waits here, and the socket is not read, past
 * `inFlightMax` requests or as many bytes as one may have in progress, while the peer has not taken
 * the answers it got, while the room of all connections is taken, and behind a client's Fetch where
 * the next one is another: a few hundred bytes of them ask for gigabytes.
 */
export class KafkaConnection {
  readonly id: ConnectionId;
  readonly #options: KafkaConnectionOptions;
  readonly #splitter: FrameSplitter;
  readonly #patience: ConnectionPatience;
  readonly #slots = new Ring<Slot>();
  readonly #waiting = new Ring<WaitingFrame>();
  /** Of answers that wait for an earlier one, or that the socket has not reported as sent. */
  readonly #answers: RoomClaim;
  /** Of the request that is arriving, if it is a large one. */
  #arriving: RoomClaim | undefined;
  /** Of requests that are not answered: what a Produce carries is held until it is committed. */
  #requestBytes = 0;
  #fetches = 0;
  #unsettled = 0;
  #isPaused = false;
  #isClosed = false;
  /** The router is beginning with its requests; an answer at once must not begin again. */
  isWorking = false;

  constructor(options: KafkaConnectionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#splitter = new FrameSplitter(options.requestBytesMax);
    this.#patience = new ConnectionPatience(options.now);
    this.#answers = options.answerRoom.open();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Answers that the peer has not taken. */
  get answerBytes(): number {
    return this.#answers.bytes;
  }

  /** Room that a request has which is still arriving. */
  get arrivingBytes(): number {
    return this.#arriving?.isGranted === true ? this.#arriving.bytes : 0;
  }

  /** Takes a chunk; its frames are then there for `nextFrame`. */
  take(chunk: Uint8Array, now: MonotonicMs): Result<undefined, FrameFault> {
    const frames = this.#splitter.push(chunk);
    if (!frames.ok) return fail(frames.error);
    for (const frame of frames.value) {
      this.#waiting.push({ frame, claim: this.#arriving });
      this.#arriving = undefined;
    }
    if (frames.value.length > 0) this.#patience.requestArrived(now);
    const { heldBytes, neededBytes } = this.#splitter;
    this.#patience.partArrived(heldBytes, now);
    if (heldBytes > 0 && neededBytes > limits.kafkaRequestFreeBytes) {
      this.#arriving ??= this.#claim(neededBytes);
    }
    return ok(undefined);
  }

  /** Why the peer has lost its place, or undefined. */
  overdue(now: MonotonicMs): string | undefined {
    return this.#isClosed ? undefined : this.#patience.overdue(this.#unsettled > 0, now);
  }

  /** The next request to begin with, unless too many are in progress. */
  nextFrame(): WaitingFrame | undefined {
    if (this.#isClosed || this.#isFull()) return undefined;
    const next = this.#waiting.peek();
    if (next === undefined) return undefined;
    const { isFetchAlone } = this.#options.rules;
    if (isFetchAlone && this.#fetches > 0 && isFetch(next.frame)) return undefined;
    next.claim ??= this.#claim(next.frame.length);
    return next.claim.isGranted ? this.#waiting.shift() : undefined;
  }

  /**
   * Opens the place in the order of answers for a request. `settled` is called when there may be
   * room for more.
   */
  begin(start: RequestStart, { frame, claim }: WaitingFrame, settled: () => void): Exchange {
    const { requestRoom, answerRoom } = this.#options;
    const slot: Slot = {
      isFetch: start.apiKey === apiKeys.fetch,
      claim: claim ?? requestRoom.open(),
      ...{ isSettled: false, frame: undefined, release: undefined },
    };
    this.#slots.push(slot);
    this.#unsettled++;
    if (slot.isFetch) this.#fetches++;
    this.#requestBytes += frame.length;
    const isAbandoned = (): boolean => this.#isClosed;
    return {
      version: start.apiVersion,
      correlationId: start.correlationId,
      connection: this.id,
      frame,
      get isAbandoned() {
        return isAbandoned();
      },
      settle: (answer) => {
        if (this.#isClosed || slot.isSettled) return;
        slot.isSettled = true;
        slot.frame = answer;
        answerRoom.change(this.#answers, this.answerBytes + (answer?.length ?? 0));
        this.#requestBytes -= frame.length;
        if (slot.isFetch) this.#fetches--;
        slot.release = undefined;
        this.#unsettled--;
        this.#flush(slot);
        requestRoom.free(slot.claim);
        settled();
      },
      close: (reason) => this.close(reason),
      onAbandoned: (release) => {
        slot.release = release;
      },
    };
  }

  /** A request that cannot be begun closes the connection. */
  refuse({ claim }: WaitingFrame, reason: string): void {
    if (claim !== undefined) this.#options.requestRoom.free(claim);
    this.close(reason);
  }

  /** Stops or starts the reading of the socket, as the queue has it. */
  regulate(now: MonotonicMs): void {
    if (this.#isClosed) return;
    const isJammed = this.#arriving?.isGranted === false;
    const isFull = this.#waiting.length > 0 || this.#isFull() || isJammed;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    this.#patience.paused(isFull, now);
    this.#options.emit({ type: isFull ? 'PauseReading' : 'ResumeReading', connection: this.id });
  }

  /** The socket got rid of so many bytes of answers. */
  sent(bytes: number, now: MonotonicMs): void {
    this.#patience.answerTaken(now);
    this.#options.answerRoom.change(this.#answers, this.answerBytes - bytes);
  }

  /**
   * Orders the socket closed, for a peer's fault or ours; `isAbrupt`: with what it has not taken.
   */
  close(reason: string, isAbrupt = false): void {
    if (this.#isClosed) return;
    this.abandon();
    this.#options.emit({ type: 'CloseConnection', connection: this.id, reason, isAbrupt });
  }

  /** Nobody is there any more: what is in progress is let go. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { requestRoom, answerRoom } = this.#options;
    const claims = [...this.#slots, ...this.#waiting].map(({ claim }) => claim);
    for (const slot of this.#slots) slot.release?.();
    this.#waiting.clear();
    this.#slots.clear();
    answerRoom.free(this.#answers);
    for (const claim of [...claims, this.#arriving]) if (claim) requestRoom.free(claim);
  }

  #claim(bytes: number): RoomClaim {
    return this.#options.requestRoom.claim(bytes, () => this.#options.work(this));
  }

  #isFull(): boolean {
    return (
      this.#unsettled >= this.#options.rules.inFlightMax ||
      this.answerBytes >= limits.socketUnsentBytesMax ||
      this.#requestBytes >= this.#options.requestBytesMax
    );
  }

  /** Sends all answers that may go now that this one is ready, in one write. */
  #flush(settled: Slot): void {
    const chunks: Uint8Array[] = [];
    if (!this.#options.rules.isOrdered && settled.frame !== undefined) {
      chunks.push(settled.frame);
      settled.frame = undefined;
    }
    for (let head = this.#slots.peek(); head?.isSettled === true; head = this.#slots.peek()) {
      this.#slots.shift();
      if (head.frame !== undefined) chunks.push(head.frame);
    }
    if (chunks.length === 0) return;
    this.#options.emit({ type: 'SendBytes', connection: this.id, chunks });
  }
}

function isFetch(frame: Uint8Array): boolean {
  const start = readRequestStart(frame);
  return start.ok && start.value.apiKey === apiKeys.fetch;
}
