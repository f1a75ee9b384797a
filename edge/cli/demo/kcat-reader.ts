import { spawn, spawnSync } from 'node:child_process';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
}

export interface KcatOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Default read_committed. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** Default: all of them. */
  readonly partition?: number;
  /** Ends after so many: a log that is written to faster than kcat reads has no end. */
  readonly recordsMax?: number;
  readonly msMax: number;
}

/** Whether kcat is installed. */
export const hasKcat = (): boolean => spawnSync('kcat', ['-V'], { stdio: 'ignore' }).status === 0;

/**
 * Reads a topic from its beginning to its present end with kcat, CRCs checked. Records of one
 * partition come in order. Rejects when kcat fails or takes longer than `msMax`.
 */
export const readWithKcat = (
  options: KcatOptions,
  onRecord: (record: ReadRecord) => void,
): Promise<void> => {
  const kcat = spawn('kcat', kcatArgs(options), { stdio: ['ignore', 'pipe', 'pipe'] });
  const parser = new KcatParser(onRecord);
  let complaint = '';
  kcat.stdout.on('data', (chunk: Buffer) => parser.push(chunk));
  kcat.stderr.on(
    'data',
    (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-500)),
  );
  const timer = setTimeout(() => kcat.kill('SIGKILL'), options.msMax);
  return new Promise((resolve, reject) => {
    kcat.once('error', reject);
    kcat.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0 && parser.isAtBoundary) resolve();
      else reject(new Error(`kcat ended with ${code ?? 'a kill'}: ${complaint.trim()}`));
    });
  });
};

/** All records at once. */
export const readAllWithKcat = async (options: KcatOptions): Promise<ReadRecord[]> => {
  const records: ReadRecord[] = [];
  await readWithKcat(options, (record) => records.push(record));
  return records;
};

const kcatArgs = (options: KcatOptions): string[] => [
  '-C',
  '-q',
  '-e',
  ...['-b', options.bootstrap],
  ...['-t', options.topic],
  ...['-o', 'beginning'],
  ...(options.partition === undefined ? [] : ['-p', `${options.partition}`]),
  ...(options.recordsMax === undefined ? [] : ['-c', `${options.recordsMax}`]),
  ...['-X', `isolation.level=${options.isolation ?? 'read_committed'}`],
  ...['-X', 'check.crcs=true'],
  // Where the log start moves up meanwhile: on from there, not from the end.
  ...['-X', 'auto.offset.reset=earliest'],
  // Lengths first, so that keys and values may hold any byte.
  ...['-f', '%p %o %K %S\\n%k%s\\n'],
];

/** Parses what the format above prints. */
export class KcatParser {
  readonly #onRecord: (record: ReadRecord) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onRecord: (record: ReadRecord) => void) {
    this.#onRecord = onRecord;
  }

  /** Nothing is left that would be half a record. */
  get isAtBoundary(): boolean {
    return this.#rest.length === 0;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let next = this.#readOne(bytes, at); next !== undefined; next = this.#readOne(bytes, at)) {
      at = next;
    }
    this.#rest = bytes.subarray(at);
  }

  /** The place behind the record at `at`, or undefined if it is not all there. */
  #readOne(bytes: Buffer, at: number): number | undefined {
    const lineEnd = bytes.indexOf(10, at);
    if (lineEnd === -1) return undefined;
    const head = bytes.toString('latin1', at, lineEnd).split(' ').map(Number);
    const [partition = -1, offset = -1, keyLength = -1, valueLength = -1] = head;
    const keyEnd = lineEnd + 1 + Math.max(keyLength, 0);
    const valueEnd = keyEnd + Math.max(valueLength, 0);
    if (bytes.length < valueEnd + 1) return undefined;
    this.#onRecord({
      partition,
      offset,
      key: keyLength < 0 ? undefined : bytes.subarray(lineEnd + 1, keyEnd),
      value: valueLength < 0 ? undefined : bytes.subarray(keyEnd, valueEnd),
    });
    return valueEnd + 1;
  }
}
