import type { SchemaField, VersionRange } from './parse-schema.ts';

/** What the emitters know of the table at hand. */
export interface EmitContext {
  readonly all: VersionRange;
  /** Infinity: never flexible. */
  readonly flexibleFrom: number;
}

/** TypeScript text that is true in `range`; empty if that is every version of the table. */
export function conditionOf(range: VersionRange, all: VersionRange): string {
  const parts: string[] = [];
  if (range.min > all.min) parts.push(`version >= ${range.min}`);
  if (range.max < all.max) parts.push(`version <= ${range.max}`);
  return parts.join(' && ');
}

/** TypeScript text that is true where a flexible version has a tagged field; empty: always. */
export const tagConditionOf = (
  { versions }: SchemaField,
  { all, flexibleFrom }: EmitContext,
): string => (versions.min > Math.max(all.min, flexibleFrom) ? `version >= ${versions.min}` : '');

/** The declaration of `flexible`, for a table whose versions differ in that. */
export function flexibleTextOf({ all, flexibleFrom }: EmitContext): string {
  if (flexibleFrom > all.max) return 'false';
  return flexibleFrom <= all.min ? 'true' : `version >= ${flexibleFrom}`;
}

export const taggedFieldsOf = (fields: readonly SchemaField[]): readonly SchemaField[] =>
  fields.filter(({ tag }) => tag !== undefined);

export const plainFieldsOf = (fields: readonly SchemaField[]): readonly SchemaField[] =>
  fields.filter(({ tag }) => tag === undefined);
