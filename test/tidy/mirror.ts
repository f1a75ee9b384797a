import type { Rule } from './source-tree.ts';

/** A unit test stands where its source stands: `src/log/x.ts` -> `test/unit/log/x.test.ts`. */
export const mirrorRule: Rule = (files) => {
  const sources = new Set<string>();
  for (const { path } of files) {
    sources.add(path);
    sources.add(path.slice(0, path.lastIndexOf('/')));
  }
  return files
    .filter(({ path }) => path.startsWith('test/unit/') && path.endsWith('.test.ts'))
    .flatMap(({ path }) => {
      const source = sourceOf(path);
      if (sources.has(`${source}.ts`) || sources.has(source)) return [];
      return [{ path, line: 0, text: `has no source ${source}.ts` }];
    });
};

/**
 * `x.recovery.test.ts` is one of several tests of `x.ts`; a test named as a folder speaks of the
 * folder.
 */
function sourceOf(path: string): string {
  const inside = path.slice('test/unit/'.length).replace(/\.[^/]*$/, '');
  return /^(?:edge|cloud-sync|test)\//.test(inside) ? inside : `src/${inside}`;
}
