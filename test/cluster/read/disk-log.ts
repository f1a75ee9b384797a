import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compressionNode } from '../../../edge/compression-node.ts';
import { crc32c } from '../../../src/base/crc32c.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import type { RecordBatchHeader } from '../../../src/wire/kafka/record-batch-header.ts';
import { batchOverheadBytes } from '../../../src/wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import { identityOf } from '../history/identity.ts';
import type { LogEntry } from '../history/log-copy.ts';

const batchBytesMax = 16 * 1_048_588;

/**
 * What a node that has ended holds of a partition, read off its segment files: every batch, also
 * the control batches. Throws where a file holds what is no batch: after a clean stop none does.
 */
export function* readDiskLog(
  dataDir: string,
  topic: string,
  partition: number,
): Generator<LogEntry> {
  const folder = join(dataDir, 'logs', `${topic}-${partition}`);
  const segments = readdirSync(folder).filter((name) => /^\d+\.log$/.test(name));
  for (const name of segments.toSorted()) {
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const { headers, fault } = scanBatches(bytes);
    if (fault !== undefined) throw new Error(`${join(folder, name)}: ${fault}`);
    for (const header of headers) yield* entriesOf(bytes, header);
  }
}

function* entriesOf(bytes: Uint8Array, header: RecordBatchHeader): Generator<LogEntry> {
  // The header has the CRC of what follows it, and what that CRC does not cover: place and epoch.
  const digest = crc32c(bytes, header.position, header.position + batchOverheadBytes);
  const { isControl, baseOffset } = header;
  if (isControl) {
    yield { offset: baseOffset, identity: undefined, isControl, digest };
    return;
  }
  const iterator = iterateRecords(bytes, header, {
    ...{ compression: compressionNode, bytesMax: batchBytesMax },
  });
  if (!iterator.ok) throw new Error(`the batch at ${baseOffset}: ${iterator.error}`);
  const records = iterator.value;
  while (records.next()) {
    const identity = identityOf(Buffer.from(records.value() ?? []).toString());
    yield { offset: records.offset, identity, isControl, digest };
  }
}
