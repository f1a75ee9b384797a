import type { ErrorRow } from '../base/errors.ts';
import { errorTable } from '../base/errors.ts';
import { markdownTable } from './markdown-table.ts';

/** README's table of errors, from the one error table. */
export function errorTableMarkdown(): string {
  const entries: readonly (readonly [string, ErrorRow])[] = Object.entries(errorTable);
  const rows = entries.map(([code, row]) => [
    `\`${code}\``,
    row.kafkaCode === undefined ? '' : String(row.kafkaCode),
    row.mqttReason === undefined ? '' : `0x${row.mqttReason.toString(16)}`,
    row.retriable ? 'yes' : 'no',
    row.text,
  ]);
  return markdownTable(['error', 'Kafka', 'MQTT 5', 'try again', 'meaning'], rows);
}
