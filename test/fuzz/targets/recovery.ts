import { offset, timestampMs } from '../../../src/base/brand.ts';
import { bytesEqual, int32At } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import { Storage } from '../../../src/log/storage.ts';
import { batchPosition } from '../../../src/wire/kafka/record-batch-header.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import {
  emptySnapshot,
  makeBatch,
  openLog,
  readAll,
  storageOptions,
} from '../../unit/log/log-fixture.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';

/** A data directory at rest, and what was in its log. */
interface Image {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly names: readonly string[];
  readonly batches: ReadonlyMap<number, Uint8Array>;
  /** Where each batch lies: file, position, size. */
  readonly places: readonly Place[];
  readonly isKilled: boolean;
}

interface Place {
  readonly base: number;
  readonly file: string;
  readonly position: number;
  readonly bytes: number;
}

interface Change {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly isTorn: boolean;
}

interface Recovered {
  readonly image: Image;
  readonly changes: readonly Change[];
  readonly refused: string | undefined;
  readonly log: PartitionLog | undefined;
  readonly served: ReadonlyMap<number, Uint8Array>;
  readonly holes: readonly (readonly [number, number])[];
}

/** Eight bytes say one change: file, kind, three of position, two of length, one of value. */
const changeBytes = 8;
const changesMax = 4;

/**
 * A whole start over a data directory of which up to four places were changed, files cut, or taken
 * away: segments, indexes, sidecars, snapshots, checkpoint, metadata, journal, identity. The first
 * byte chooses the directory.
 */
export async function startRecoveryTarget(): Promise<FuzzTarget<Recovered>> {
  const images = [await imageOf(false, 24), await imageOf(true, 24), await imageOf(true, 6)];
  return {
    name: 'recovery',
    inputBytesMax: 1 + changesMax * changeBytes,
    generate: (prng) => generate(prng, images.length),
    execute: (input) => recover(images[(input[0] ?? 0) % images.length] as Image, input),
    check,
    // The directory itself, read and written anew, and the fake disk's own copies and traces.
    allowance: () => 2 << 20,
  };
}

/** Three segments; killed: with batches that no fsync or mark speaks of. */
async function imageOf(isKilled: boolean, end: number): Promise<Image> {
  const disk = new FakeDisk(3);
  const { storage, log } = await openLog(disk, { indexIntervalBytes: 150 });
  for (const to of [end / 3, (end * 2) / 3, end]) {
    while (log.logEndOffset < to) await log.append([batchAt(log.logEndOffset)]);
    if (to < end) await log.roll(emptySnapshot);
  }
  await log.sync();
  if (isKilled) await log.append([batchAt(log.logEndOffset)]);
  const { batches } = await readAll(log);
  if (isKilled) disk.reboot('killed');
  else {
    await log.close({ clean: true, producerSnapshot: emptySnapshot });
    await storage.close();
  }
  const files = new Map([...disk.files()].filter(([name]) => name !== 'reserve'));
  const places = [...batches].map(([base, bytes]) => placeOf(files, base, bytes));
  return { files, names: [...files.keys()], batches, places, isKilled };
}

const batchAt = (base: number): Uint8Array =>
  makeBatch({ base, records: 2, epoch: 1, producerId: 9n, sequence: base });

function placeOf(files: ReadonlyMap<string, Uint8Array>, base: number, batch: Uint8Array): Place {
  for (const [file, bytes] of files) {
    if (!file.endsWith('.log')) continue;
    const position = Buffer.from(bytes).indexOf(batch);
    if (position >= 0) return { base, file, position, bytes: batch.length };
  }
  throw new Error(`batch ${base} is in no file`);
}

function generate(prng: Prng, images: number): Uint8Array {
  const count = 1 + prng.below(prng.pick([1, 1, changesMax]));
  const input = Uint8Array.from({ length: 1 + count * changeBytes }, () => prng.below(256));
  input[0] = prng.below(images);
  return input;
}

/** What the bytes say, done to the files; every input says something. */
function changed(image: Image, input: Uint8Array, files: Map<string, Uint8Array>): Change[] {
  const changes: Change[] = [];
  for (let at = 1; at + changeBytes <= input.length; at += changeBytes) {
    const [which = 0, kind = 0] = input.subarray(at, at + 2);
    const logs = image.names.filter((name) => name.endsWith('.log'));
    const names = which % 2 === 0 ? logs : image.names;
    const file = names[(which >> 1) % names.length] as string;
    const bytes = files.get(file)?.slice();
    if (bytes === undefined || bytes.length === 0) continue;
    const from = (int32At(input, at + 2) >>> 8) % bytes.length;
    const length = ((input[at + 5] ?? 0) << 8) | (input[at + 6] ?? 0);
    const value = input[at + 7] ?? 0;
    changes.push(change(files, { file, bytes, from, length, value, kind: kind % 8 }));
  }
  return changes;
}

function change(
  files: Map<string, Uint8Array>,
  what: {
    readonly file: string;
    readonly bytes: Uint8Array;
    readonly from: number;
    readonly length: number;
    readonly value: number;
    readonly kind: number;
  },
): Change {
  const { file, bytes, from, value, kind } = what;
  if (kind === 7) {
    files.set(file, bytes.subarray(0, from));
    return { file, from, to: bytes.length, isTorn: true };
  }
  if (kind === 6 && !file.endsWith('.log') && !file.includes('partition.metadata')) {
    files.delete(file);
    return { file, from: 0, to: bytes.length, isTorn: true };
  }
  const wide = kind < 3 ? 1 : Math.max(1, what.length % prng4(kind));
  const to = Math.min(bytes.length, from + wide);
  for (let at = from; at < to; at++) {
    bytes[at] = kind === 0 ? (bytes[at] as number) ^ (1 << (value & 7)) : value;
  }
  files.set(file, bytes);
  return { file, from, to, isTorn: false };
}

