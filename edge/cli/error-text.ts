import { errorTable } from '../../src/base/errors.ts';
import type { ErrorRow } from '../../src/base/errors.ts';

/** Our words for a Kafka error code. */
export function errorText(code: number): string {
  const rows: readonly (readonly [string, ErrorRow])[] = Object.entries(errorTable);
  const row = rows.find(([, { kafkaCode }]) => kafkaCode === code);
  return row === undefined ? `Kafka error ${code}` : row[1].text;
}
