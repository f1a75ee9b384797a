import type { Uuid } from '../../base/brand.ts';
import { beginEmpty, type NodeFacts } from './node-facts.ts';

/** What is remembered of one data directory. */
export interface KnownDirectory {
  readonly directoryId: Uuid;
  /** Undefined: seen by an earlier start. */
  readonly nodeId?: number;
  /** The highest that was seen. */
  readonly startCounter: number;
}

/**
 * Every data directory that introduced itself, with the highest count of its starts: an older count
 * is a restored copy, which forgot its votes (V4).
 */
export class KnownDirectories {
  readonly #known = new Map<Uuid, KnownDirectory>();

  constructor(known: Iterable<KnownDirectory>) {
    for (const each of known) this.#known.set(each.directoryId, each);
  }

  /** Why a node must not take part. */
  refusal({ nodeId, directoryId, startCounter }: NodeFacts): string | undefined {
    const known = this.#known.get(directoryId);
    if (known === undefined) return undefined;
    if (known.nodeId !== undefined && known.nodeId !== nodeId) {
      const original = `the data directory of node ${known.nodeId}`;
      return `node ${nodeId} runs on a copy of ${original}: ${beginEmpty}`;
    }
    if (startCounter >= known.startCounter) return undefined;
    return (
      `the data directory of node ${nodeId} was restored from a copy ` +
      `(start ${startCounter}, start ${known.startCounter} was seen): ${beginEmpty}`
    );
  }

  /** @returns what is new of it; undefined: nothing. */
  seen({ nodeId, directoryId, startCounter }: NodeFacts): KnownDirectory | undefined {
    const known = this.#known.get(directoryId);
    if (known !== undefined && startCounter <= known.startCounter) return undefined;
    const news: KnownDirectory = { directoryId, nodeId, startCounter };
    this.#known.set(directoryId, news);
    return news;
  }
}
