import { setBigInt64, setInt16, setInt32 } from '../../base/bytes.ts';
import { leaderEpoch, offset } from '../../base/brand.ts';
import { crc32c, crc32cShift } from '../../base/crc32c.ts';
import type { RecordBatchHeader } from './record-batch-header.ts';
import { batchAttribute, batchPosition, stampBatch } from './record-batch-header.ts';

/** Who produces a forwarded batch at central. */
export interface ForwardIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

/**
 * A copy of one batch as central shall get it (X6): base offset 0, leader epoch -1, the forwarder's
 * producer triple. The CRC is patched from the 40 header bytes alone; the payload is copied but not
 * read. So a payload that does not fit its stored CRC stays refused by central.
 */
export function patchForForward(
  bytes: Uint8Array,
  header: RecordBatchHeader,
  identity: ForwardIdentity,
): Uint8Array {
  const batch = bytes.slice(header.position, header.position + header.totalBytes);
  const crcBefore = headerCrc(batch);
  stampBatch(batch, 0, offset(0), leaderEpoch(-1));
  setInt16(batch, batchPosition.attributes, attributesFor(header, identity));
  setBigInt64(batch, batchPosition.producerId, identity.producerId);
  setInt16(batch, batchPosition.producerEpoch, identity.producerEpoch);
  setInt32(batch, batchPosition.baseSequence, identity.baseSequence);
  const difference = (crcBefore ^ headerCrc(batch)) >>> 0;
  const payloadBytes = header.totalBytes - batchPosition.records;
  setInt32(batch, batchPosition.crc, header.crc ^ crc32cShift(difference, payloadBytes));
  return batch;
}

const headerCrc = (batch: Uint8Array): number =>
  crc32c(batch, batchPosition.attributes, batchPosition.records);

function attributesFor(header: RecordBatchHeader, identity: ForwardIdentity): number {
  const others = header.attributes & ~batchAttribute.transactional;
  return identity.isTransactional ? others | batchAttribute.transactional : others;
}
