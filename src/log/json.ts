export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The value of a JSON text, undefined if it is none. A checksum that fits says that nobody changed
 * the bytes, not that we wrote them: what is read from a file is looked at before it is believed.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether it is an offset, an epoch, a size or a number of things. */
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
