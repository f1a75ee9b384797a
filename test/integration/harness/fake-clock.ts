import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

const libraries = '/usr/lib';

/** libfaketime's library for programs with threads, wherever Debian put it. */
const libraryPath = (): string | undefined => {
  for (const machine of readdirSync(libraries)) {
    const folder = join(libraries, machine, 'faketime');
    try {
      const name = readdirSync(folder).find((each) => each === 'libfaketimeMT.so.1');
      if (name !== undefined) return join(folder, name);
    } catch {
      // Not a folder of libraries, or not installed for this one.
    }
  }
  return undefined;
};

/** The wall clock of one process, to be moved while it runs. Its monotonic clock goes on. */
export interface FakeClock {
  readonly env: Readonly<Record<string, string>>;
  /** Seconds that the process is ahead of us. */
  readonly set: (aheadSeconds: number) => void;
}

/** Skips, or fails where tools are required, without libfaketime. */
export const fakeClock = (
  context: Pick<TestContext, 'skip'>,
  folder: string,
  aheadSeconds: number,
): FakeClock => {
  const library = libraryPath();
  if (library === undefined) {
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error('not installed: libfaketime');
    return context.skip('not installed: libfaketime');
  }
  const file = join(folder, 'clock');
  const set = (seconds: number): void =>
    writeFileSync(file, `${seconds < 0 ? '' : '+'}${Math.round(seconds)}\n`);
  set(aheadSeconds);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
};
