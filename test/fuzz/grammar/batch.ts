import { gzipSync } from 'node:zlib';
import { setBigInt64, setInt16, setInt32 } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import {
  batchOverheadBytes,
  batchPosition,
  computeBatchCrc,
} from '../../../src/wire/kafka/record-batch-header.ts';
import { encodeRecordHeaders, noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import { interestingNumbers } from '../engine/mutate.ts';

export function randomBytes(prng: Prng, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = prng.below(256);
  return bytes;
}

const lengths = [0, 1, 2, 5, 20, 64, 300] as const;

/** A batch as a builder makes it, or compressed, or with a field that hurts and a CRC that fits. */
export function randomBatch(prng: Prng, baseOffset = prng.below(1_000)): Uint8Array {
  const plain = builtBatch(prng, baseOffset);
  const batch = prng.chance(0.2) ? packed(plain, prng) : plain;
  if (prng.chance(0.4)) hurt(batch, prng);
  return repairBatch(batch);
}

function builtBatch(prng: Prng, baseOffset: number): Uint8Array {
  const builder = new RecordBatchBuilder(256);
  const isCrowded = prng.chance(0.01);
  const count = isCrowded ? 4_000 : prng.pick([1, 1, 2, 3, 10, 100]);
  for (let index = 0; index < count; index++) {
    if (isCrowded) {
      builder.append(1_000, undefined, undefined, noRecordHeaders);
      continue;
    }
    const headers = prng.chance(0.3)
      ? encodeRecordHeaders([{ key: 'mqtt.topic', value: randomBytes(prng, prng.pick(lengths)) }])
      : noRecordHeaders;
    const key = prng.chance(0.5) ? randomBytes(prng, prng.pick(lengths)) : undefined;
    const value = prng.chance(0.8) ? randomBytes(prng, prng.pick(lengths)) : undefined;
    builder.append(1_000 + prng.below(5), key, value, headers);
  }
  const isIdempotent = prng.chance(0.5);
  return builder.finish({
    baseOffset,
    leaderEpoch: prng.below(4),
    isControl: prng.chance(0.1),
    isTransactional: prng.chance(0.1),
    ...(isIdempotent ? { producerId: BigInt(prng.below(9)), producerEpoch: 0 } : {}),
    ...(isIdempotent ? { baseSequence: prng.below(100) } : {}),
  });
}

/** The records in gzip; at times far more of them than the header says. */
function packed(plain: Uint8Array, prng: Prng): Uint8Array {
  const records = plain.subarray(batchOverheadBytes);
  const isBomb = prng.chance(0.05);
  const opened = isBomb ? new Uint8Array(prng.pick([100_000, 1_000_000])) : records;
  const body = gzipSync(opened, { level: 1 });
  const batch = new Uint8Array(batchOverheadBytes + body.length);
  batch.set(plain.subarray(0, batchOverheadBytes));
  batch.set(body, batchOverheadBytes);
  setInt16(batch, batchPosition.attributes, prng.chance(0.9) ? 1 : 2 + prng.below(6));
  return batch;
}

function hurt(batch: Uint8Array, prng: Prng): void {
  const value = prng.pick(interestingNumbers);
  const wide = batchPosition.lastOffsetDelta;
  const places = [wide, batchPosition.recordCount, batchPosition.baseSequence];
  switch (prng.below(4)) {
    case 0:
      setInt32(batch, prng.pick(places), value);
      break;
    case 1:
      setBigInt64(batch, prng.pick([0, 27, 35, 43]), BigInt(value) << BigInt(prng.below(33)));
      break;
    case 2:
      setInt16(batch, prng.pick([batchPosition.attributes, 51]), value);
      break;
    default:
      if (batch.length > batchOverheadBytes) {
        const place = batchOverheadBytes + prng.below(batch.length - batchOverheadBytes);
        batch[place] = prng.pick([0, 1, 0x7f, 0x80, 0xff, prng.below(256)]);
      }
  }
}

/** Sets length and CRC of the batch that fills `batch`. */
export function repairBatch(batch: Uint8Array): Uint8Array {
  if (batch.length < batchOverheadBytes) return batch;
  setInt32(batch, batchPosition.batchLength, batch.length - 12);
  batch[batchPosition.magic] = 2;
  setInt32(batch, batchPosition.crc, computeBatchCrc(batch, 0, batch.length));
  return batch;
}
