import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeMeta } from '../../src/log/data-directory.ts';
import { introduceCodec } from '../../src/wire/kafka/generated/10000-introduce.ts';
import { encodeRequest } from '../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../src/wire/kafka/protocol-reader.ts';

/** How a node introduced itself in the start that a backup of its data directory is of. */
export function lastWordsOf(backup: string, clusterName: string): Uint8Array {
  const meta = decodeMeta(readFileSync(join(backup, 'meta.json')));
  if (meta === undefined) throw new Error('the identity cannot be read');
  const { clusterId, nodeId, directoryId, startCounter, startIds } = meta;
  const peers = [1, 2, 3].map((each) => ({ nodeId: each, isWitness: false }));
  const head = { correlationId: 1, clientId: `shorelog-${nodeId}` };
  return encodeRequest(introduceCodec, introduceCodec.versionMax, head, {
    ...{ clusterName, clusterId, nodeId, directoryId, startCounter, startIds },
    ...{ formerDirectoryIds: [], isWitness: false, peers, clusterTopicId: zeroUuid },
    ...{ softwareVersion: '1', purpose: 'produce', wallMs: 0 },
  });
}
