import { assert } from '../../../base/assert.ts';
import type { SchemaBody } from './api-schema.ts';

/** Inclusive. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export type ScalarType =
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'producerId'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'uuid';

/** One field of a struct, all defaults made explicit. */
export interface SchemaField {
  readonly name: string;
  readonly type: ScalarType | SchemaStruct;
  readonly isArray: boolean;
  readonly versions: VersionRange;
  /** Versions in which it may be null. */
  readonly nullable: VersionRange | undefined;
  readonly tag: number | undefined;
  /** As TypeScript text. */
  readonly defaultText: string;
}

/** A struct with the name of its TypeScript interface. */
export interface SchemaStruct {
  readonly typeName: string;
  readonly fields: readonly SchemaField[];
}

const scalarDefaults: Readonly<Record<ScalarType, string>> = {
  int8: '0',
  int16: '0',
  uint16: '0',
  int32: '0',
  int64: '0',
  producerId: '0n',
  boolean: 'false',
  string: "''",
  bytes: 'new Uint8Array(0)',
  uuid: 'zeroUuid',
};

/** Bytes of the types that always take the same. */
export const fixedBytes: Readonly<Partial<Record<ScalarType, number>>> = {
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  producerId: 8,
  boolean: 1,
  uuid: 16,
};

/** Whether every version of `inner` is in `outer`. */
export const isWithin = (inner: VersionRange, outer: VersionRange | undefined): boolean =>
  outer !== undefined && inner.min >= outer.min && inner.max <= outer.max;

/** `3`, `3+` or `3-5`; an open end ends with `all`. */
export function parseVersions(text: string, all: VersionRange): VersionRange {
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text);
  assert(match !== null, `versions "${text}"`);
  const min = Number(match[1]);
  if (match[2] === undefined) return { min, max: min };
  return { min, max: match[3] === undefined ? all.max : Number(match[3]) };
}

/**
 * Turns the lines of one body into a struct. Structs of arrays take the prefix for their
 * interface's name.
 */
export function parseBody(
  typeName: string,
  body: SchemaBody,
  all: VersionRange,
  prefix = typeName,
): SchemaStruct {
  const fields: SchemaField[] = [];
  body.forEach((line, index) => {
    if (typeof line !== 'string') return;
    const below = body[index + 1];
    const children = typeof below === 'string' ? undefined : below;
    fields.push(parseField(line, children, all, prefix));
  });
  return { typeName, fields };
}

function parseField(
  line: string,
  children: SchemaBody | undefined,
  all: VersionRange,
  prefix: string,
): SchemaField {
  const [name = '', notation = '', ...options] = line.split(' ');
  const [, question, array, base = ''] = /^(\?)?(\[\])?(\w+)$/.exec(notation) ?? [];
  const versions = parseVersions(options.find((option) => /^\d/.test(option)) ?? '0+', all);
  const nullText = optionOf(options, 'null');
  const nullable = question === undefined ? nullText && parseVersions(nullText, all) : versions;
  const isArray = array !== undefined;
  const tag = optionOf(options, 'tag');
  return {
    name,
    type: typeOf(base, children, all, prefix),
    isArray,
    versions,
    nullable: nullable || undefined,
    tag: tag === undefined ? undefined : Number(tag),
    defaultText: defaultTextOf(base, optionOf(options, 'default'), isArray, Boolean(question)),
  };
}

function typeOf(
  base: string,
  children: SchemaBody | undefined,
  all: VersionRange,
  prefix: string,
): ScalarType | SchemaStruct {
  if (base in scalarDefaults) return base as ScalarType;
  assert(children !== undefined, `struct ${base} has fields`);
  return parseBody(prefix + base, children, all, prefix);
}

const optionOf = (options: readonly string[], key: string): string | undefined =>
  options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);

function defaultTextOf(
  base: string,
  given: string | undefined,
  isArray: boolean,
  isNullable: boolean,
): string {
  if (given !== undefined) return base === 'producerId' ? `${given}n` : given;
  if (isNullable) return 'null';
  if (isArray) return '[]';
  const text = (scalarDefaults as Readonly<Record<string, string>>)[base];
  assert(text !== undefined, `a struct outside of an array, such as ${base}, is nullable`);
  return text;
}
