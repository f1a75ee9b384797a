import { limits } from '../../base/limits.ts';

const wavesMax = 2;

/** What went to the disk in one turn. */
interface Wave {
  bytes: number;
  /** Those that are not settled. */
  batches: number;
}

/**
 * Says when what has gathered may go to this node's disk. Everything goes together, in waves, so
 * that a file system's journal commits it at once and an fsync covers as much as it can. One wave
 * may follow another before that is settled, so that the process and the disk work at the same
 * time: once enough is there that its own fsyncs are worth it.
 */
export class DiskWaves {
  /** The older one first. */
  #out: Wave[] = [];
  #next: Wave = { bytes: 0, batches: 0 };

  /** Whether open batches of so many bytes together have to wait for what is out. */
  mustGather(openBytes: number): boolean {
    const [first] = this.#out;
    if (first === undefined) return false;
    if (this.#out.length >= wavesMax) return true;
    return openBytes < Math.max(limits.secondWaveBytesMin, first.bytes / 2);
  }

  /**
   * A batch goes to the disk in this turn.
   * @returns to be called when it is settled.
   */
  joined(bytes: number): () => void {
    const wave = this.#next;
    wave.bytes += bytes;
    wave.batches++;
    return () => {
      wave.batches--;
      if (wave.batches === 0) this.#out = this.#out.filter((one) => one !== wave);
    };
  }

  turnEnded(): void {
    if (this.#next.batches > 0) this.#out.push(this.#next);
    this.#next = { bytes: 0, batches: 0 };
  }
}
