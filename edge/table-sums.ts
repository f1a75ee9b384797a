import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '../src/base/crc32c.ts';

/** What a table ends with once all of it is written: the last eight bytes of LevelDB's footer. */
const tableMagic = Buffer.from('57fb808b247547db', 'hex');

/** In the folder of the database, which leaves alone what is not named like a file of its own. */
const sumsName = 'SUMS';

/**
 * LevelDB compacts its tables without a look at their checksums, and what a flipped bit makes of
 * one can end the process in native code, at each start again. A table is never changed once it is
 * written: so each is summed up soon after, and no database is opened whose tables differ (L5).
 */
export class TableSums {
  readonly #dir: string;
  /** By name, in hexadecimal. */
  #sums = new Map<string, string>();

  /** @param dir of the database. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Before the database is opened. False: one is not what was written, or got no sum before its
   * process was killed. One that was not finished LevelDB throws away itself, or does not open.
   */
  async areWhole(): Promise<boolean> {
    const names = await this.#tables();
    this.#sums = await this.#read();
    for (const name of names) {
      const sum = await this.#sumOf(name);
      if (sum !== this.#sums.get(name)) return false;
    }
    return true;
  }

  /**
   * Of the tables that came since. Without a sum the views are made anew, so no failure counts.
   * @returns whether some came or went; more may be on the way then.
   */
  async addNew(): Promise<boolean> {
    try {
      const names = await this.#tables();
      const isKnown = (name: string): boolean => this.#sums.has(name);
      if (names.length === this.#sums.size && names.every(isKnown)) return false;
      const sums = new Map<string, string>();
      for (const name of names) {
        const sum = this.#sums.get(name) ?? (await this.#sumOf(name));
        if (sum !== undefined) sums.set(name, sum);
      }
      this.#sums = sums;
      await this.#write();
      return true;
    } catch {
      return false;
    }
  }

  async #tables(): Promise<string[]> {
    const names = (await ifThere(readdir(this.#dir))) ?? [];
    return names.filter((name) => name.endsWith('.ldb'));
  }

  /** Undefined: it is gone, or LevelDB has not written all of it. */
  async #sumOf(name: string): Promise<string | undefined> {
    const bytes = await ifThere(readFile(join(this.#dir, name)));
    const isFinished = bytes?.subarray(-tableMagic.length).equals(tableMagic) === true;
    return isFinished ? crc32c(bytes).toString(16) : undefined;
  }

  async #read(): Promise<Map<string, string>> {
    const text = (await ifThere(readFile(join(this.#dir, sumsName), 'latin1'))) ?? '';
    const lines = text.split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  }

  /** Not synced: what a power cut leaves of it either fits the tables or does not. */
  async #write(): Promise<void> {
    const path = join(this.#dir, sumsName);
    const lines = [...this.#sums].map(([name, sum]) => `${name} ${sum}\n`);
    await writeFile(`${path}.new`, lines.join(''), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}

/** What cannot be read for another reason is not gone: it is tried again. */
const ifThere = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
