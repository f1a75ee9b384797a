import type { Partition } from '../../../src/core/partition.ts';
import { isInternalTopicName } from '../../../src/base/topic-name.ts';
import { utf8Decode } from '../../../src/base/bytes.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import { CommitEnds } from '../invariants/commit-ends.ts';
import { indexAt, logKey, type BatchMark, type LogCopies, type LogCopy } from './log-copies.ts';

/** A record that is committed. */
export interface CommittedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  /** Producer id, epoch and base sequence of its batch; for people. */
  readonly producer: string;
}

interface CommittedLog {
  readonly topic: string;
  readonly partition: number;
  readonly batches: BatchMark[];
  readonly ends: CommitEnds;
  end: number;
}

/** What is remembered of one partition on one process. */
interface Seen {
  highWatermark: number;
  ledEpoch: number;
  /** At the end of the turn before: it may have committed, then resigned, in one turn. */
  wasLeader: boolean;
}

/** A high watermark. */
interface Moved {
  readonly key: string;
  readonly from: number;
  /** It led in that epoch, and so may have committed; undefined: it follows. */
  readonly ledEpoch: number | undefined;
}

/** A process whose partitions are watched. */
export interface WatchedProcess {
  readonly nodeId: number;
  readonly copies: LogCopies;
  readonly seen: Map<string, Seen>;
}

export class Violation extends Error {
  override readonly name = 'Violation';
}

/**
 * The one truth about what is committed: what leaders' high watermarks have passed. Checked at each
 * turn: one leader for each leader epoch, who has all that is committed; no high watermark falls;
 * below it all logs agree, for ever.
 */
export class CommittedLogs {
  readonly #logs = new Map<string, CommittedLog>();
  readonly #leaders = new Map<string, number>();
  readonly #committed: (record: CommittedRecord) => void;
  /** Leader epochs that were begun. */
  elections = 0;

  /** @param committed is told each record of a data topic, once for each place in a log. */
  constructor(committed: (record: CommittedRecord) => void) {
    this.#committed = committed;
  }

  get logs(): ReadonlyMap<string, { readonly topic: string; readonly end: number }> {
    return this.#logs;
  }

  /** After each turn of a process. */
  turned(process: WatchedProcess, partitions: Iterable<Partition>): void {
    for (const partition of partitions) {
      const { topicId, highWatermark, isLeader, leaderEpoch } = partition;
      const key = logKey(topicId, partition.partition);
      let seen = process.seen.get(key);
      if (seen === undefined) {
        seen = { highWatermark: partition.logStartOffset, ledEpoch: -1, wasLeader: false };
        process.seen.set(key, seen);
      }
      if (isLeader && leaderEpoch !== seen.ledEpoch) {
        seen.ledEpoch = leaderEpoch;
        this.#elected(process, partition, key);
      }
      if (highWatermark < seen.highWatermark) {
        throw new Violation(
          `${name(partition)}: high watermark of node ${process.nodeId} fell from ` +
            `${seen.highWatermark} to ${highWatermark}`,
        );
      }
      if (highWatermark > seen.highWatermark) {
        const ledEpoch = isLeader || seen.wasLeader ? seen.ledEpoch : undefined;
        this.#moved(process, partition, { key, from: seen.highWatermark, ledEpoch });
        seen.highWatermark = highWatermark;
      }
      seen.wasLeader = isLeader;
    }
  }

  /** Of a disk that rots: what a copy seems to lack is taken for rotten, so far as the log goes. */
  assume(copy: LogCopy, logStartOffset: number, logEndOffset: number): void {
    const log = this.#logs.get(copy.key);
    if (log === undefined) return;
    const first = indexAt(log.batches, logStartOffset);
    const known = log.batches.slice(first, indexAt(log.batches, logEndOffset));
    const end = (known.at(-1)?.last ?? -1) + 1;
    // No CRC covers a base offset: one that rotted may lie behind all of the log.
    const isBehind = ({ base }: BatchMark): boolean => base >= end && base < logEndOffset;
    copy.batches = [...known, ...copy.batches.filter(isBehind)];
  }

  /** At rest: what a node has on its disk is what is committed, all of it. */
  checkCopy(nodeId: number, copy: LogCopy): void {
    const log = this.#logs.get(copy.key);
    if (log === undefined) return;
    for (const mark of copy.batches) {
      if (mark.base < log.end) this.#compare(log, mark, nodeId);
    }
    const last = copy.batches.at(-1)?.last ?? -1;
    if (last + 1 < log.end) {
      throw new Violation(
        `${copy.topic}-${copy.partition}: node ${nodeId} ends at ${last + 1} on its disk, ` +
          `committed is ${log.end}`,
      );
    }
  }

