import { isUtf8 } from 'node:buffer';

import type { RecordIterator } from '../../src/wire/kafka/record-iterator.ts';

const printable = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : undefined;

/** One record as a JSON line. Bytes that are not UTF-8 come as base64 under `...Base64`. */
export function recordJson(topic: string, partition: number, record: RecordIterator): string {
  const { offset, timestamp } = record;
  const headers = record
    .headers()
    .map(({ key, value }) => ({ key, ...valueFields('value', value) }));
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestamp,
    ...valueFields('key', record.key()),
    ...valueFields('value', record.value()),
    headers,
  });
}

function valueFields(name: string, bytes: Uint8Array | undefined): Record<string, string | null> {
  if (bytes === undefined) return { [name]: null };
  const text = printable(bytes);
  if (text !== undefined) return { [name]: text };
  return { [`${name}Base64`]: Buffer.from(bytes).toString('base64') };
}

/**
 * `sensors-0@17 2026-01-31T12:00:00.000Z plant/a 21.5`; what could disturb a terminal is escaped.
 */
export function recordText(topic: string, partition: number, record: RecordIterator): string {
  const time = new Date(record.timestamp).toISOString();
  const key = shown(record.key());
  return `${topic}-${partition}@${record.offset} ${time} ${key} ${shown(record.value())}`;
}

function shown(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '-';
  const text = printable(bytes);
  if (text === undefined) return `0x${Buffer.from(bytes).toString('hex')}`;
  return text.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}
