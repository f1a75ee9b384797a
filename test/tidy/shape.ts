import {
  isGenerated,
  isProduct,
  isTypeScript,
  isWritten,
  matchesIn,
  type Rule,
  type SourceFile,
  type Violation,
} from './source-tree.ts';
import { wordsOf } from './words.ts';

const linesSoftMax = 250;
const linesHardMax = 400;
const columnsMax = 100;

/** Schema tables are data. */
const isSized = (file: SourceFile): boolean =>
  isProduct(file) && !file.path.startsWith('src/wire/kafka/schema/');
const lineCount = (file: SourceFile): number => file.text.trimEnd().split('\n').length;

export const sizeRule: Rule = (files) =>
  files
    .filter((file) => isSized(file) && lineCount(file) > linesHardMax)
    .map((file) =>
      whole(file, `has ${lineCount(file)} lines, at most ${linesHardMax} are allowed`),
    );

/** Not a rule: what is printed of the files past the soft limit. */
export const sizeNotices = (files: readonly SourceFile[]): string[] =>
  files
    .filter((file) => isSized(file) && lineCount(file) > linesSoftMax)
    .map((file) => `${file.path} has ${lineCount(file)} lines, aim for ${linesSoftMax}`);

/** A line may be longer only for the sake of a literal, which the formatter does not break. */
export const columnRule: Rule = (files) =>
  files.filter(isWritten).flatMap((file) => {
    const code = file.code.split('\n');
    return file.text.split('\n').flatMap((row, index) => {
      const shape = code[index] ?? '';
      const isCommented = shape.trimEnd().length < row.trimEnd().length;
      const columns = isCommented ? row.length : shape.replace(/(?<=\S) +/g, ' ').length;
      const text = `has ${columns} columns, at most ${columnsMax} are allowed`;
      return columns > columnsMax ? [{ path: file.path, line: index + 1, text }] : [];
    });
  });

/**
 * No module-level `let`, and no module-level container that starts empty: state lives in objects.
 */
export const moduleStateRule: Rule = (files) =>
  files
    .filter(isProduct)
    .flatMap((file) =>
      each(
        file,
        /^(?:export )?(?:let\b|var\b|const [\w$]+(?:: [^=\n]+)? = (?:new (?:Weak)?(?:Map|Set)(?:<[^\n]*>)?\(\)|\[\]|\{\});)/gm,
        'mutable state of a module',
      ),
    );

/** A file that only re-exports. */
export const barrelRule: Rule = (files) =>
  files.filter(isWritten).flatMap((file) => {
    const rest = file.code.replace(/\bexport\s+(?:type\s+)?(?:\*|\{)[^;]*\bfrom\b[^;]*;/g, '');
    return rest.trim() === '' && file.code.trim() !== '' ? [whole(file, 'is a barrel')] : [];
  });

/** Named by DESIGN section 3, or after what passes between two sides and not after one concept. */
const namedByDesign = new Set([
  'src/core/forward/supervision.ts',
  'src/core/replica/quorum.ts',
  'src/wire/kafka/header.ts',
]);
const exported =
  /^export (?:default )?(?:abstract )?(?:async )?(?:declare )?(?:const|function\*?|class|interface|type) (?<name>[\w$]+)/gm;

/**
 * Kebab-case, and named after what it exports: a word of the name is in an exported name or the
 * folder's.
 */
export const fileNameRule: Rule = (files) =>
  files.filter(isWritten).flatMap((file) => {
    const fileName = file.path.split('/').at(-1) ?? '';
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*\.ts$/.test(fileName)) {
      return [whole(file, 'is not kebab-case')];
    }
    if (!isProduct(file) || fileName === 'main.ts' || namedByDesign.has(file.path)) return [];
    const names = [...matchesIn(file.code, exported)].map(
      ([match]) => match.groups?.['name'] ?? '',
    );
    const folder = file.path.split('/').at(-2) ?? '';
    const known = [folder, ...names].flatMap(wordsOf).map(stem);
    const words = wordsOf(fileName.replace(/\.ts$/, '').replace(/^\d+-/, '')).map(stem);
    return words.some((word) => known.some((other) => isAkin(word, other)))
      ? []
      : [whole(file, `has not the name of anything it exports: ${names.join(', ')}`)];
  });

/** `segments` and `segment`, `retry` and `retries`, `writer` and `write` are one word. */
const stem = (word: string): string => word.replace(/(?:ies|ers?|ors?|ing|ed|es|s|e|y|ion)$/, '');
const isAkin = (a: string, b: string): boolean =>
  a === b || (a.length >= 3 && b.startsWith(a)) || (b.length >= 3 && a.startsWith(b));

const unfinished = new RegExp(
  `\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b|<!-- ${'fill'} in:`,
  'g',
);

/** Work that is not done belongs in an issue, and a test that runs alone hides the others. */
export const unfinishedRule: Rule = (files) => [
  ...files
    .filter((file) => !isGenerated(file) && file.path !== 'package-lock.json')
    .flatMap((file) => each(file, unfinished, 'unfinished work', file.text)),
  ...files
    .filter((file) => file.path.startsWith('test/') && isTypeScript(file))
    .flatMap((file) => each(file, /\b(?:test|it|describe)\.only\b/g, 'a test that runs alone')),
];

/**
 * `src/` decides and is synchronous: no clock, no randomness, no timers, and only `src/log` awaits.
 */
export const synchronousRule: Rule = (files) =>
  files
    .filter((file) => isProduct(file) && file.path.startsWith('src/'))
    .flatMap((file) => [
      ...each(
        file,
        /\bMath\s*\.\s*random\b|\bnew Date\b|(?<![.\w])Date\s*[.(]|(?<![.\w])(?:set|clear)(?:Timeout|Interval|Immediate)\b/g,
        'clock, randomness or timer in src',
      ),
      ...(/^src\/(?:log|ports)\//.test(file.path)
        ? []
        : each(file, /(?<![.\w])(?:async\b(?!:)|await\b|Promise\b)/g, 'only src/log awaits')),
    ]);

const whole = (file: SourceFile, text: string): Violation => ({ path: file.path, line: 0, text });

const each = (
  file: SourceFile,
  pattern: RegExp,
  text: string,
  within: string = file.code,
): Violation[] =>
  [...matchesIn(within, pattern)].map(([match, line]) => ({
    path: file.path,
    line,
    text: `${text}: ${match[0].trim()}`,
  }));
