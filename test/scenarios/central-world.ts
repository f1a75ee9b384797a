import { offset } from '../../src/base/brand.ts';
import { utf8Decode } from '../../src/base/bytes.ts';
import { checkCursor } from '../../src/core/forward/cursor-check.ts';
import type { CursorFacts, CursorVerdict } from '../../src/core/forward/cursor-check.ts';
import { jumpedDrops } from '../../src/core/forward/cursor.ts';
import type { Cursor } from '../../src/core/forward/cursor.ts';
import type {
  BatchIdentity,
  DropRecord,
  ForwardMark,
  ForwardPartition,
} from '../../src/core/forward/supervision.ts';
import type { Partition } from '../../src/core/partition.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../src/wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../src/wire/kafka/record-iterator.ts';
import type { WireWorld } from './clients-world.ts';
import type { LedgerWorld } from './ledger-world.ts';

/** What a Fetch brought. */
export interface Fetched {
  readonly next: number;
  readonly headers: readonly RecordBatchHeader[];
}

/** Whose log is forwarded. */
export interface CentralOwner {
  readonly sensors: Partition;
  readonly ledger: LedgerWorld;
  readonly wire: WireWorld;
  fetch(from: number): Promise<Fetched>;
  until(isDone: () => boolean, what: string): Promise<void>;
}

/** How a transaction ends: `unheard` is committed or aborted, and the forwarder does not know. */
export type Outcome = 'committed' | 'unheardCommit' | 'unheardAbort';

interface Load {
  readonly from: number;
  readonly to: number;
  readonly lastForwarded: BatchIdentity | undefined;
  readonly values: ReadonlyMap<number, string>;
  readonly gaps: readonly DropRecord[];
}

interface Slack {
  /** A power cut may have torn what nobody was acknowledged. */
  readonly mayTear: boolean;
  /** Where reads fail or a hole is, a gap counts offsets. */
  readonly mayOverstate: boolean;
}

const centralClusterId = 'central';

/**
 * Central and a forwarder in front of it, which asks its node before each transaction and goes by
 * the rules of takeover (X1 to X5). Central never goes down; the forwarder ends with its node.
 */
export class CentralWorld {
  /** Values by edge offset. */
  readonly records = new Map<number, string>();
  /** By the offset where they begin, which is their key: a later one replaces an earlier one. */
  readonly gaps = new Map<number, DropRecord>();
  /** By offset, whatever the node ordered there last; undefined: a control batch. */
  readonly #ordered = new Map<number, string | undefined>();
  readonly #world: CentralOwner;
  readonly #answers = new Map<number, boolean>();
  #partition: ForwardPartition | undefined;
  #cursor: Cursor | undefined;
  #standsAt = -1;

  constructor(world: CentralOwner) {
    this.#world = world;
  }

  answered(askId: number, isAllowed: boolean): void {
    this.#answers.set(askId, isAllowed);
  }

