import { uuid } from '../base/brand.ts';
import type { Uuid } from '../base/brand.ts';
import { utf8Decode, utf8Encode } from '../base/bytes.ts';

/** File name, as Kafka has it. */
export const partitionMetadataName = 'partition.metadata';

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const pattern = /^version: 0\ntopic_id: ([A-Za-z0-9_-]{22})\n?$/;

/**
 * Kafka's text: whose folder this is (L1, V6). Topic ids are URL-safe base64 of the sixteen bytes,
 * as Kafka prints them.
 */
export function encodePartitionMetadata(topicId: Uuid): Uint8Array {
  return utf8Encode(`version: 0\ntopic_id: ${toBase64(topicId)}\n`);
}

/** The topic id in a file; undefined if it is not one that we can read. */
export function decodePartitionMetadata(bytes: Uint8Array): Uuid | undefined {
  const match = pattern.exec(utf8Decode(bytes));
  return match === null ? undefined : fromBase64(match[1] as string);
}

function toBase64(id: Uuid): string {
  // 128 bits and four zero bits are 22 digits of six.
  let bits = BigInt(`0x${id.replaceAll('-', '')}`) << 4n;
  let text = '';
  for (let left = 22; left > 0; left--) {
    text = (digits[Number(bits & 63n)] as string) + text;
    bits >>= 6n;
  }
  return text;
}

function fromBase64(text: string): Uuid {
  let bits = 0n;
  for (const digit of text) bits = (bits << 6n) | BigInt(digits.indexOf(digit));
  const hex = (bits >> 4n).toString(16).padStart(32, '0');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return uuid([...parts, hex.slice(20)].join('-'));
}
