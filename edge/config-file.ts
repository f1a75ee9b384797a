import { readFile } from 'node:fs/promises';

import type { Document } from 'yaml';
import { LineCounter, isMap, isNode, isPair, parseDocument, isScalar } from 'yaml';

import type { Result } from '../src/base/result.ts';
import { fail, ok } from '../src/base/result.ts';
import type { Config } from '../src/config/config.ts';
import type { JsonSchema } from '../src/config/json-schema.ts';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { overridePath } from '../src/config/override-path.ts';
import { parseConfig } from '../src/config/parse-config.ts';
import type { ConfigPath, ConfigProblem } from '../src/config/problem.ts';
import { formatPath } from '../src/config/problem.ts';
import { yamlNestedAt } from './yaml-nesting.ts';

const tooDeep = 'broken YAML: no config is nested so deeply or so long';

/** A checked config and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: string | undefined;
  /** Keys that an environment variable set. */
  readonly overrides: readonly ConfigOverride[];
}

export interface ConfigOverride {
  readonly variable: string;
  readonly key: string;
}

/** `where` is `file:line:column` or the name of an environment variable. */
export interface LocatedProblem extends ConfigProblem {
  readonly where: string;
}

export interface ConfigSource {
  /** Without a file every key has its default. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Made when it is asked for if it is not given, which takes tens of milliseconds. */
  readonly schema?: JsonSchema | undefined;
}

/** Reads and checks the config: defaults, then the file, then the environment. Never throws. */
export async function loadConfig(
  source: ConfigSource,
): Promise<Result<LoadedConfig, readonly LocatedProblem[]>> {
  const text = source.file === undefined ? ok('') : await readText(source.file);
  if (!text.ok) return fail([text.error]);
  return checkConfigText(text.value, source);
}

/**
 * Checks the text of a config file: defaults, then the text, then the environment. `source.file` is
 * only what problems are located in.
 */
export function checkConfigText(
  text: string,
  source: ConfigSource,
): Result<LoadedConfig, readonly LocatedProblem[]> {
  const file = source.file ?? 'defaults';
  const nestedAt = yamlNestedAt(text);
  if (nestedAt !== undefined) {
    const line = text.slice(0, nestedAt).split('\n').length;
    return fail([{ path: [], text: tooDeep, where: `${file}:${line}:1` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (position: number): string => {
    const { line, col } = lines.linePos(position);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const broken = [...document.errors, ...document.warnings].map((error) => ({
    path: [],
    text: `broken YAML: ${error.message}`,
    where: at(error.pos[0]),
  }));
  if (broken.length > 0) return fail(broken);
  const data = plainData(document);
  if (!data.ok) return fail([{ path: [], text: data.error, where: at(0) }]);
  let { schema } = source;
  const schemaOf = (): JsonSchema => (schema ??= configJsonSchema());
  const overridden = override(data.value, source.env, schemaOf);
  if (overridden.problems.length > 0) return fail(overridden.problems);
  const { set } = overridden;
  const parsed = parseConfig(overridden.value, schemaOf);
  if (!parsed.ok) {
    return fail(parsed.error.map((problem) => locate(problem, set, document, at)));
  }
  const overrides = set.map(({ variable, path }) => ({ variable, key: formatPath(path) }));
  return ok({ config: parsed.value, file: source.file, overrides });
}

async function readText(file: string): Promise<Result<string, LocatedProblem>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    const text = `cannot read the config file (${codeOf(error)})`;
    return fail({ path: [], text, where: file, hint: 'give another with --config FILE' });
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

/** An alias without its anchor, or too many of them, shows only here. */
function plainData(document: Document): Result<unknown, string> {
  try {
    return ok(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    return fail(`broken YAML: ${error instanceof Error ? error.message : 'unusable'}`);
  }
}

interface SetByVariable {
  readonly variable: string;
  readonly path: ConfigPath;
}

interface Overridden {
  readonly value: unknown;
  readonly set: readonly SetByVariable[];
  readonly problems: readonly LocatedProblem[];
}

function override(
  value: unknown,
  env: ConfigSource['env'],
  schemaOf: () => JsonSchema,
): Overridden {
  const set: SetByVariable[] = [];
  const problems: LocatedProblem[] = [];
  let result = value;
  for (const variable of Object.keys(env).toSorted()) {
    const path = overridePath(variable, schemaOf);
    const text = env[variable];
    if (path === undefined || text === undefined) continue;
    if (!path.ok) {
      problems.push({ ...path.error, where: variable });
      continue;
    }
    if (yamlNestedAt(text) !== undefined) {
      problems.push({ path: path.value, text: tooDeep, where: variable });
      continue;
    }
    const parsed = parseDocument(text, { prettyErrors: false });
    const [error] = parsed.errors;
    const said = error === undefined ? plainData(parsed) : fail(`broken YAML: ${error.message}`);
    if (said.ok) {
      result = withValue(result, path.value, said.value);
      set.push({ variable, path: path.value });
    } else problems.push({ path: path.value, text: said.error, where: variable });
  }
  return { value: result, set, problems };
}

/** A copy with one value put in place; whatever is no section on the way there gives way to one. */
function withValue(target: unknown, path: ConfigPath, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const isSection = typeof target === 'object' && target !== null && !Array.isArray(target);
  const section = isSection ? (target as Readonly<Record<string, unknown>>) : {};
  return { ...section, [key]: withValue(section[key], rest, value) };
}

function locate(
  problem: ConfigProblem,
  set: readonly SetByVariable[],
  document: Document,
  at: (position: number) => string,
): LocatedProblem {
  const cause = set.find(({ path }) => path.every((part, i) => problem.path[i] === part));
  if (cause !== undefined) return { ...problem, where: cause.variable };
  return { ...problem, where: at(positionOf(document, problem)) };
}

/**
 * Start of the key or value that is meant; where the file does not have it, of the nearest section
 * around it.
 */
function positionOf(document: Document, problem: ConfigProblem): number {
  for (let depth = problem.path.length; depth > 0; depth--) {
    const path = problem.path.slice(0, depth);
    const isWhole = depth === problem.path.length;
    const node =
      isWhole && problem.isKey !== true ? document.getIn(path, true) : keyAt(document, path);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function keyAt(document: Document, path: ConfigPath): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return document.getIn(path, true);
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1),
  );
  return pair?.key;
}
