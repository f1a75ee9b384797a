/**
 * The notation of the schema tables. A body is a list of lines; a list behind a line holds the
 * fields of the struct that the line names. A line is
 *
 *   name type [versions] [null=versions] [tag=number] [default=value]
 *
 * with a type of int8 int16 uint16 int32 int64 producerId boolean string bytes uuid, `[]` in front
 * for an array, or a struct's own name. `?` in front of the type: null in every version that has
 * the field. Versions are `3`, `3+` or `3-5`; none: every version of the table. A tagged field is
 * there from the first flexible version on, and is left out of the bytes while it has its default.
 * A field that a version lacks is read as its default. Tags from 10000 on are ours.
 */
export type SchemaBody = readonly (string | SchemaBody)[];

/** One API key: what the tables say and the generator turns into a codec. */
export interface ApiSchema {
  readonly key: number;
  readonly name: string;
  /** The versions that the codec speaks, `min-max`. */
  readonly versions: string;
  /** First version with compact lengths and tagged fields; undefined: none has them. */
  readonly flexibleFrom: number | undefined;
  readonly request: SchemaBody;
  readonly response: SchemaBody;
}
