import type { Prng } from '../../../src/base/prng.ts';
import type { MqttPacket } from './mqtt-packet.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Bytes, or, between sensors and nodes, packets that nobody encodes. */
export type Chunk = Uint8Array | MqttPacket;

/** What one end of a connection is told. */
export interface EndEvents {
  /** To who called. */
  opened?(): void;
  received(chunk: Chunk): void;
  /** So many bytes have left. */
  sent?(bytes: number): void;
  /** Once, whoever ended it. */
  closed(isRefused: boolean): void;
}

/** How the lines are now. */
export interface Lines {
  readonly delayMs: (random: Prng, from: number, to: number) => number;
  /** Infinity: as fast as it comes. */
  readonly bytesPerMs: (from: number, to: number) => number;
}

export const goodLines: Lines = {
  delayMs: (random) => 0.1 + random.next(),
  bytesPerMs: () => Infinity,
};

type Accept = (end: TcpEnd) => EndEvents;

const handshakeMs = 5_000;
/** What TCP may wait before it sends again, after a cut is over. */
const retransmitMsMax = 1_500;

/** One end of a connection. */
export class TcpEnd {
  readonly host: number;
  readonly #net: SimTcp;
  peer: TcpEnd | undefined;
  events: EndEvents | undefined;
  /** When the last of what was sent from here arrives. */
  arrivesMs = 0;
  /** Sent into a cut, in order. */
  stalled: Segment[] = [];
  isClosed = false;
  #isHeld = false;
  readonly #inbox: Segment[] = [];

  constructor(net: SimTcp, host: number) {
    this.#net = net;
    this.host = host;
  }

  send(chunks: readonly Uint8Array[]): void {
    if (this.isClosed) return;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.#net.transmit(this, { type: 'data', chunk: whole, bytes });
  }

  sendPacket(chunk: MqttPacket): void {
    if (!this.isClosed) this.#net.transmit(this, { type: 'data', chunk, bytes: 60 });
  }

  /** What was sent before leaves first. */
  close(): void {
    if (this.isClosed) return;
    this.#net.transmit(this, { type: 'end' });
    this.#net.closeLocally(this);
  }

  /** What comes is kept back. */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    while (!this.#isHeld) {
      const next = this.#inbox.shift();
      if (next === undefined) return;
      this.#take(next);
    }
  }

  arrived(segment: Segment): void {
    if (this.isClosed) return;
    if (this.#isHeld) this.#inbox.push(segment);
    else this.#take(segment);
  }

  #take(segment: Segment): void {
    if (this.isClosed) return;
    if (segment.type === 'open') this.events?.opened?.();
    else if (segment.type === 'data') this.events?.received(segment.chunk);
    else this.#net.ended(this);
  }
}

type Segment =
  | { readonly type: 'open' }
  | { readonly type: 'data'; readonly chunk: Chunk; readonly bytes: number }
  | { readonly type: 'end' };

/**
 * Connections between hosts: bytes come in order or not at all, a line may be slow, cut one way or
 * both, and a connection may break. A cut loses nothing: TCP sends again when it is over.
 */
export class SimTcp {
  lines: Lines = goodLines;
  readonly #time: VirtualTime;
  readonly #random: Prng;
  readonly #listeners = new Map<string, Accept>();
  readonly #downMachines = new Set<number>();
  readonly #cuts = new Set<string>();
  readonly #ends = new Set<TcpEnd>();
  /** Ends with something to send into a cut; closed ones too. */
  readonly #stalled = new Set<TcpEnd>();
  /** Their other end went down with its machine. */
  readonly #orphans = new Map<TcpEnd, number>();

  constructor(time: VirtualTime, random: Prng) {
    this.#time = time;
    this.#random = random;
  }

  listen(host: number, port: string, accept: Accept): void {
    this.#listeners.set(`${host}:${port}`, accept);
  }

  connect(from: number, to: number, port: string, events: EndEvents): TcpEnd {
    const end = this.#newEnd(from, events);
    if (this.#isCut(from, to) || this.#isCut(to, from) || this.#downMachines.has(to)) {
      this.#time.after(handshakeMs, () => this.#abort(end, false));
    } else this.#later(from, to, () => this.#arrive(end, to, port));
    return end;
  }

