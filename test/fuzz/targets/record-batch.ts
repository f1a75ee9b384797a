import { uuid } from '../../../src/base/brand.ts';
import { bytesEqual } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { Result } from '../../../src/base/result.ts';
import type { ErrorCode } from '../../../src/base/errors.ts';
import { checkProducedBatch } from '../../../src/wire/kafka/batch-check.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import type { BatchScan } from '../../../src/wire/kafka/batch-scan.ts';
import { readControlType } from '../../../src/wire/kafka/control-record.ts';
import { patchForForward } from '../../../src/wire/kafka/header-patch.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import type { RecordBatchHeader } from '../../../src/wire/kafka/record-batch-header.ts';
import {
  isBatchCrcValid,
  readRecordBatchHeader,
} from '../../../src/wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import { buildVotersBatch, readVoters } from '../../../src/wire/kafka/voters-record.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { randomBatch, repairBatch } from '../grammar/batch.ts';

interface Read {
  readonly scan: BatchScan;
  readonly produced: Result<RecordBatchHeader, ErrorCode>;
  readonly records: number;
  readonly headers: number;
  readonly faults: string;
  readonly voters: number;
}

/** Header, records, their headers, control records, and what makes batches out of them again. */
export const recordBatchTarget: FuzzTarget<Read> = {
  name: 'record-batch',
  inputBytesMax: 32 * 1024,
  generate(prng) {
    if (prng.chance(0.05)) return votersBatch(prng);
    const first = randomBatch(prng);
    if (prng.chance(0.8)) return first;
    const second = randomBatch(prng);
    const both = new Uint8Array(first.length + second.length);
    both.set(first);
    both.set(second, first.length);
    return both;
  },
  repair: (input) => repairBatch(input.slice()),
  execute(bytes) {
    const scan = scanBatches(bytes);
    const produced = checkProducedBatch(bytes, 1_000_000);
    let [records, headers, faults, voters] = [0, 0, '', 0];
    for (const header of scan.headers) {
      if (header.isControl) faults += readControlType(bytes, header) ?? 'no type';
      voters += readVoters(bytes, header)?.length ?? 0;
      const opened = iterateRecords(bytes, header);
      if (!opened.ok) faults += opened.error;
      else {
        while (opened.value.next()) {
          records++;
          headers += opened.value.headers().length;
          opened.value.key();
          opened.value.value();
        }
        faults += opened.value.fault ?? '';
      }
    }
    return { scan, produced, records, headers, faults, voters };
  },
  check(bytes, { scan, produced, records, headers, faults, voters }) {
    if (records * 7 > bytes.length) throw new Error('more records than bytes');
    for (const header of scan.headers) checkPatched(bytes, header);
    if (produced.ok) checkRebuilt(bytes, produced.value);
    const verdict = produced.ok ? 'taken' : produced.error;
    const sizes = `${Math.min(scan.headers.length, 3)}/${Math.min(records, 12)}`;
    return `${verdict} ${scan.fault ?? 'whole'} ${sizes}/${Math.min(headers, 5)} ${faults} ${voters}`;
  },
  // Headers are decoded into objects: a name, a view and what holds them. So are voters.
  allowance: (_bytes, { headers, records, voters }) => headers * 320 + records * 240 + voters * 320,
};

function votersBatch(prng: Prng): Uint8Array {
  const voters = Array.from({ length: 1 + prng.below(5) }, (_, index) => ({
    nodeId: index + prng.below(2),
    directoryId: uuid('0b5c1f5e-6a1b-4c7d-8e9f-102030405060'),
    isWitness: prng.chance(0.3),
  }));
  const place = { baseOffset: prng.below(100), leaderEpoch: prng.below(4), timestamp: 1_000 };
  return buildVotersBatch(voters, place);
}

/** A forwarded copy passes its check exactly because the stored batch did. */
function checkPatched(bytes: Uint8Array, header: RecordBatchHeader): void {
  const identity = { producerId: 7n, producerEpoch: 1, baseSequence: 3, isTransactional: true };
  const patched = patchForForward(bytes, header, identity);
  const read = readRecordBatchHeader(patched);
  if (!read.ok) throw new Error(`a patched batch is ${read.error}`);
  if (!isBatchCrcValid(patched, read.value)) throw new Error('a patched batch fails its check');
}

/** What is taken from a producer and is not compressed comes back the same from our builder. */
function checkRebuilt(bytes: Uint8Array, header: RecordBatchHeader): void {
  if (header.recordCount !== header.lastOffsetDelta + 1) throw new Error('taken with a hole');
  if (header.codec !== 0) return;
  const first = rebuilt(bytes, header);
  const again = readRecordBatchHeader(first);
  if (!again.ok) throw new Error(`a rebuilt batch is ${again.error}`);
  if (!bytesEqual(first, rebuilt(first, again.value))) throw new Error('rebuilding is not stable');
  if (again.value.recordCount !== header.recordCount) throw new Error('records were lost');
}

function rebuilt(bytes: Uint8Array, header: RecordBatchHeader): Uint8Array {
  const records = iterateRecords(bytes, header);
  if (!records.ok) throw new Error('a taken batch cannot be read');
  const builder = new RecordBatchBuilder(256);
  const one = records.value;
  while (one.next()) builder.append(one.timestamp, one.key(), one.value(), one.encodedHeaders());
  if (one.fault !== undefined) throw new Error('a taken batch has a fault');
  return builder.finish();
}
