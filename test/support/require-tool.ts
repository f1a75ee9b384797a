import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Whether a program is on the PATH. */
export const hasTool = (name: string): boolean =>
  spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', name], { stdio: 'ignore' }).status === 0;

/**
 * First line of a test that runs other people's programs. Where one is missing the test is skipped
 * with its name in the summary; with REQUIRE_TOOLS=1 (set by `.ci/run`) it fails.
 */
export function requireTools(context: Pick<TestContext, 'skip'>, ...names: string[]): void {
  const missing = names.filter((name) => !hasTool(name));
  if (missing.length === 0) return;
  const text = `not installed: ${missing.join(', ')}`;
  if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(text);
  context.skip(text);
}

/**
 * Ends a test that this user has no right to run, with the reason in the summary. No program gives
 * the right, so it is a skip; but root is expected to have it: with REQUIRE_TOOLS=1 root fails.
 */
export function lackRight(context: Pick<TestContext, 'skip'>, text: string): never {
  const isExpected = process.getuid?.() === 0 && process.env['REQUIRE_TOOLS'] === '1';
  if (isExpected) throw new Error(text);
  return context.skip(text);
}
