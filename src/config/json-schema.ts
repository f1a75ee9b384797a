import { z } from 'zod';

import type { ConfigPath } from './problem.ts';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that zod produces for our config. */
export interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

/**
 * JSON schema of the config file, for editors and for everything here that looks at the shape of
 * the config.
 */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
}

/** The schema of the value at `path`, or undefined if the config has no such place. */
export function schemaAt(root: JsonSchema, path: ConfigPath): JsonSchema | undefined {
  let node: JsonSchema | undefined = root;
  for (const part of path) {
    node = typeof part === 'number' ? node?.items : ownProperty(node, part);
  }
  return node;
}

function ownProperty(node: JsonSchema | undefined, key: string): JsonSchema | undefined {
  const properties = node?.properties;
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** A type in words: `whole number from 1 to 256`, `"auto" or whole number`, `host:port`. */
export function typeInWords(node: JsonSchema): string {
  if (node.anyOf !== undefined) return node.anyOf.map(typeInWords).join(' or ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (node.type === 'integer') return `whole number${rangeInWords(node)}`;
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'array')
    return `list of ${node.items?.title ?? (node.items?.type === 'object' ? 'sections' : 'values')}`;
  if (node.type === 'object') return 'section with keys';
  return node.title ?? 'text';
}

function rangeInWords(node: JsonSchema): string {
  const { minimum, maximum } = node;
  const hasMax = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (minimum === undefined) return hasMax ? ` up to ${maximum}` : '';
  return hasMax ? ` from ${minimum} to ${maximum}` : ` from ${minimum}`;
}
