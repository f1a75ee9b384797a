import type { ApiSchema } from './api-schema.ts';
import { emitReader } from './emit-reader.ts';
import { emitInterface } from './emit-types.ts';
import { emitWriter } from './emit-writer.ts';
import type { SchemaStruct } from './parse-schema.ts';
import { parseBody, parseVersions } from './parse-schema.ts';
import type { EmitContext } from './version-condition.ts';

/** A file of the `generated` folder. */
export interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

/** The codec of one table as TypeScript, not yet formatted. Pure. */
export function generateCodec(schema: ApiSchema): GeneratedFile {
  const all = parseVersions(schema.versions, { min: 0, max: 0 });
  const context: EmitContext = { all, flexibleFrom: schema.flexibleFrom ?? Infinity };
  const request = parseBody(`${schema.name}Request`, schema.request, all);
  const response = parseBody(`${schema.name}Response`, schema.response, all);
  const structs = [...structsOf(request), ...structsOf(response)];
  const body = [
    ...structs.map(emitInterface),
    ...structs.map((struct) => emitReader(struct, context)),
    ...structs.map((struct) => emitWriter(struct, context)),
    emitCodec(schema, context),
  ].join('\n');
  return { name: fileNameOf(schema), text: `${emitImports(body)}\n${body}` };
}

/** Inner structs first. */
function structsOf(struct: SchemaStruct): readonly SchemaStruct[] {
  const inner = struct.fields.flatMap(({ type }) =>
    typeof type === 'string' ? [] : structsOf(type),
  );
  return [...inner, struct];
}

function emitCodec(schema: ApiSchema, { all, flexibleFrom }: EmitContext): string {
  const { key, name } = schema;
  const constant = `${(name[0] ?? '').toLowerCase()}${name.slice(1)}Codec`;
  return `/** ${name}, API key ${key}. */
export const ${constant}: ApiCodec<${name}Request, ${name}Response> = {
  key: ${key},
  name: '${name}',
  versionMin: ${all.min},
  versionMax: ${all.max},
  flexibleFrom: ${flexibleFrom},
  readRequest: read${name}Request,
  writeRequest: write${name}Request,
  readResponse: read${name}Response,
  writeResponse: write${name}Response,
};
`;
}

function emitImports(body: string): string {
  const lines = [
    '// Generated from the tables in src/wire/kafka/schema (npm run generate): edit those.',
  ];
  if (/\bpresent\(/.test(body)) lines.push("import { present } from '../../../base/assert.ts';");
  if (/\bUuid\b/.test(body)) lines.push("import type { Uuid } from '../../../base/brand.ts';");
  lines.push("import type { ApiCodec } from '../codec.ts';");
  lines.push("import type { ProtocolReader } from '../protocol-reader.ts';");
  if (/\bzeroUuid\b/.test(body)) lines.push("import { zeroUuid } from '../protocol-reader.ts';");
  lines.push("import type { ProtocolWriter } from '../protocol-writer.ts';");
  return `${lines.join('\n')}\n`;
}

function fileNameOf({ key, name }: ApiSchema): string {
  const kebab = name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  return `${String(key).padStart(2, '0')}-${kebab}.ts`;
}
