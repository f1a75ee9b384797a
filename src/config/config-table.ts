import type { JsonSchema } from './json-schema.ts';
import { configJsonSchema, typeInWords } from './json-schema.ts';
import { markdownTable } from './markdown-table.ts';

/** One line of the reference: a key that takes a value. */
export interface ConfigKey {
  /** `topics[].name`. */
  readonly key: string;
  readonly type: string;
  /** As it would stand in the file; undefined if the key has no default of its own. */
  readonly defaultValue: string | undefined;
  readonly isRequired: boolean;
  readonly meaning: string;
}

/** Every key of the config in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return keysOf(configJsonSchema(), '');
}

/** README's config reference, as a Markdown table. */
export function configTable(): string {
  const rows = configKeys().map((row) => [
    `\`${row.key}\``,
    row.type,
    row.defaultValue === undefined
      ? row.isRequired
        ? '(required)'
        : ''
      : `\`${row.defaultValue}\``,
    row.meaning,
  ]);
  return markdownTable(['key', 'type', 'default', 'meaning'], rows);
}

function keysOf(section: JsonSchema, prefix: string): ConfigKey[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, node]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (node.properties !== undefined) return keysOf(node, key);
    if (node.items?.properties !== undefined) return keysOf(node.items, `${key}[]`);
    const isRequired = section.required?.includes(name) ?? false;
    return [{ key, type: typeInWords(node), isRequired, ...wordsOf(node) }];
  });
}

function wordsOf(node: JsonSchema): Pick<ConfigKey, 'defaultValue' | 'meaning'> {
  const { default: value, description } = node;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { defaultValue: value === undefined ? undefined : text, meaning: description ?? '' };
}
