import { ForwardMarks } from '../../../edge/forward-marks.ts';
import { leaderEpoch, offset, timestampMs, uuid } from '../../../src/base/brand.ts';
import { setInt32, utf8Decode, utf8Encode } from '../../../src/base/bytes.ts';
import { crc32c } from '../../../src/base/crc32c.ts';
import type { Prng } from '../../../src/base/prng.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/log/checkpoint-file.ts';
import { decodeMeta, encodeMeta } from '../../../src/log/data-directory.ts';
import { hex32 } from '../../../src/log/hex32.ts';
import { decodeGroups, encodeGroup } from '../../../src/log/journal-record.ts';
import type { JournalRecord } from '../../../src/log/journal-record.ts';
import { JournalState } from '../../../src/log/journal-state.ts';
import { OffsetIndex } from '../../../src/log/offset-index.ts';
import {
  decodePartitionMetadata,
  encodePartitionMetadata,
} from '../../../src/log/partition-metadata.ts';
import { decodeDigest, encodeDigest } from '../../../src/log/segment-digest.ts';
import { TimeIndex } from '../../../src/log/time-index.ts';
import {
  decodeProducerSnapshot,
  encodeProducerSnapshot,
} from '../../../src/wire/kafka/producer-snapshot.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { interestingNumbers } from '../engine/mutate.ts';

const id = uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060');

/** One kind of file: how to make one, how to read it, how to make its CRC fit. */
interface Kind {
  readonly make: (prng: Prng) => Uint8Array;
  /** Undefined: refused. Otherwise what was read, in a form that can be compared. */
  readonly read: (bytes: Uint8Array) => string | undefined;
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner,
  ) ?? 'nothing';

const number = (prng: Prng): number =>
  prng.chance(0.7) ? prng.below(1_000) : prng.pick(interestingNumbers);

const wild = (prng: Prng): unknown =>
  prng.pick<unknown>([null, 'x', -1, 1e300, [], {}, true, { type: 'mark' }, [[[]]]]);

const journalRecord = (prng: Prng): JournalRecord => {
  const key = { topicId: id, partition: number(prng) };
  const json = JSON.stringify({ topicId: id, partition: 0, forwardOffset: number(prng) });
  return prng.pick<JournalRecord>([
    { type: 'journal', version: 1 },
    { type: 'vote', ...key, leaderEpoch: leaderEpoch(number(prng)), votedFor: id },
    { type: 'mark', ...key, to: offset(number(prng)) },
    { type: 'mark', ...key, to: offset(number(prng)), cut: true },
    { type: 'start', ...key, at: offset(number(prng)) },
    { type: 'entry', key: `forward/${id}/${prng.below(9)}`, json: prng.chance(0.9) ? json : null },
    { type: 'damaged' },
    { type: 'repaired' },
    ...(prng.chance(0.1) ? [wild(prng) as JournalRecord] : []),
  ]);
};

function readJournal(bytes: Uint8Array): string {
  const { records, isDamaged } = decodeGroups(bytes);
  const state = new JournalState();
  for (const record of records) state.apply(record);
  ForwardMarks.restore(state.entries());
  const written = encodeGroup(state.records());
  const again = decodeGroups(written);
  const known = new JournalState();
  for (const record of again.records) known.apply(record);
  if (textOf(known.records()) !== textOf(state.records())) throw new Error('not stable');
  return `${isDamaged} ${Math.min(records.length, 20)} ${state.votes().length}`;
}

/** Each line begins with the CRC of what follows. */
function repairLines(bytes: Uint8Array): Uint8Array {
  const lines = utf8Decode(bytes).split('\n');
  const fixed = lines.map((line) =>
    line.length < 9 ? line : `${hex32(crc32c(utf8Encode(line.slice(9))))} ${line.slice(9)}`,
  );
  return utf8Encode(fixed.join('\n'));
}

function repairMeta(bytes: Uint8Array): Uint8Array {
  const text = utf8Decode(bytes);
  const at = text.lastIndexOf(',"crc32c":"');
  if (at < 0) return bytes;
  const body = `${text.slice(0, at)}}`;
  return utf8Encode(`${text.slice(0, at)},"crc32c":"${hex32(crc32c(utf8Encode(body)))}"}\n`);
}

function repairSnapshot(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length >= 10) setInt32(copy, 6, crc32c(copy, 10));
  return copy;
}

/** What was read is written and read again, to the same. */
const stable =
  <T>(read: (bytes: Uint8Array) => T | undefined, write: (value: T) => Uint8Array) =>
  (bytes: Uint8Array): string | undefined => {
    const value = read(bytes);
    if (value === undefined) return undefined;
    const again = read(write(value));
    if (textOf(again) !== textOf(value)) throw new Error('what was read is written otherwise');
    return textOf(value).replace(/\d+/g, '0');
  };

