import { rm } from 'node:fs/promises';
import { Level } from 'level';
import { offset } from '../src/base/brand.ts';
import type { Offset } from '../src/base/brand.ts';
import { ByteReader, concatBytes } from '../src/base/bytes.ts';
import { crc32c } from '../src/base/crc32c.ts';
import type { StateView, ViewChange, ViewEntry } from '../src/ports/state-view.ts';
import { keyText } from './key-text.ts';
import { TableSums } from './table-sums.ts';

type Database = Level<Uint8Array, Uint8Array>;

/**
 * What a view says of itself: LevelDB may lose entries without a word, so they are counted and
 * summed up.
 */
interface Summary {
  readonly nextOffset: number;
  readonly count: number;
  /** Exclusive or of the CRCs of all entries. */
  readonly digest: number;
}

const crcBytes = 4;

/** How long a table may be without its sum. A kill within it costs a new start its views. */
const sumsLagMs = 1_000;

/** The CRC of each entry that a view holds, by its key: what is replaced need not be read. */
type Held = Map<string, number>;

/**
 * The views of the internal topics in one LevelDB. Never the only copy and never synced (L5): each
 * entry has its own CRC-32C, each table of LevelDB its sum, and a view that fails any check reads
 * as undefined and is deleted.
 */
export class LevelStateView implements StateView {
  readonly #dir: string;
  #sums: TableSums;
  #database: Promise<Database> | undefined;
  readonly #held = new Map<string, Held>();
  /** Held by a database that is gone since: their next changes alone would be a hole. */
  readonly #lost = new Set<string>();
  /** Operations run one after the other: `apply` counts on what the one before it has written. */
  #last: Promise<unknown> = Promise.resolve();
  /** To the next look for tables that have no sum yet. */
  #timer: NodeJS.Timeout | undefined;

