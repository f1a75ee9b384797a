import { posix } from 'node:path';
import { matchesIn, type SourceFile } from './source-tree.ts';

/** One import, re-export or `import()` as it stands in a file. */
export interface Import {
  readonly specifier: string;
  /** Path in the repository for a relative import; undefined for a package. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

/**
 * `import ... from '   '`, `export ... from '   '`, `import '   '`, `import('   ')`: the inside is
 * blanked out.
 */
const importing =
  /(?<![.\w$])(?:(?:import|export)\b(?<type>\s+type\b)?(?<names>[^;'"`=()]*?)\bfrom\s*|import\s*\(?\s*)(?<quoted>'\s*'|"\s*")/g;

/** The imports of a file, type imports too. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  for (const [match, line] of matchesIn(file.code, importing)) {
    const quoted = match.groups?.['quoted'] ?? '';
    const end = match.index + match[0].length;
    const specifier = file.text.slice(end - quoted.length + 1, end - 1);
    found.push({
      specifier,
      target: specifier.startsWith('.')
        ? posix.join(posix.dirname(file.path), specifier)
        : undefined,
      typeOnly: match.groups?.['type'] !== undefined,
      line,
    });
  }
  return found;
}

/** `hono` of `hono/jwt`, `@hono/node-server` of `@hono/node-server/x`. */
export const packageName = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
