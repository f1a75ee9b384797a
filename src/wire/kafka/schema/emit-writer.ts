import type { ScalarType, SchemaField, SchemaStruct } from './parse-schema.ts';
import { fixedBytes, isWithin } from './parse-schema.ts';
import type { EmitContext } from './version-condition.ts';
import { conditionOf, flexibleTextOf, tagConditionOf } from './version-condition.ts';
import { plainFieldsOf, taggedFieldsOf } from './version-condition.ts';

const scalarMethods: Readonly<Record<ScalarType, string>> = {
  int8: 'int8',
  int16: 'int16',
  uint16: 'int16',
  int32: 'int32',
  int64: 'int64',
  producerId: 'bigInt64',
  boolean: 'boolean',
  string: 'string',
  bytes: 'sizedBytes',
  uuid: 'uuid',
};

const nullableMethods: Readonly<Partial<Record<ScalarType, string>>> = {
  string: 'nullableString',
  bytes: 'nullableBytes',
};

/** The function that writes one struct. */
export function emitWriter(struct: SchemaStruct, context: EmitContext): string {
  const plain = plainFieldsOf(struct.fields).map((field) => emitField(field, context));
  const body = plain.join('') + emitTags(struct, context);
  const flexible = flexibleTextOf(context);
  const declaration = /\bflexible\b/.test(body) ? `  const flexible = ${flexible};\n` : '';
  const text = declaration + body;
  const version = /\bversion\b/.test(text) ? 'version' : '_version';
  const value = /\bvalue\b/.test(text) ? 'value' : '_value';
  const parameters = `writer: ProtocolWriter, ${value}: ${struct.typeName}, ${version}: number`;
  return `function write${struct.typeName}(${parameters}): void {\n${text}}\n`;
}

function emitField(field: SchemaField, context: EmitContext): string {
  const condition = conditionOf(field.versions, context.all);
  const text = emitPresent(field, context);
  return condition === '' ? text : `  if (${condition}) {\n  ${text}  }\n`;
}

/** The write of a field that this version has. Null where the version has no null is our bug. */
function emitPresent(field: SchemaField, context: EmitContext): string {
  const access = `value.${field.name}`;
  if (field.nullable === undefined) return `  ${callTextOf(field, 'writer', access, false)};\n`;
  const nullable = callTextOf(field, 'writer', access, true);
  if (isWithin(field.versions, field.nullable)) return `  ${nullable};\n`;
  const there = `present(${access}, '${field.name} is not null in this version')`;
  const strict = callTextOf(field, 'writer', there, false);
  const condition = conditionOf(field.nullable, context.all);
  return `  if (${condition}) ${nullable};\n  else ${strict};\n`;
}

function emitTags(struct: SchemaStruct, context: EmitContext): string {
  if (context.flexibleFrom > context.all.max) return '';
  const tagged = taggedFieldsOf(struct.fields);
  if (tagged.length === 0) return '  if (flexible) writer.tagCount();\n';
  const lines: string[] = [];
  for (const field of tagged) {
    lines.push(`const { ${field.name} } = value;`);
    lines.push(`const ${hasName(field)} = ${isThereTextOf(field, context)};`);
  }
  const count = tagged.map((field) => `(${hasName(field)} ? 1 : 0)`).join(' + ');
  lines.push(`writer.tagCount(${count});`, ...byTag(tagged).map(emitTag));
  return `  if (flexible) {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}

const byTag = (tagged: readonly SchemaField[]): readonly SchemaField[] =>
  tagged.toSorted((a, b) => (a.tag ?? 0) - (b.tag ?? 0));

/** What says its size beforehand is written in place. */
function emitTag(field: SchemaField): string {
  const { type, tag } = field;
  const bytes = field.isArray || typeof type !== 'string' ? undefined : fixedBytes[type];
  if (bytes === undefined) {
    const call = callTextOf(field, 'field', field.name, false);
    return `if (${hasName(field)}) writer.tag(${tag}, (field) => ${call});`;
  }
  const call = callTextOf(field, 'writer', field.name, false);
  return `if (${hasName(field)}) {\n writer.beginTag(${tag}, ${bytes});\n ${call};\n}`;
}

const hasName = ({ name }: SchemaField): string =>
  `has${(name[0] ?? '').toUpperCase()}${name.slice(1)}`;

function isThereTextOf(field: SchemaField, context: EmitContext): string {
  const condition = tagConditionOf(field, context);
  const differs = field.isArray
    ? `${field.name}.length > 0`
    : `${field.name} !== ${field.defaultText}`;
  return condition === '' ? differs : `${condition} && ${differs}`;
}

function callTextOf(
  field: SchemaField,
  writer: string,
  access: string,
  isNullable: boolean,
): string {
  const { type } = field;
  if (field.isArray) {
    const method = isNullable ? 'nullableArray' : 'array';
    return `${writer}.${method}(${access}, ${elementWriteOf(type)}, version, flexible)`;
  }
  if (typeof type !== 'string') return `write${type.typeName}(${writer}, ${access}, version)`;
  const method = (isNullable ? nullableMethods[type] : undefined) ?? scalarMethods[type];
  const sized = type === 'string' || type === 'bytes';
  return `${writer}.${method}(${access}${sized ? ', flexible' : ''})`;
}

function elementWriteOf(type: ScalarType | SchemaStruct): string {
  if (typeof type !== 'string') return `write${type.typeName}`;
  const sized = type === 'string' || type === 'bytes';
  return `(w, element) => w.${scalarMethods[type]}(element${sized ? ', flexible' : ''})`;
}