  described(partitions: readonly ForwardPartition[]): void {
    [this.#partition] = partitions;
  }

  appended(bytes: Uint8Array): void {
    const [header] = scanBatches(bytes).headers;
    if (header === undefined) throw new Error('an appended batch is sound');
    for (let at: number = header.baseOffset; at <= header.lastOffset; at++) {
      this.#ordered.set(at, undefined);
    }
    const records = iterateRecords(bytes, header);
    if (header.isControl || !records.ok) return;
    while (records.value.next()) {
      const value = utf8Decode(records.value.value() ?? new Uint8Array(0));
      this.#ordered.set(records.value.offset, value);
    }
  }

  /** A forwarder begins: the cursor is read and checked, a claim follows (X2). */
  async takeOver(outcome: Outcome = 'committed'): Promise<void> {
    const cursor = this.#cursor;
    let verdict = this.#check();
    if (verdict.type === 'readBatch') {
      const { headers } = await this.#world.fetch(verdict.at);
      const [header] = headers;
      const isThere = header?.baseOffset === verdict.at;
      verdict = this.#check(isThere ? identityOf(header) : 'none');
    }
    if (verdict.type !== 'resume') throw new Error(`${verdict.type}: ${JSON.stringify(verdict)}`);
    const { from, lastForwarded } = verdict;
    const gaps = jumpedDrops(this.#partition?.drops ?? [], cursor, from);
    const claim = { from, to: from, lastForwarded, values: new Map<number, string>(), gaps };
    if (!(await this.#commit(claim, outcome))) throw new Error('a claim is refused at rest');
  }

  /** One transaction of at most so many batches. False: nothing to forward, or not allowed now. */
  async forward(batchesMax: number, outcome: Outcome): Promise<boolean> {
    const from = this.#standsAt;
    // A disk that is full enough drops all there is.
    if (from >= this.#world.sensors.highWatermark) return false;
    const { headers } = await this.#world.fetch(from);
    const taken = headers.slice(0, batchesMax);
    const last = taken.findLast((header) => !header.isControl);
    if (last === undefined) return false;
    const values = new Map<number, string>();
    for (const { baseOffset, lastOffset } of taken) {
      for (let at: number = baseOffset; at <= lastOffset; at++) {
        const value = this.#world.ledger.seen.get(at);
        if (at >= from && value !== undefined) values.set(at, value);
      }
    }
    const to = (taken.at(-1)?.lastOffset ?? -1) + 1;
    return this.#commit({ from, to, lastForwarded: identityOf(last), values, gaps: [] }, outcome);
  }

  /** Everything that is committed goes to central. */
  async forwardAll(): Promise<void> {
    const { sensors } = this.#world;
    let from = this.#standsAt;
    while (from < sensors.highWatermark) {
      if (from < sensors.logStartOffset) {
        // Its next Fetch is out of range: it takes over anew, and tells the drop (X5).
        await this.takeOver();
        from = this.#standsAt;
        continue;
      }
      const { headers } = await this.#world.fetch(from);
      if (headers.every(({ isControl }) => isControl))
        from = (headers.at(-1)?.lastOffset ?? from) + 1;
      else if (await this.forward(100, 'committed')) from = this.#standsAt;
      else await this.#world.until(() => from < sensors.logStartOffset, 'the drop that forbade it');
      this.#standsAt = from;
    }
  }

  /**
   * Each record that was ever ordered and stayed is at central or in one gap, and each gap has
   * counted its own.
   */
  check(droppedRecords: number, { mayTear, mayOverstate }: Slack): void {
    const { sensors, ledger } = this.#world;
    const found = new Map<string, number>();
    for (let at = 0; at < sensors.highWatermark; at++) {
      const value = this.#ordered.get(at);
      const gaps = [...this.gaps.values()].filter(({ from, to }) => from <= at && at < to).length;
      const times = gaps + (this.records.has(at) ? 1 : 0);
      if (times > 1) throw new Error(`offset ${at} is told ${times} times`);
      if (value === undefined) continue;
      if (times === 0 && !mayTear) throw new Error(`offset ${at} is nowhere: ${value}`);
      if (times === 1) found.set(value, (found.get(value) ?? 0) + 1);
    }
    for (const [value, { isOnce, isAcknowledged }] of ledger.sent) {
      const count = found.get(value) ?? 0;
      if (isAcknowledged && count === 0) throw new Error(`neither forwarded nor told: ${value}`);
      if (isOnce && count > 1) throw new Error(`twice: ${value}`);
    }
    this.#checkCounts(droppedRecords, { mayTear, mayOverstate });
  }

  #checkCounts(droppedRecords: number, { mayTear, mayOverstate }: Slack): void {
    let told = 0;
    for (const { from, to, count } of this.gaps.values()) {
      told += count;
      let records = 0;
      for (let at: number = from; at < to; at++) if (this.#ordered.get(at) !== undefined) records++;
      const isShort = !mayTear && count < records;
      if (isShort || (count > records && !mayOverstate)) {
        throw new Error(`a gap ${from} to ${to} of ${records} records counts ${count}`);
      }
    }
    if (droppedRecords !== told) throw new Error(`${droppedRecords} dropped, ${told} in gaps`);
  }

  #check(edgeBatch?: BatchIdentity | 'none'): CursorVerdict {
    const { leaderEpoch, logStartOffset, highWatermark } = this.#world.sensors;
    const facts: CursorFacts = {
      ...{ cursor: this.#cursor, centralClusterId, delivery: 'exactlyOnce' },
      partition: this.#described,
      edge: { leaderEpoch, logStartOffset, highWatermark },
      ...(edgeBatch === undefined ? {} : { edgeBatch }),
    };
    return checkCursor(facts);
  }

  async #commit(load: Load, outcome: Outcome): Promise<boolean> {
    const { wire, sensors } = this.#world;
    const attempt = this.#markOf(load);
    const askId = wire.newId();
    wire.post({ type: 'ForwardAsked', askId, attempt, from: offset(load.from) });
    await this.#world.until(() => this.#answers.has(askId), 'the answer to the forwarder');
    if (this.#answers.get(askId) !== true) return false;
    if (outcome === 'unheardAbort') return true;
    const { forwardOffset, lastForwarded } = attempt;
    this.#cursor = {
      ...{ forwardOffset, lastForwarded, edgeLeaderEpoch: sensors.leaderEpoch },
      ...{ topic: 'sensors', nodeId: 1, writtenAtMs: 0, decisionId: '' },
    };
    for (const [at, value] of load.values) {
      if (this.records.has(at)) throw new Error(`forwarded twice: ${at}`);
      this.records.set(at, value);
    }
    for (const gap of load.gaps) this.gaps.set(gap.from, gap);
    if (outcome === 'unheardCommit') return true;
    this.#standsAt = forwardOffset;
    wire.post({ type: 'ForwardProgressed', mark: attempt });
    return true;
  }

  #markOf({ to, lastForwarded }: Load): ForwardMark {
    const { topicId, partition } = this.#world.sensors;
    const place = { topicId, partition, centralClusterId, forwardOffset: offset(to) };
    return lastForwarded === undefined ? place : { ...place, lastForwarded };
  }

  /** As the node told it last; its marks are older. */
  get #described(): ForwardPartition {
    if (this.#partition === undefined) throw new Error('a ready node has described its partitions');
    return this.#partition;
  }
}

const identityOf = (batch: BatchIdentity): BatchIdentity => {
  const { leaderEpoch, baseOffset, crc } = batch;
  return { leaderEpoch, baseOffset, crc };
};