const kinds: readonly Kind[] = [
  {
    make(prng) {
      const first = encodeGroup([{ type: 'journal', version: 1 }]);
      const lines = Array.from({ length: prng.below(5) }, () =>
        encodeGroup(Array.from({ length: prng.below(4) }, () => journalRecord(prng))),
      );
      return utf8Encode([first, ...lines].map((line) => utf8Decode(line)).join(''));
    },
    read: readJournal,
    repair: repairLines,
  },
  {
    make: (prng) => {
      const meta = { formatVersion: 1, clusterId: id, nodeId: number(prng), directoryId: id };
      const startIds = Array.from({ length: prng.below(4) }, () => id);
      const made = { ...meta, startCounter: number(prng), startIds };
      if (prng.chance(0.2)) Object.assign(made, { [prng.pick(Object.keys(made))]: wild(prng) });
      return encodeMeta(made);
    },
    read: stable(decodeMeta, encodeMeta),
    repair: repairMeta,
  },
  {
    make: (prng) => {
      const starts = { leaderEpoch: leaderEpoch(number(prng)), startOffset: offset(number(prng)) };
      const sizes = { bytes: number(prng), batches: number(prng), headersCrc: number(prng) };
      const made = {
        ...{ baseOffset: offset(number(prng)), endOffset: offset(number(prng)), ...sizes },
        ...{ maxTimestamp: timestampMs(number(prng)), epochStarts: [starts] },
      };
      if (prng.chance(0.2)) Object.assign(made, { [prng.pick(Object.keys(made))]: wild(prng) });
      return encodeDigest(made);
    },
    read: stable(decodeDigest, encodeDigest),
    repair: repairLines,
  },
  {
    make: (prng) =>
      encodeCheckpoint(
        Array.from({ length: prng.below(9) }, (_, at) => ({
          leaderEpoch: leaderEpoch(at),
          startOffset: offset(prng.below(99)),
        })),
      ),
    read: stable(decodeCheckpoint, encodeCheckpoint),
  },
  {
    make: () => encodePartitionMetadata(id),
    read: stable(decodePartitionMetadata, encodePartitionMetadata),
  },
  {
    make: (prng) =>
      encodeProducerSnapshot(
        Array.from({ length: prng.below(5) }, () => ({
          ...{ producerId: BigInt(number(prng)), producerEpoch: prng.below(9) },
          sequenceFloor: prng.chance(0.5) ? undefined : prng.below(100),
          batches: Array.from({ length: prng.below(6) }, () => ({
            ...{ baseSequence: number(prng), lastSequence: number(prng) },
            ...{ baseOffset: offset(number(prng)), lastOffset: offset(number(prng)) },
            timestamp: timestampMs(number(prng)),
          })),
        })),
      ),
    read: stable((bytes) => {
      const read = decodeProducerSnapshot(bytes);
      return read.ok ? read.value : undefined;
    }, encodeProducerSnapshot),
    repair: repairSnapshot,
  },
  {
    make(prng) {
      const index = new OffsetIndex();
      for (let at = 0; at < prng.below(200); at++) index.append(at * 3, at * 100);
      return index.encodeFrom(0);
    },
    read(bytes) {
      const index = OffsetIndex.decode(bytes, 1 << 20);
      if (index === undefined) return undefined;
      const floor = index.floor(50);
      if (floor >= index.count) throw new Error('a floor above the last entry');
      return `${Math.min(index.count, 9)}`;
    },
  },
  {
    make(prng) {
      const index = new TimeIndex();
      for (let at = 0; at < prng.below(200); at++) index.maybeAppend(1_000 + at * 7, at * 2);
      return index.encodeFrom(0);
    },
    read(bytes) {
      const index = TimeIndex.decode(bytes);
      if (index === undefined) return undefined;
      if (index.lastBelow(1_100) >= index.count) throw new Error('below the last entry and above');
      return `${Math.min(index.count, 9)}`;
    },
  },
];

/**
 * Journal, meta.json, sidecar, checkpoint, metadata, snapshot, indexes; the first byte says which.
 */
export const filesTarget: FuzzTarget<string> = {
  name: 'files',
  inputBytesMax: 16 * 1024,
  generate(prng) {
    const which = prng.below(kinds.length);
    const body = (kinds[which] as Kind).make(prng);
    const input = new Uint8Array(1 + body.length);
    input[0] = which;
    input.set(body, 1);
    return input;
  },
  repair(input) {
    const repair = kinds[(input[0] ?? 0) % kinds.length]?.repair;
    if (repair === undefined || input.length === 0) return input;
    const body = repair(input.subarray(1));
    const repaired = new Uint8Array(1 + body.length);
    repaired[0] = input[0] ?? 0;
    repaired.set(body, 1);
    return repaired;
  },
  execute(input) {
    const which = (input[0] ?? 0) % kinds.length;
    return `${which} ${kinds[which]?.read(input.subarray(1)) ?? 'refused'}`;
  },
  check: (_input, signature) => signature.slice(0, 60),
  // The texts that prove the round trip, and the objects of a snapshot.
  allowance: (input) => 200 * 1024 + input.length * 40,
};
