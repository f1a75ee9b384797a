import { posix } from 'node:path';
import { importsOf } from './imports.ts';
import type { Rule } from './source-tree.ts';

/**
 * A unit test stands where its source stands: `src/log/x.ts` -> `test/unit/log/x.test.ts`. A test
 * of several files stands where their folder stands and imports from it.
 */
export const mirrorRule: Rule = (files) => {
  const sources = new Set(files.map(({ path }) => path));
  return files
    .filter(({ path }) => path.startsWith('test/unit/') && path.endsWith('.test.ts'))
    .flatMap((file) => {
      const source = sourceOf(file.path);
      const folder = `${posix.dirname(source)}/`;
      if (sources.has(`${source}.ts`)) return [];
      // Whether generated code is fresh is asked of its whole folder.
      const generated = /\/generated[^/]*$/.test(source) ? `${folder}generated/` : undefined;
      if (generated && files.some(({ path }) => path.startsWith(generated))) return [];
      if (importsOf(file).some(({ target }) => target?.startsWith(folder))) return [];
      return [{ path: file.path, line: 0, text: `has no source ${source}.ts` }];
    });
};

/** `x.recovery.test.ts` is one of several tests of `x.ts`. */
function sourceOf(path: string): string {
  const inside = path.slice('test/unit/'.length).replace(/\.[^/]*$/, '');
  if (inside.startsWith('fakes/')) return `test/${inside}`;
  return /^(?:edge|cloud-sync|test)\//.test(inside) ? inside : `src/${inside}`;
}
