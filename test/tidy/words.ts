import { readFileSync } from 'node:fs';
import { isWritten, matchesIn, type Rule, type SourceFile } from './source-tree.ts';

/** DESIGN section 8: words that no identifier of ours has, and what it says instead. */
const bannedWords = new Map([
  ['message', 'record, packet, request'],
  ['messages', 'records, packets, requests'],
  ['msg', 'record, packet, request'],
  ['msgs', 'records, packets, requests'],
  ['lso', 'lastStableOffset or logStartOffset'],
  ['cloud', 'central'],
  ['remote', 'peer, central'],
  ['logger', 'telemetry'],
  ['logging', 'telemetry'],
]);
/** Whole names that say byte place with the word for logical place. */
const bannedNames = new Map([
  ['byteOffset', 'position'],
  ['fileOffset', 'position'],
]);

/** Where an identifier is declared. Prettier's blanks tell `key: value` from `a ? b : c`. */
const declarations = [
  /\b(?:const|let|var|function\*?|class|interface|type|enum)\s+(?<name>[\w$]+)/g,
  /(?<![.\w$?]|\?\.)#?(?<name>[A-Za-z_$][\w$]*)[?!]?:(?!:)/g,
  /\b(?:const|let)\s*[{[](?<list>[^;={}]*)[}\]]\s*=/g,
  /\((?<list>[\w$\s,]+)\)\s*=>/g,
  /^\s+(?:(?:async|get|set|static|override|private|protected)\s+)*[*#]*(?<name>[\w$]+)(?:<[^\n]*>)?\([^\n]*[{;(]$/gm,
  /^\s+(?:(?:static|override|readonly)\s+)*#(?<name>[\w$]+)\s*=/gm,
];

/** Identifiers that a file declares, as far as a scan can tell; object keys count, uses do not. */
export function* declaredNames(file: SourceFile): Generator<[name: string, line: number]> {
  for (const pattern of declarations) {
    for (const [match, line] of matchesIn(file.code, pattern)) {
      const { name, list } = match.groups ?? {};
      if (name !== undefined) yield [name, line];
      for (const entry of list?.split(',') ?? []) {
        const bound = entry.split(':').at(-1)?.trim() ?? '';
        if (/^[\w$]+$/.test(bound)) yield [bound, line];
      }
    }
  }
}

/** Lines of `others-names.txt`: a name, the path below which it may stand, and whose it is. */
const othersNames = readFileSync(new URL('others-names.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((row) => row !== '' && !row.startsWith('#'))
  .map((row) => row.split(/\s+/, 2) as [name: string, path: string]);

const isOthers = (name: string, path: string): boolean =>
  othersNames.some(([allowed, below]) => allowed === name && path.startsWith(below));

/** The words of a camelCase, PascalCase, SNAKE_CASE or kebab-case name, in lower case. */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());

export const wordRule: Rule = (files) =>
  files.filter(isWritten).flatMap((file) => {
    const baseName = file.path.split('/').at(-1)?.replace(/\..*/, '') ?? '';
    const found = new Map<string, number>([[baseName, 0]]);
    for (const [name, line] of declaredNames(file)) if (!found.has(name)) found.set(name, line);
    return [...found].flatMap(([name, line]) => {
      const word = wordsOf(name).find((part) => bannedWords.has(part));
      const instead = bannedNames.get(name) ?? (word && bannedWords.get(word));
      if (instead === undefined || isOthers(name, file.path)) return [];
      return [{ path: file.path, line, text: `'${name}': say ${instead} (DESIGN 8)` }];
    });
  });
