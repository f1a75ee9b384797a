import type { ScalarType, SchemaField, SchemaStruct } from './parse-schema.ts';

const typeTexts: Readonly<Record<ScalarType, string>> = {
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  int64: 'number',
  producerId: 'bigint',
  boolean: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
  uuid: 'Uuid',
};

/** The TypeScript type of a field. */
export function typeTextOf(field: SchemaField): string {
  const element = typeof field.type === 'string' ? typeTexts[field.type] : field.type.typeName;
  const text = field.isArray ? `readonly ${element}[]` : element;
  return field.nullable === undefined ? text : `${text} | null`;
}

/** The interface of a struct. */
export function emitInterface(struct: SchemaStruct): string {
  const lines = struct.fields.map((field) => `  readonly ${field.name}: ${typeTextOf(field)};`);
  return `export interface ${struct.typeName} {\n${lines.join('\n')}\n}\n`;
}
