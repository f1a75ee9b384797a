import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { fetchCodec } from '../../src/wire/kafka/generated/01-fetch.ts';
import type { KafkaRawClient } from '../integration/harness/kafka-raw-client.ts';
import type { Served } from './judge.ts';

const storageError = 56;

/** Reads one partition of a node from its log start to its high watermark, as a consumer would. */
export async function readNode(
  client: KafkaRawClient,
  topic: string,
  partition: number,
  logStartOffset: number,
): Promise<Served> {
  const batches = new Map<number, Uint8Array>();
  for (let at = logStartOffset; ;) {
    const answer = await client.ask(fetchCodec, 11, {
      ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 1, maxBytes: 65_536 },
      ...{ isolationLevel: 0, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
      topics: [{ topic, partitions: [fetchOf(partition, at)] }],
    });
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined) throw new Error('an empty answer');
    // Nothing sound follows the hole yet.
    if (found.errorCode === storageError) return { batches, logStartOffset };
    if (found.errorCode !== 0) throw new Error(`Fetch at ${at}: ${found.errorCode}`);
    if (at >= found.highWatermark) return { batches, logStartOffset };
    const bytes = found.records ?? new Uint8Array(0);
    const { headers } = scanBatches(bytes);
    if (headers.length === 0) throw new Error(`silently empty at offset ${at} of ${topic}`);
    for (const { baseOffset, lastOffset, position, totalBytes } of headers) {
      batches.set(baseOffset, bytes.slice(position, position + totalBytes));
      at = lastOffset + 1;
    }
  }
}

const fetchOf = (partition: number, fetchOffset: number) => ({
  ...{ partition, fetchOffset, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
  ...{ logStartOffset: -1, partitionMaxBytes: 65_536 },
});