  /** @param dir of this view alone; deleted and made anew if it does not open. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#sums = new TableSums(dir);
  }

  load(
    topic: string,
  ): Promise<{ readonly nextOffset: Offset; readonly entries: readonly ViewEntry[] } | undefined> {
    return this.#inTurn(async (database) => {
      const summary = await readSummary(database, topic);
      const entries = summary && (await readEntries(database, topic, summary));
      if (summary !== undefined && entries !== undefined) {
        this.#held.set(topic, heldOf(topic, entries));
        return { nextOffset: offset(summary.nextOffset), entries };
      }
      await dropView(database, topic).catch(() => this.#startAnew(database));
      return undefined;
    });
  }

  /** Rejects for a view that was loaded and is gone since, until it is dropped. */
  apply(topic: string, changes: readonly ViewChange[], nextOffset: Offset): Promise<void> {
    return this.#inTurn(async (database) => {
      if (this.#lost.has(topic)) throw new Error('the view was lost with its database');
      const before = await this.#heldIn(database, topic);
      const held = new Map(before);
      const batch = database.batch();
      for (const [name, { key, value }] of newestOf(changes)) {
        if (value === undefined) {
          if (held.delete(name)) batch.del(entryKey(topic, key));
        } else {
          const at = entryKey(topic, key);
          const sealed = seal(at, value);
          held.set(name, crcOf(sealed));
          batch.put(at, sealed);
        }
      }
      let digest = 0;
      for (const crc of held.values()) digest ^= crc;
      const at = summaryKey(topic);
      const summary = { nextOffset, count: held.size, digest: digest >>> 0 };
      batch.put(at, seal(at, summaryBytes(summary)));
      await batch.write();
      this.#held.set(topic, held);
    });
  }

  drop(topic: string): Promise<void> {
    return this.#inTurn(async (database) => {
      await dropView(database, topic);
      this.#held.delete(topic);
      this.#lost.delete(topic);
    });
  }

  /** After the operations that were asked for. */
  async close(): Promise<void> {
    await this.#last;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const database = await this.#database;
    await database?.close();
    if (database !== undefined) await this.#sums.addNew();
    this.#database = undefined;
  }

  /** One so damaged that nothing can be deleted from it goes whole, like one that does not open. */
  async #startAnew(database: Database): Promise<void> {
    for (const topic of this.#held.keys()) this.#lost.add(topic);
    this.#held.clear();
    await database.close();
    await rm(this.#dir, { recursive: true, force: true });
    this.#database = undefined;
  }

  /** Of a view that was not loaded it is read; what does not read the next load drops. */
  async #heldIn(database: Database, topic: string): Promise<Held> {
    const held = this.#held.get(topic);
    if (held !== undefined) return held;
    const summary = await readSummary(database, topic);
    return heldOf(topic, (summary && (await readEntries(database, topic, summary))) ?? []);
  }

  #inTurn<T>(run: (database: Database) => Promise<T>): Promise<T> {
    const result = this.#last
      .catch(() => undefined)
      .then(async () => {
        this.#database ??= this.#open();
        // One that did not open, for want of room, is tried again.
        const database = await this.#database.catch((error: unknown) => {
          this.#database = undefined;
          throw error;
        });
        return run(database);
      });
    this.#last = result.catch(() => undefined);
    this.#sumUpLater();
    return result;
  }

  /** LevelDB writes tables when it likes, also one after the other. */
  #sumUpLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#last = this.#last.then(async () => {
        if (await this.#sums.addNew()) this.#sumUpLater();
      });
    }, sumsLagMs).unref();
  }

  async #open(): Promise<Database> {
    if (await this.#sums.areWhole()) {
      const opened = await openDatabase(this.#dir).catch(() => undefined);
      if (opened !== undefined) return opened;
    }
    await rm(this.#dir, { recursive: true, force: true });
    this.#sums = new TableSums(this.#dir);
    return openDatabase(this.#dir);
  }
}

async function openDatabase(dir: string): Promise<Database> {
  const database: Database = new Level(dir, { keyEncoding: 'view', valueEncoding: 'view' });
  await database.open();
  return database;
}

async function readSummary(database: Database, topic: string): Promise<Summary | undefined> {
  const at = summaryKey(topic);
  const sealed = await database.get(at).catch(() => undefined);
  const bytes = sealed && unseal(at, sealed);
  if (bytes?.length !== 16) return undefined;
  const reader = new ByteReader(bytes);
  return { nextOffset: reader.int64(), count: reader.uint32(), digest: reader.uint32() };
}

async function readEntries(
  database: Database,
  topic: string,
  summary: Summary,
): Promise<readonly ViewEntry[] | undefined> {
  const entries: ViewEntry[] = [];
  const prefix = entryKey(topic, new Uint8Array()).length;
  let digest = 0;
  try {
    for await (const [at, sealed] of database.iterator(rangeOf(topic))) {
      const value = unseal(at, sealed);
      if (value === undefined) return undefined;
      digest ^= crcOf(sealed);
      entries.push({ key: at.slice(prefix), value: value.slice() });
    }
  } catch {
    return undefined;
  }
  const isWhole = entries.length === summary.count && digest >>> 0 === summary.digest;
  return isWhole ? entries : undefined;
}

async function dropView(database: Database, topic: string): Promise<void> {
  await database.clear(rangeOf(topic));
  await database.del(summaryKey(topic));
}

/** Topic names hold no `/`, so neither prefix is a prefix of another topic's. */
const entryKey = (topic: string, key: Uint8Array): Uint8Array =>
  concatBytes([Buffer.from(`${topic}/entry/`), key]);

const summaryKey = (topic: string): Uint8Array => Buffer.from(`${topic}/summary`);

/** `0` is the character behind `/`. */
const rangeOf = (topic: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } => ({
  gte: Buffer.from(`${topic}/entry/`),
  lt: Buffer.from(`${topic}/entry0`),
});

function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const sealed = Buffer.alloc(crcBytes + value.length);
  sealed.set(value, crcBytes);
  sealed.writeUInt32BE(sealOf(key, sealed));
  return sealed;
}

/** The value, or undefined if it is not what was written under this key. */
function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < crcBytes || crcOf(sealed) !== sealOf(key, sealed)) return undefined;
  return sealed.subarray(crcBytes);
}

const sealOf = (key: Uint8Array, sealed: Uint8Array): number =>
  crc32c(concatBytes([key, sealed.subarray(crcBytes)])) >>> 0;

const crcOf = (sealed: Uint8Array): number =>
  sealed.length < crcBytes ? 0 : new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);

function summaryBytes({ nextOffset, count, digest }: Summary): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(BigInt(nextOffset));
  bytes.writeUInt32BE(count, 8);
  bytes.writeUInt32BE(digest, 12);
  return bytes;
}

const heldOf = (topic: string, entries: readonly ViewEntry[]): Held =>
  new Map(
    entries.map(({ key, value }) => [keyText(key), crcOf(seal(entryKey(topic, key), value))]),
  );

const newestOf = (changes: readonly ViewChange[]): ReadonlyMap<string, ViewChange> =>
  new Map(changes.map((change) => [keyText(change.key), change]));
