import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A test that failed: not a file that could not be loaded. */
export interface RedTest {
  readonly file: string;
  readonly name: string;
  readonly message: string;
}

/** What a run of suites came to. */
export interface SuiteOutcome {
  readonly passed: number;
  readonly red: RedTest | undefined;
  /** A file that did not load, or a hook that failed: neither green nor red. */
  readonly broken: string | undefined;
}

export interface SuiteRunOptions {
  readonly folder: string;
  readonly suites: readonly string[];
  readonly workers: number;
  readonly bail: boolean;
  readonly msMax: number;
}

interface JsonReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const node = (folder: string, args: readonly string[], msMax: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' };
    // These counts are nobody's tests.
    delete env['SHORELOG_COUNTS'];
    const child = spawn(process.execPath, args, { cwd: folder, env, timeout: msMax });
    let output = '';
    const take = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });

/** What the compiler says against the tree; empty: nothing. */
export async function typeErrors(folder: string): Promise<string> {
  const tsc = 'node_modules/typescript/lib/tsc.js';
  return (await node(folder, [tsc, '-b', '--pretty', 'false'], 120_000)).trim();
}

/** Runs suites of a tree as `npm test` does. */
export async function runSuites(options: SuiteRunOptions): Promise<SuiteOutcome> {
  const { folder, suites, workers, bail, msMax } = options;
  const report = join(folder, 'planted-report.json');
  rmSync(report, { force: true });
  const output = await node(
    folder,
    [
      'node_modules/vitest/vitest.mjs',
      ...['run', '--config', 'test/vitest.config.ts', '--project', 'unit', '--no-isolate'],
      ...['--maxWorkers', String(workers), ...(bail ? ['--bail', '1'] : [])],
      ...['--reporter', 'json', '--outputFile', report, ...suites],
    ],
    msMax,
  );
  if (!existsSync(report)) return { passed: 0, red: undefined, broken: output.slice(-2_000) };
  return outcomeOf(JSON.parse(readFileSync(report, 'utf8')) as JsonReport, folder);
}

/** The first failed test of a report. */
export function outcomeOf(report: JsonReport, folder: string): SuiteOutcome {
  let red: RedTest | undefined;
  let broken: string | undefined;
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = name.slice(folder.length + 1);
    const failed = assertionResults.find((one) => one.status === 'failed');
    if (failed !== undefined) {
      red ??= { file, name: failed.fullName, message: failed.failureMessages[0] ?? '' };
    } else if (status === 'failed') broken ??= `${file}: ${message}`;
  }
  return { passed: report.numPassedTests, red, broken };
}