  #elected(process: WatchedProcess, partition: Partition, key: string): void {
    const { nodeId } = process;
    const epochKey = `${key}/${partition.leaderEpoch}`;
    const other = this.#leaders.get(epochKey);
    if (other !== undefined) {
      throw new Violation(
        `${name(partition)}: nodes ${other} and ${nodeId} lead in ${partition.leaderEpoch}`,
      );
    }
    this.#leaders.set(epochKey, nodeId);
    this.elections++;
    const log = this.#logs.get(key);
    const copy = process.copies.byKey.get(key);
    if (log === undefined || copy === undefined) return;
    let at = indexAt(copy.batches, partition.logStartOffset);
    const first = indexAt(log.batches, partition.logStartOffset);
    const end = indexAt(log.batches, log.ends.before(partition.leaderEpoch));
    for (const mark of log.batches.slice(first, end)) {
      const own = copy.batches[at++];
      if (own?.base !== mark.base || own.crc !== mark.crc) {
        throw new Violation(
          `${name(partition)}: node ${nodeId} leads in ${partition.leaderEpoch} without what is ` +
            `committed at ${mark.base}`,
        );
      }
    }
  }

  #moved(process: WatchedProcess, partition: Partition, moved: Moved): void {
    const { key, from, ledEpoch } = moved;
    const { topic, highWatermark, logStartOffset } = partition;
    const copy = process.copies.byKey.get(key);
    if (copy === undefined) throw new Error('a partition has a log');
    let log = this.#logs.get(key);
    if (log === undefined) {
      const other = [...this.#logs.values()].find((each) => isSamePlace(each, partition));
      if (other !== undefined) throw new Violation(`${name(partition)}: the topic has two ids`);
      log = { topic, partition: partition.partition, batches: [], ends: new CommitEnds(), end: 0 };
      this.#logs.set(key, log);
    }
    const start = Math.max(from, logStartOffset);
    let next = start;
    for (let at = indexAt(copy.batches, start); next < highWatermark; at++) {
      const mark = copy.batches[at];
      if (mark === undefined || mark.base > next || mark.last >= highWatermark) {
        throw new Violation(
          `${name(partition)}: node ${process.nodeId} has no batch at ${next}, below its high ` +
            `watermark ${highWatermark}`,
        );
      }
      next = mark.last + 1;
      if (mark.base < log.end) this.#compare(log, mark, process.nodeId);
      else this.#commit(log, mark, { partition, nodeId: process.nodeId, ledEpoch });
    }
  }

  #commit(
    log: CommittedLog,
    mark: BatchMark,
    by: Pick<Moved, 'ledEpoch'> & { readonly partition: Partition; readonly nodeId: number },
  ): void {
    const { partition, nodeId, ledEpoch } = by;
    if (ledEpoch === undefined || mark.base !== log.end) {
      throw new Violation(
        `${name(partition)}: node ${nodeId} takes ${mark.base} for committed, which no leader ` +
          `has committed (${log.end})`,
      );
    }
    log.batches.push(mark);
    log.end = mark.last + 1;
    log.ends.committed(ledEpoch, log.end);
    if (!isInternalTopicName(log.topic)) this.#tell(log, mark);
  }

  #compare(log: CommittedLog, mark: BatchMark, nodeId: number): void {
    const known = log.batches[indexAt(log.batches, mark.base)];
    const isSame =
      known?.base === mark.base && known.crc === mark.crc && known.leaderEpoch === mark.leaderEpoch;
    if (isSame) return;
    throw new Violation(
      `${log.topic}-${log.partition}: node ${nodeId} has another batch at ${mark.base} ` +
        `(${mark.leaderEpoch}) than is committed there (${known?.leaderEpoch})`,
    );
  }

  #tell({ topic, partition }: CommittedLog, { bytes, header }: BatchMark): void {
    if (header.isControl) return;
    const records = iterateRecords(bytes, { ...header, position: 0 as typeof header.position });
    if (!records.ok) throw new Violation(`committed batch ${header.baseOffset}: ${records.error}`);
    const { value: record } = records;
    const { producerId, producerEpoch, baseSequence } = header;
    const producer = `${producerId}/${producerEpoch}/${baseSequence}`;
    while (record.next()) {
      const key = utf8Decode(record.key() ?? new Uint8Array(0));
      const value = utf8Decode(record.value() ?? new Uint8Array(0));
      this.#committed({ topic, partition, offset: record.offset, key, value, producer });
    }
  }
}

const isSamePlace = (a: CommittedLog, b: Partition): boolean =>
  a.topic === b.topic && a.partition === b.partition;

const name = ({ topic, partition }: Partition): string => `${topic}-${partition}`;
