import type { Prng } from '../../src/base/prng.ts';
import type { EventQueue } from './event-queue.ts';
import type { Faults } from './faults.ts';

/** Who sends and receives. */
export interface NetworkNode {
  readonly nodeId: number;
  readonly isUp: boolean;
  /** A connection belongs to one process of each side. */
  readonly incarnation: number;
  hears(nodeId: number, atMs: number): void;
}

export interface NetworkPort<N> {
  whenRunning(node: N, run: () => void): void;
  /** Nobody listens at the other node. */
  refused(node: N, by: number): void;
}

/** Delays, loses, doubles, reorders; links are cut one way or both. */
export class SimNetwork<N extends NetworkNode> {
  readonly #queue: EventQueue;
  readonly #random: Prng;
  faults: Faults;
  readonly #port: NetworkPort<N>;
  readonly #cuts = new Set<number>();

  constructor(queue: EventQueue, random: Prng, faults: Faults, port: NetworkPort<N>) {
    this.#queue = queue;
    this.#random = random;
    this.faults = faults;
    this.#port = port;
  }

  /** One way. */
  cut(from: number, to: number): void {
    this.#cuts.add(from * 100 + to);
  }

  /** Both ways, or only what it says, or only what it hears. */
  isolate(nodeId: number, others: readonly number[], way: 'both' | 'says' | 'hears'): void {
    for (const other of others) {
      if (other === nodeId) continue;
      if (way !== 'hears') this.cut(nodeId, other);
      if (way !== 'says') this.cut(other, nodeId);
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  send(from: N, to: N, deliver: () => void): void {
    if (this.#cuts.has(from.nodeId * 100 + to.nodeId)) return;
    if (this.faults.loses(this.#random)) return;
    const { incarnation } = to;
    const copies = this.faults.doubles(this.#random) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      this.#queue.after(this.faults.delayMs(this.#random, from.nodeId, to.nodeId), () => {
        if (!to.isUp) {
          return this.#port.whenRunning(from, () => this.#port.refused(from, to.nodeId));
        }
        if (to.incarnation !== incarnation) return;
        this.#port.whenRunning(to, () => {
          to.hears(from.nodeId, this.#queue.nowMs);
          deliver();
        });
      });
    }
  }

  /** A process is gone: its machine says so, unless the link is cut. */
  reset(from: N, to: N, deliver: () => void): void {
    if (this.#cuts.has(from.nodeId * 100 + to.nodeId)) return;
    const { incarnation } = to;
    this.#queue.after(this.faults.delayMs(this.#random, from.nodeId, to.nodeId), () => {
      if (to.isUp && to.incarnation === incarnation) this.#port.whenRunning(to, deliver);
    });
  }
}
