import type { Result } from '../base/result.ts';
import { fail, ok } from '../base/result.ts';
import type { JsonSchema } from './json-schema.ts';
import { configJsonSchema } from './json-schema.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import { suggest } from './suggest.ts';

const prefix = 'SHORELOG_';

/**
 * The place in the config that an environment variable overrides: `SHORELOG_MQTT__LISTEN` is
 * `mqtt.listen`; case and single underscores do not count. Undefined for a variable that is none of
 * ours: other software uses the prefix too (Kubernetes sets SHORELOG_PORT for a service of that
 * name), so only what looks like an override may be refused.
 */
export function overridePath(
  variable: string,
  schemaOf: () => JsonSchema = configJsonSchema,
): Result<ConfigPath, ConfigProblem> | undefined {
  if (!variable.startsWith(prefix)) return undefined;
  const paths = overridablePaths(schemaOf(), []);
  const wanted = variable.slice(prefix.length).split('__').map(plain).join('__');
  const found = paths.find((path) => spelled(path) === wanted);
  if (found !== undefined) return ok(found);
  const flat = wanted.replaceAll('__', '');
  const meant =
    paths.find((path) => path.length > 1 && path.map(plain).join('') === flat) ??
    (wanted.includes('__') ? nearest(paths, wanted) : undefined);
  if (meant === undefined && !wanted.includes('__')) return undefined;
  return fail({
    path: [],
    text: `the environment variable ${variable} names no key of the config`,
    hint: meant === undefined ? 'shorelog check --help' : `did you mean ${variableOf(meant)}?`,
  });
}

/** `SHORELOG_KAFKA__REQUESTBYTESMAX`. */
export const variableOf = (path: readonly string[]): string =>
  prefix + path.map((part) => part.toUpperCase()).join('__');

const plain = (part: string): string => part.replaceAll('_', '').toLowerCase();
const spelled = (path: readonly string[]): string => path.map(plain).join('__');

function nearest(paths: readonly string[][], wanted: string): string[] | undefined {
  const meant = suggest(wanted, paths.map(spelled));
  return paths.find((path) => spelled(path) === meant);
}

/** Sections too: `SHORELOG_TOPICS` and `SHORELOG_FORWARD` take a whole list or section as YAML. */
function overridablePaths(section: JsonSchema, path: readonly string[]): string[][] {
  return Object.entries(section.properties ?? {}).flatMap(([key, node]) => {
    const here = [...path, key];
    return [here, ...overridablePaths(node, here)];
  });
}
