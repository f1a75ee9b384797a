import type { Uuid } from '../../base/brand.ts';
import type { PeerStart } from '../../ports/stored-facts.ts';
import { beginEmpty, type NodeFacts } from './node-facts.ts';

/** What is remembered of one data directory: its newest start. */
export interface KnownDirectory extends PeerStart {
  /** Undefined: seen by an earlier start. */
  readonly nodeId?: number;
}

/**
 * Every data directory that introduced itself, with its newest start. Whoever does not go back to
 * that start runs on a restored copy, or on a second one, and forgot votes (V4).
 */
export class KnownDirectories {
  readonly #known = new Map<Uuid, KnownDirectory>();

  constructor(known: Iterable<KnownDirectory>) {
    for (const each of known) this.#known.set(each.directoryId, each);
  }

  /** Why a node must not take part. */
  refusal(said: NodeFacts): string | undefined {
    const { nodeId, directoryId, startCounter } = said;
    const known = this.#known.get(directoryId);
    if (known === undefined) return undefined;
    if (known.nodeId !== undefined && known.nodeId !== nodeId) {
      const original = `the data directory of node ${known.nodeId}`;
      return `node ${nodeId} runs on a copy of ${original}: ${beginEmpty}`;
    }
    if (descendsFrom(said, known)) return undefined;
    return (
      `node ${nodeId} runs on a copy of its data directory, restored or a second one ` +
      `(start ${startCounter} of ${directoryId}, and start ${known.startCounter} was seen ` +
      `of the other): ${beginEmpty}`
    );
  }

  /** It says a start before the newest one: a copy, or a process that is gone. */
  isOlder({ directoryId, startCounter }: NodeFacts): boolean {
    const known = this.#known.get(directoryId);
    return known !== undefined && startCounter < known.startCounter;
  }

  /** @returns what is new of it; undefined: nothing. */
  seen(said: NodeFacts): KnownDirectory | undefined {
    const { nodeId, directoryId, startCounter } = said;
    const known = this.#known.get(directoryId);
    const startId = said.startIds.at(-1);
    const isNamed = known?.startId !== undefined || startId === undefined;
    if (known !== undefined && startCounter <= known.startCounter && isNamed) return undefined;
    const news: KnownDirectory = { directoryId, nodeId, startCounter, startId };
    this.#known.set(directoryId, news);
    return news;
  }
}

/** What was seen is one of its own starts, as far as it still knows them. */
function descendsFrom({ startCounter, startIds }: NodeFacts, known: KnownDirectory): boolean {
  if (startCounter < known.startCounter) return false;
  const own = startIds[startIds.length - 1 - (startCounter - known.startCounter)];
  return own === undefined || known.startId === undefined || own === known.startId;
}