  /** A process is gone; `withMachine`: nobody is there to say so. */
  processEnded(host: number, withMachine: boolean): void {
    for (const key of [...this.#listeners.keys()]) {
      if (key.startsWith(`${host}:`)) this.#listeners.delete(key);
    }
    if (withMachine) this.#downMachines.add(host);
    for (const end of [...this.#ends]) {
      if (end.host !== host) continue;
      if (withMachine && end.peer !== undefined) this.#orphans.set(end.peer, host);
      else this.transmit(end, { type: 'end' });
      end.isClosed = true;
      this.#ends.delete(end);
    }
  }

  machineStarted(host: number): void {
    this.#downMachines.delete(host);
    for (const [end, of] of [...this.#orphans]) {
      if (of !== host) continue;
      this.#orphans.delete(end);
      this.#time.after(this.#random.next() * retransmitMsMax, () => this.#abort(end, false));
    }
  }

  cut(from: number, to: number): void {
    this.#cuts.add(`${from}>${to}`);
  }

  heal(from: number, to: number): void {
    if (!this.#cuts.delete(`${from}>${to}`)) return;
    for (const end of this.#stalled) {
      if (end.host === from && end.peer?.host === to) this.#resume(end);
    }
  }

  healAll(): void {
    for (const key of [...this.#cuts]) {
      const [from, to] = key.split('>').map(Number);
      this.heal(from ?? 0, to ?? 0);
    }
  }

  /** One of the connections breaks; both ends hear of it. */
  breakOne(): void {
    const open = [...this.#ends].filter(({ peer }) => peer !== undefined);
    if (open.length === 0) return;
    const end = this.#random.pick(open);
    if (end.peer !== undefined) this.#abort(end.peer, false);
    this.#abort(end, false);
  }

  /** For TcpEnd. */
  transmit(end: TcpEnd, segment: Segment): void {
    const { peer, host } = end;
    if (peer === undefined) return;
    if (end.stalled.length > 0 || this.#isCut(host, peer.host)) {
      this.#stalled.add(end);
      return void end.stalled.push(segment);
    }
    const bytes = segment.type === 'data' ? segment.bytes : 0;
    const carriedMs = bytes / this.lines.bytesPerMs(host, peer.host);
    const delayMs = this.lines.delayMs(this.#random, host, peer.host);
    const startMs = Math.max(this.#time.nowMs + delayMs, end.arrivesMs);
    end.arrivesMs = startMs + carriedMs;
    this.#time.after(end.arrivesMs - this.#time.nowMs, () => this.#deliver(end, peer, segment));
  }

  /** For TcpEnd: who closes hears of its own end too. */
  closeLocally(end: TcpEnd): void {
    end.isClosed = true;
    this.#ends.delete(end);
    this.#orphans.delete(end);
    this.#time.after(0.1, () => end.events?.closed(false));
  }

  /** For TcpEnd: the other end has closed. */
  ended(end: TcpEnd): void {
    this.#abort(end, false);
  }

  #deliver(end: TcpEnd, peer: TcpEnd, segment: Segment): void {
    if (this.#downMachines.has(peer.host)) return;
    if (peer.isClosed) {
      // A reset comes back.
      if (!end.isClosed) this.#later(peer.host, end.host, () => this.#abort(end, false));
      return;
    }
    if (segment.type === 'data') {
      end.events?.sent?.(segment.bytes);
      if (segment.chunk instanceof Uint8Array) return this.#inPieces(peer, segment.chunk);
    }
    peer.arrived(segment);
  }

  /** A read of a socket ends anywhere. */
  #inPieces(peer: TcpEnd, chunk: Uint8Array): void {
    const cut = this.#random.chance(0.1) ? this.#random.below(chunk.length) : 0;
    for (const piece of [chunk.subarray(0, cut), chunk.subarray(cut)]) {
      if (piece.length > 0) peer.arrived({ type: 'data', chunk: piece, bytes: piece.length });
    }
  }

  #arrive(end: TcpEnd, to: number, port: string): void {
    if (end.isClosed) return;
    const accept = this.#listeners.get(`${to}:${port}`);
    if (accept === undefined) {
      if (this.#downMachines.has(to))
        return this.#time.after(handshakeMs, () => this.#abort(end, false));
      return this.#later(to, end.host, () => this.#abort(end, true));
    }
    const other = this.#newEnd(to, undefined);
    other.peer = end;
    end.peer = other;
    other.events = accept(other);
    this.transmit(other, { type: 'open' });
  }

  #abort(end: TcpEnd, isRefused: boolean): void {
    if (end.isClosed) return;
    end.isClosed = true;
    this.#ends.delete(end);
    this.#orphans.delete(end);
    end.events?.closed(isRefused);
  }

  #resume(end: TcpEnd): void {
    this.#time.after(this.#random.next() * retransmitMsMax, () => {
      const { peer, stalled } = end;
      if (peer === undefined || this.#isCut(end.host, peer.host)) return;
      end.stalled = [];
      this.#stalled.delete(end);
      for (const segment of stalled) this.transmit(end, segment);
    });
  }

  #newEnd(host: number, events: EndEvents | undefined): TcpEnd {
    const end = new TcpEnd(this, host);
    end.events = events;
    this.#ends.add(end);
    return end;
  }

  #isCut(from: number, to: number): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  #later(from: number, to: number, run: () => void): void {
    this.#time.after(this.lines.delayMs(this.#random, from, to), run);
  }
}
