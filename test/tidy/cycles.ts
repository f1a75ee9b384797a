import { importsOf } from './imports.ts';
import { isWritten, type Rule } from './source-tree.ts';

/**
 * No file imports itself by any path; type imports count. One violation for each edge that closes a
 * cycle.
 */
export const cycleRule: Rule = (files) => {
  const graph = new Map(
    files.filter(isWritten).map((file) => [file.path, importsOf(file)] as const),
  );
  const finished = new Set<string>();
  const trail: string[] = [];
  const cycles: { path: string; line: number; text: string }[] = [];
  const visit = (path: string): void => {
    if (finished.has(path)) return;
    trail.push(path);
    for (const { target, line } of graph.get(path) ?? []) {
      if (target === undefined || !graph.has(target)) continue;
      const start = trail.indexOf(target);
      if (start === -1) visit(target);
      else cycles.push({ path, line, text: [...trail.slice(start), target].join(' -> ') });
    }
    trail.pop();
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
};
