import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const corpusFolder = fileURLToPath(new URL('../corpus/', import.meta.url));

/** An input that is kept in the repository: once a finding, or worth a start. */
export interface KeptInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The kept inputs of a target, in the order of their names. */
export function readCorpus(target: string): readonly KeptInput[] {
  const folder = join(corpusFolder, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
}

/** Keeps an input under the name of what it showed; returns its path. */
export function keepInput(target: string, label: string, bytes: Uint8Array): string {
  const folder = join(corpusFolder, target);
  mkdirSync(folder, { recursive: true });
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const path = join(folder, `${label}-${digest}.bin`);
  writeFileSync(path, bytes);
  return path;
}
