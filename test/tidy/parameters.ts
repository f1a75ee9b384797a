import { runOxlint } from './oxlint.ts';
import { isProduct, type Rule } from './source-tree.ts';

/**
 * At most 4 parameters, and up to 8 (the lint's limit) in a function with a `// hot:` comment above
 * it that says why an object would cost too much.
 */
export const parameterRule: Rule = (files) => {
  const product = new Map(files.filter(isProduct).map((file) => [file.path, file]));
  return runOxlint('test/tidy/max-params.json', ['src', 'edge', 'cloud-sync']).flatMap(
    ({ path, line }) => {
      const file = product.get(path);
      if (file === undefined || isHot(file.text.split('\n'), line)) return [];
      return [{ path, line, text: 'has more than 4 parameters and no `// hot:` above it' }];
    },
  );
};

/** Whether the comment lines right above line `line` (from 1) say `// hot:`. */
export function isHot(rows: readonly string[], line: number): boolean {
  for (let i = line - 2; /^\s*(?:\/\/|\/\*|\*)/.test(rows[i] ?? ''); i--) {
    if (/^\s*\/\/ hot:/.test(rows[i] ?? '')) return true;
  }
  return false;
}
