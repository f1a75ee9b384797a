import { typeTextOf } from './emit-types.ts';
import type { ScalarType, SchemaField, SchemaStruct } from './parse-schema.ts';
import { isWithin } from './parse-schema.ts';
import type { EmitContext } from './version-condition.ts';
import { conditionOf, flexibleTextOf, plainFieldsOf, taggedFieldsOf } from './version-condition.ts';

const scalarReads: Readonly<Record<ScalarType, string>> = {
  int8: 'int8()',
  int16: 'int16()',
  uint16: 'uint16()',
  int32: 'int32()',
  int64: 'int64()',
  producerId: 'bigInt64()',
  boolean: 'boolean()',
  string: 'string(flexible)',
  bytes: 'sizedBytes(flexible)',
  uuid: 'uuid()',
};

const nullableReads: Readonly<Partial<Record<ScalarType, string>>> = {
  string: 'nullableString(flexible)',
  bytes: 'nullableBytes(flexible)',
};

/** The function that reads one struct. */
export function emitReader(struct: SchemaStruct, context: EmitContext): string {
  const body = emitBody(struct, context);
  const flexible = flexibleTextOf(context);
  const declaration = /\bflexible\b/.test(body) ? `  const flexible = ${flexible};\n` : '';
  const text = declaration + body;
  const version = /\bversion\b/.test(text) ? 'version' : '_version';
  const parameters = `reader: ProtocolReader, ${version}: number`;
  return `function read${struct.typeName}(${parameters}): ${struct.typeName} {\n${text}}\n`;
}

function emitBody(struct: SchemaStruct, context: EmitContext): string {
  const tagged = taggedFieldsOf(struct.fields);
  const plain = plainFieldsOf(struct.fields)
    .map((field) => `    ${field.name}: ${readTextOf(field, context)},\n`)
    .join('');
  const skip = context.flexibleFrom > context.all.max ? '' : '  if (flexible) reader.skipTags();\n';
  if (tagged.length === 0) {
    return `  const value: ${struct.typeName} = {\n${plain}  };\n${skip}  return value;\n`;
  }
  const names = tagged.map(({ name }) => name).join(', ');
  const declarations = tagged.map(
    (field) => `  let ${field.name}: ${typeTextOf(field)} = ${field.defaultText};\n`,
  );
  return (
    `  const plain = {\n${plain}  };\n${declarations.join('')}` +
    `  if (flexible) {\n    reader.tags((tag) => {\n` +
    tagged.map((field) => emitTag(field, context)).join('') +
    `      return false;\n    });\n  }\n  return { ...plain, ${names} };\n`
  );
}

function emitTag(field: SchemaField, context: EmitContext): string {
  const isNewer = field.versions.min > context.flexibleFrom;
  const condition = isNewer ? ` && version >= ${field.versions.min}` : '';
  return (
    `      if (tag === ${field.tag}${condition}) {\n` +
    `        ${field.name} = ${presentTextOf(field, context)};\n        return true;\n      }\n`
  );
}

function readTextOf(field: SchemaField, context: EmitContext): string {
  const condition = conditionOf(field.versions, context.all);
  const text = presentTextOf(field, context);
  return condition === '' ? text : `${condition} ? ${text} : ${field.defaultText}`;
}

/** The read of a field that is there. */
function presentTextOf(field: SchemaField, context: EmitContext): string {
  const strict = callTextOf(field, context, false);
  if (field.nullable === undefined) return strict;
  const nullable = callTextOf(field, context, true);
  if (isWithin(field.versions, field.nullable)) return nullable;
  return `(${conditionOf(field.nullable, context.all)} ? ${nullable} : ${strict})`;
}

function callTextOf(field: SchemaField, context: EmitContext, isNullable: boolean): string {
  if (field.isArray && field.type === 'int32') return 'reader.int32Array(flexible)';
  if (field.isArray) {
    const minimum = elementBytesMin(field, context);
    const method = isNullable ? 'nullableArray' : 'array';
    return `reader.${method}(${elementReadOf(field)}, version, flexible, ${minimum})`;
  }
  if (typeof field.type !== 'string') return `read${field.type.typeName}(reader, version)`;
  const nullableRead = isNullable ? nullableReads[field.type] : undefined;
  return `reader.${nullableRead ?? scalarReads[field.type]}`;
}

function elementReadOf({ type }: SchemaField): string {
  return typeof type === 'string' ? `(r) => r.${scalarReads[type]}` : `read${type.typeName}`;
}

/** Fewest bytes of one array element in any version of the table. */
function elementBytesMin({ type }: SchemaField, context: EmitContext): number {
  const sizes: number[] = [];
  for (let version = context.all.min; version <= context.all.max; version++) {
    const flexible = version >= context.flexibleFrom;
    if (typeof type === 'string') sizes.push(scalarBytesMin(type, flexible));
    else sizes.push(structBytesMin(type, version, flexible));
  }
  return Math.min(...sizes);
}

function structBytesMin(struct: SchemaStruct, version: number, flexible: boolean): number {
  let bytes = flexible ? 1 : 0;
  for (const { versions, type, isArray } of plainFieldsOf(struct.fields)) {
    if (version < versions.min || version > versions.max) continue;
    if (isArray || typeof type !== 'string') bytes += flexible ? 1 : 4;
    else bytes += scalarBytesMin(type, flexible);
  }
  return bytes;
}

function scalarBytesMin(type: ScalarType, flexible: boolean): number {
  if (type === 'string') return flexible ? 1 : 2;
  if (type === 'bytes') return flexible ? 1 : 4;
  const fixed = { int8: 1, boolean: 1, int16: 2, uint16: 2, int32: 4, int64: 8, producerId: 8 };
  return type === 'uuid' ? 16 : fixed[type];
}
