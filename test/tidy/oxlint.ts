import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './source-tree.ts';

/** One finding of oxlint. */
export interface LintFinding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
}

interface LintReport {
  readonly diagnostics: readonly {
    readonly code?: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

const command = fileURLToPath(new URL('../../node_modules/oxlint/bin/oxlint', import.meta.url));

/** Runs oxlint in `root` with the config at `configPath` (from the repository's root). */
export function runOxlint(
  configPath: string,
  paths: readonly string[],
  root: string = repositoryRoot,
): LintFinding[] {
  const args = [command, '-c', join(root, configPath), '-f', 'json', ...paths];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint said: ${stdout}${stderr}`);
  return (JSON.parse(stdout) as LintReport).diagnostics.map(({ code, filename, labels }) => ({
    rule: code ?? 'syntax',
    path: filename,
    line: labels[0]?.span.line ?? 0,
  }));
}
