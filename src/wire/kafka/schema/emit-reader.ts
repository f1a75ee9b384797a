import { typeTextOf } from './emit-types.ts';
import type { ScalarType, SchemaField, SchemaStruct } from './parse-schema.ts';
import { fixedBytes, isWithin } from './parse-schema.ts';
import type { EmitContext } from './version-condition.ts';
import { conditionOf, flexibleTextOf, tagConditionOf } from './version-condition.ts';
import { plainFieldsOf, taggedFieldsOf } from './version-condition.ts';

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
  if (taggedFieldsOf(struct.fields).length > 0) return emitTaggedBody(struct, context);
  const plain = struct.fields.map((field) => `    ${field.name}: ${readTextOf(field, context)},\n`);
  const skip = context.flexibleFrom > context.all.max ? '' : '  if (flexible) reader.skipTags();\n';
  return `  const value: ${struct.typeName} = {\n${plain.join('')}  };\n${skip}  return value;\n`;
}

/** Neither a closure nor a copy of the object: a Fetch has a hundred of these structs. */
function emitTaggedBody({ fields }: SchemaStruct, context: EmitContext): string {
  const plain = plainFieldsOf(fields);
  const tagged = taggedFieldsOf(fields);
  const names = [...plain, ...tagged].map(({ name }) => name).join(', ');
  return (
    plain.map((field) => `  const ${field.name} = ${readTextOf(field, context)};\n`).join('') +
    tagged.map((f) => `  let ${f.name}: ${typeTextOf(f)} = ${f.defaultText};\n`).join('') +
    `  let left = flexible ? reader.unsignedVarint() : 0;\n` +
    `  for (; left > 0 && !reader.failed; left--) {\n` +
    `    const tag = reader.beginTag();\n    const end = reader.tagEnd;\n    ` +
    tagged.map((field) => emitTag(field, context)).join('') +
    `reader.skipTag();\n    reader.endTag(end);\n  }\n  return { ${names} };\n`
  );
}

function emitTag(field: SchemaField, context: EmitContext): string {
  const condition = tagConditionOf(field, context);
  const found = `tag === ${field.tag}${condition === '' ? '' : ` && ${condition}`}`;
  return `if (${found}) ${field.name} = ${presentTextOf(field, context)};\n    else `;
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
  return fixedBytes[type] ?? (flexible ? 1 : type === 'string' ? 2 : 4);
}
