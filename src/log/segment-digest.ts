import type { Offset, TimestampMs } from '../base/brand.ts';
import { utf8Decode, utf8Encode } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import type { EpochStart } from '../ports/recovered-log.ts';
import type { VotersFrom } from '../ports/stored-voters.ts';
import { hex32 } from './hex32.ts';
import { isVotersFrom } from './is-voters.ts';
import { isCount, isJsonObject, parseJson } from './json.ts';

/**
 * The sidecar of a sealed segment (L6). With it a start trusts the segment by its size and reads
 * none of its bytes, and a scan can tell rot in bytes 0-20 of the batches, which their own CRCs do
 * not cover.
 */
export interface SegmentDigest {
  readonly baseOffset: Offset;
  readonly endOffset: Offset;
  readonly bytes: number;
  readonly batches: number;
  /** CRC-32C over bytes 0-20 of every batch, in order. */
  readonly headersCrc: number;
  readonly maxTimestamp: TimestampMs;
  readonly epochStarts: readonly EpochStart[];
  /** Of its Voters records (V1); left out where there are none. */
  readonly voterSets?: readonly VotersFrom[];
}

export function encodeDigest(digest: SegmentDigest): Uint8Array {
  const json = JSON.stringify(digest);
  return utf8Encode(`${hex32(crc32c(utf8Encode(json)))} ${json}\n`);
}

/** The digest in a file; undefined if one bit of it is wrong. */
export function decodeDigest(bytes: Uint8Array): SegmentDigest | undefined {
  const text = utf8Decode(bytes);
  const json = text.slice(9, -1);
  if (text !== `${hex32(crc32c(utf8Encode(json)))} ${json}\n`) return undefined;
  const digest = parseJson(json);
  return isDigest(digest) ? digest : undefined;
}

function isDigest(value: unknown): value is SegmentDigest {
  if (!isJsonObject(value)) return false;
  const { baseOffset, endOffset, bytes, batches, headersCrc, maxTimestamp, epochStarts } = value;
  return (
    [baseOffset, endOffset, bytes, batches, headersCrc].every(isCount) &&
    Number.isSafeInteger(maxTimestamp) &&
    Array.isArray(epochStarts) &&
    epochStarts.every(isEpochStart) &&
    isVotersFrom(value['voterSets'] ?? [])
  );
}

const isEpochStart = (value: unknown): value is EpochStart =>
  isJsonObject(value) &&
  Number.isSafeInteger(value['leaderEpoch']) &&
  isCount(value['startOffset']);
