import { timestampMs, type MonotonicMs, type TimestampMs } from '../../base/brand.ts';
import { isoTime } from '../../base/iso-time.ts';
import { limits } from '../../base/limits.ts';
import type { Effect } from '../effect.ts';
import type { Now } from '../now.ts';

interface ToldClock {
  readonly wallMs: number;
  readonly at: MonotonicMs;
}

/**
 * The wall clocks of all nodes, as far as they were told: a node whose clock is decades ahead would
 * take every record of the others for old, and delete it. Nothing else is decided by them.
 */
export class PeerClocks {
  readonly #emit: (effect: Effect) => void;
  readonly #told = new Map<number, ToldClock>();
  #isApart = false;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  /** What a node's clock says; one that was never set says nothing. */
  told(nodeId: number, wallMs: number, now: Now): void {
    if (wallMs < limits.clockSetMs) this.#told.delete(nodeId);
    else this.#told.set(nodeId, { wallMs, at: now.monotonicMs });
    const apartMs = this.apartMs(now);
    const isApart = apartMs !== 0;
    if (isApart && !this.#isApart) this.#warn(apartMs, now);
    this.#isApart = isApart;
  }

  /**
   * The time that most nodes agree on: the median, of two clocks the earlier one. One clock that is
   * wrong among three decides nothing, and where nobody can tell nothing is deleted too early.
   */
  agreed(now: Now): TimestampMs {
    const clocks = [...this.#told.values()].map(
      ({ wallMs, at }) => wallMs + (now.monotonicMs - at),
    );
    if (now.wallMs >= limits.clockSetMs) clocks.push(now.wallMs);
    clocks.sort((a, b) => a - b);
    return timestampMs(Math.floor(clocks[(clocks.length - 1) >> 1] ?? now.wallMs));
  }

  /** How far this node's clock is ahead of the others', or (negative) behind; 0: about right. */
  apartMs(now: Now): number {
    const apartMs = now.wallMs - this.agreed(now);
    return Math.abs(apartMs) < limits.clockApartMs ? 0 : Math.round(apartMs);
  }

  #warn(apartMs: number, { wallMs }: Now): void {
    const where = apartMs > 0 ? 'ahead of' : 'behind';
    const text =
      `This node's clock is ${where} those of the other nodes: ` +
      'the readings that it takes get wrong timestamps until it is set.';
    const fields = { now: isoTime(wallMs), apartMs };
    this.#emit({ type: 'Print', level: 'warn', text, fields });
  }
}
