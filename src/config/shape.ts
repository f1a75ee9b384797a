import type { Result } from '../base/result.ts';
import { fail, ok } from '../base/result.ts';
import type { JsonSchema } from './json-schema.ts';
import { configJsonSchema, schemaAt, typeInWords } from './json-schema.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import { formatPath } from './problem.ts';
import type { ParsedConfig } from './schema.ts';
import { configSchema } from './schema.ts';
import { suggest } from './suggest.ts';

/**
 * Checks keys, types and bounds, and fills in the defaults. Every fault is reported, in the order
 * of the schema. `schemaOf` is asked only where there is a fault.
 */
export function checkShape(
  value: unknown,
  schemaOf: () => JsonSchema = configJsonSchema,
): Result<ParsedConfig, readonly ConfigProblem[]> {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const root = schemaOf();
  return fail(
    parsed.error.issues.flatMap((issue) => {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      if (issue.code !== 'unrecognized_keys') return [wrongValue(root, path, value)];
      return issue.keys.map((key) => unknownKey(root, path, key));
    }),
  );
}

function unknownKey(root: JsonSchema, section: ConfigPath, key: string): ConfigProblem {
  const path = [...section, key];
  const siblings = Object.keys(schemaAt(root, section)?.properties ?? {});
  const meant = suggest(key, siblings) ?? elsewhere(root, key);
  const hint =
    meant === undefined ? `known here: ${siblings.join(', ')}` : `did you mean ${meant}?`;
  return { path, text: `unknown key ${formatPath(path)}`, hint, isKey: true };
}

/** `mqtt.listen` for a `listen` that stands at the wrong place. */
function elsewhere(root: JsonSchema, key: string): string | undefined {
  for (const [section, node] of Object.entries(root.properties ?? {})) {
    if (Object.hasOwn(node.properties ?? {}, key)) return `${section}.${key}`;
  }
  return undefined;
}

function wrongValue(root: JsonSchema, path: ConfigPath, value: unknown): ConfigProblem {
  const node = schemaAt(root, path);
  const name = path.length === 0 ? 'the config' : formatPath(path);
  const expected = node === undefined ? 'something else' : typeInWords(node);
  const found = valueAt(value, path);
  if (found === undefined) return { path, text: `${name} is missing: expected ${expected}` };
  if (Array.isArray(found) && node?.type === 'array') {
    return { path, text: `${name}: ${listLength(node, found.length)}` };
  }
  const shown = path.at(-1) === 'password' ? 'something else' : show(found);
  return { path, text: `${name}: expected ${expected}, found ${shown}` };
}

function listLength(node: JsonSchema, found: number): string {
  if (found === 0) return `expected at least ${node.minItems ?? 1} entry, found an empty list`;
  return `expected fewer entries, found ${found}`;
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) {
      return undefined;
    }
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
