import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blankOut } from './blank-out.ts';

/** One text file of the repository. */
export interface SourceFile {
  /** Path from the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings blanked out; lines and columns stay. */
  readonly code: string;
  /** The text with the comments blanked out and the strings kept: for imports. */
  readonly uncommented: string;
}

/** A broken rule, as a reader wants to see it. */
export interface Violation {
  readonly path: string;
  /** From 1; 0 speaks of the whole file. */
  readonly line: number;
  readonly text: string;
}

/** One rule over the whole tree. */
export type Rule = (files: readonly SourceFile[]) => Violation[];

export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));

const skippedDirs = new Set([
  'node_modules',
  'dist',
  'dist-test',
  '.git',
  '.kafka',
  '.conformance',
  'coverage',
]);
const textFile =
  /\.(ts|js|mjs|json|ya?ml|md|sh|proto|service|txt|xml|html|css)$|^\.ci\/|\/LICENSE$/;

/** A file as the rules see it; also how a test plants a violation. */
export const sourceFile = (path: string, text: string): SourceFile => ({
  path,
  text,
  code: blankOut(text, { strings: true }),
  uncommented: blankOut(text, { strings: false }),
});

/** Every text file below the root, in order of its path. */
export function readSourceTree(root: string = repositoryRoot): SourceFile[] {
  return listFiles(root, '')
    .filter((path) => textFile.test(path))
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

function listFiles(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      if (!entry.isDirectory()) return [path];
      return skippedDirs.has(entry.name) ? [] : listFiles(root, path);
    });
}

export const isTypeScript = (file: SourceFile): boolean => file.path.endsWith('.ts');
export const isGenerated = (file: SourceFile): boolean => file.path.includes('/generated/');
/** Product code that somebody wrote. */
export const isProduct = (file: SourceFile): boolean =>
  /^(src|edge|cloud-sync)\//.test(file.path) && isTypeScript(file) && !isGenerated(file);
/** Product and test code that somebody wrote. */
export const isWritten = (file: SourceFile): boolean =>
  isTypeScript(file) && !isGenerated(file) && /^(src|edge|cloud-sync|test)\//.test(file.path);

/** Every match of a pattern with the `g` flag, with its line. */
export function* matchesIn(text: string, pattern: RegExp): Generator<[RegExpExecArray, number]> {
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(pattern)) {
    for (; counted < match.index; counted++) if (text.charCodeAt(counted) === 10) line++;
    yield [match, line];
  }
}