const prng4 = (kind: number): number => [4, 8, 64, 512][kind & 3] as number;

async function recover(image: Image, input: Uint8Array): Promise<Recovered> {
  const files = new Map(image.files);
  const changes = changed(image, input, files);
  const disk = new FakeDisk(5);
  for (const [name, bytes] of files) disk.plant(name, bytes);
  if (image.isKilled) disk.reboot('killed');
  const none = { image, changes, served: new Map<number, Uint8Array>(), holes: [] };
  const opened = await Storage.open(disk, storageOptions({ indexIntervalBytes: 150 }));
  if (!opened.ok) return { ...none, log: undefined, refused: opened.error.code };
  const [log] = opened.value.logs;
  if (log === undefined) return { ...none, log, refused: 'set aside' };
  const { batches, refused } = await readAll(log);
  await log.findOffset(timestampMs(1_010), offset(log.logEndOffset));
  return { image, changes, log, refused: undefined, served: batches, holes: refused };
}

async function check(_input: Uint8Array, recovered: Recovered): Promise<string> {
  const { image, changes, log, refused, served, holes } = recovered;
  await Promise.resolve();
  if (log === undefined) return checkRefused(changes, refused);
  const inLogs = changes.filter(({ file }) => file.endsWith('.log'));
  for (const [base, bytes] of served) {
    const known = image.batches.get(base);
    if (known !== undefined && isSame(bytes, known)) continue;
    if (isLostPlace(image, base, bytes, inLogs)) continue;
    throw new Error(known ? `the batch at ${base} was changed` : `${base} was never written`);
  }
  const whole = image.places.filter((place) => !inLogs.some((one) => isTouched(place, one)));
  // Which of two neighbours has the wrong leader epoch cannot always be told.
  const isOnePlace = inLogs.length <= 1 && !inLogs.some((one) => isInEpoch(image.places, one));
  for (const { base } of whole) {
    if (served.has(base)) continue;
    if (isOnePlace) throw new Error(`the intact batch at ${base} is not served`);
    if (!holes.some(([from, to]) => from <= base && base < to)) {
      const isTail = base >= log.logEndOffset;
      if (!isTail) throw new Error(`the batch at ${base} is missing without a word`);
    }
  }
  const kinds = [...new Set(changes.map(({ file }) => file.replace(/^.*\./, '')))].toSorted();
  const lost = image.batches.size - served.size;
  return `${kinds.join()} lost ${lost} holes ${holes.length} rot ${log.rot.length}`;
}

/** Only a damaged identity or label of a folder may keep a log from being opened. */
function checkRefused(changes: readonly Change[], refused: string | undefined): string {
  const metas = changes.filter(({ file }) => file.startsWith('meta.'));
  const isIdentity = refused === 'NO_IDENTITY' && metas.length >= 2;
  const labels = changes.filter(({ file }) => file.endsWith('partition.metadata'));
  const isLabel = refused === 'set aside' && labels.length > 0;
  if (!isIdentity && !isLabel) throw new Error(`refused: ${refused}`);
  return refused;
}

/** A leader epoch that fits its neighbours cannot be told from a true one where no sidecar is. */
const isSame = (bytes: Uint8Array, written: Uint8Array): boolean =>
  bytesEqual(bytes.subarray(16), written.subarray(16));

/**
 * A batch whose base offset was changed, which no CRC covers, where nothing is left that says where
 * it belongs: the batch in front was changed in its header, which would say how far it goes, and
 * what follows is changed too, or is nothing, not even the next segment. Only its producer's
 * sequences say something then: that it cannot lie lower.
 */
function isLostPlace(
  image: Image,
  base: number,
  bytes: Uint8Array,
  inLogs: readonly Change[],
): boolean {
  const { places } = image;
  const here = places.find((one) => isSame(bytes, image.batches.get(one.base) as Uint8Array));
  if (here === undefined) return false;
  const isChanged = (place: Place): boolean => inLogs.some((one) => isTouched(place, one));
  const isHeaderChanged = (place: Place): boolean => isChanged({ ...place, bytes: 61 });
  const others = places.filter(({ file }) => file === here.file);
  const before = others.find(({ position, bytes: size }) => position + size === here.position);
  const behind = others.find(({ position }) => position === here.position + here.bytes);
  if (before === undefined || !isHeaderChanged(before)) return false;
  const isLast = behind === undefined && here === places.at(-1);
  if (!isLast && (behind === undefined || !isHeaderChanged(behind))) return false;
  const isFirst = others.every((one) => one.position >= here.position || isChanged(one));
  return base > here.base || isFirst;
}

/** Whether a change may have taken a byte of a batch, or the file from under it. */
const isTouched = (place: Place, { file, from, to, isTorn }: Change): boolean =>
  file === place.file && from < place.position + place.bytes && (isTorn || to > place.position);

const isInEpoch = (places: readonly Place[], { file, from, to }: Change): boolean =>
  places.some((place) => {
    const epoch = place.position + batchPosition.leaderEpoch;
    return place.file === file && from < epoch + 4 && to > epoch;
  });
