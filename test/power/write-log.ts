import { closeSync, openSync, readSync } from 'node:fs';

/** One request that a block device got, in the order in which it was finished. */
export interface WriteLogEntry {
  readonly kind: 'write' | 'discard' | 'flush';
  /** First byte on the device; without meaning for a flush. */
  readonly at: number;
  readonly bytes: number;
  /** Durable when it was finished, without a flush (FUA). */
  readonly isForced: boolean;
  /** Where its data lies in the log file. */
  readonly dataAt: number;
}

export interface WriteLogHeader {
  /** Entries that the log says it has; raised at each flush. */
  readonly entries: number;
  readonly sectorBytes: number;
}

const magic = 0x6a736677736872n;
const version = 1n;
const headerBytes = 28;
const entryBytes = 32;
const flags = { flush: 1n, forced: 2n, discard: 4n, mark: 8n } as const;

/** The head of a log in dm-log-writes format. Throws where the bytes are something else. */
export const decodeWriteLogHeader = (bytes: Buffer): WriteLogHeader => {
  if (bytes.length < headerBytes || bytes.readBigUInt64LE(0) !== magic) {
    throw new Error('not a write log');
  }
  if (bytes.readBigUInt64LE(8) !== version) throw new Error('a write log of another version');
  const sectorBytes = bytes.readUInt32LE(24);
  if (sectorBytes < 512) throw new Error('a write log without a sector size');
  return { entries: Number(bytes.readBigUInt64LE(16)), sectorBytes };
};

/**
 * The entries of a log. The head fills the first sector, then comes each entry: a sector that
 * begins with place, length and flags, then its data, whole sectors. `read` gives bytes of the log
 * file, fewer at its end.
 */
export const parseWriteLog = (
  read: (position: number, length: number) => Buffer,
): readonly WriteLogEntry[] => {
  const { entries: count, sectorBytes } = decodeWriteLogHeader(read(0, headerBytes));
  const entries: WriteLogEntry[] = [];
  let position = sectorBytes;
  for (let index = 0; index < count; index += 1) {
    const head = read(position, entryBytes);
    if (head.length < entryBytes) throw new Error(`the write log ends within entry ${index}`);
    const entry = decodeEntry(head, sectorBytes, position + sectorBytes);
    entries.push(entry);
    position += sectorBytes + (entry.kind === 'write' ? entry.bytes : 0);
  }
  return entries;
};

const decodeEntry = (head: Buffer, sectorBytes: number, dataAt: number): WriteLogEntry => {
  const [sector, sectors, flag, length] = [0, 8, 16, 24].map((at) => head.readBigUInt64LE(at));
  if (sector === undefined || sectors === undefined || flag === undefined) throw new Error('empty');
  if ((flag & flags.mark) !== 0n) throw new Error(`a mark of ${length} bytes: nobody sets any`);
  const bytes = Number(sectors) * sectorBytes;
  const kind = (flag & flags.discard) !== 0n ? 'discard' : bytes > 0 ? 'write' : 'flush';
  if (kind === 'flush' && (flag & flags.flush) === 0n) throw new Error('an entry that is nothing');
  // A flush that carries data is a flush first, then a write; ours never come in one.
  if (kind === 'write' && (flag & flags.flush) !== 0n) throw new Error('a write that flushes');
  const isForced = (flag & flags.forced) !== 0n;
  return { kind, at: Number(sector) * sectorBytes, bytes, isForced, dataAt };
};

/** A log file that is open for reading. */
export class WriteLogFile {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, position));
  }

  /** Entries up to and with the newest flush that the device has answered. */
  entriesFlushed(): number {
    return decodeWriteLogHeader(this.read(0, headerBytes)).entries;
  }

  entries(): readonly WriteLogEntry[] {
    return parseWriteLog((position, length) => this.read(position, length));
  }

  close(): void {
    closeSync(this.#fd);
  }
}
