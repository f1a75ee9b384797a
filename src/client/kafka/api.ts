import type { ApiCodec } from '../../wire/kafka/codec.ts';
import { produceCodec } from '../../wire/kafka/generated/00-produce.ts';
import { fetchCodec } from '../../wire/kafka/generated/01-fetch.ts';
import { listOffsetsCodec } from '../../wire/kafka/generated/02-list-offsets.ts';
import { metadataCodec } from '../../wire/kafka/generated/03-metadata.ts';
import { findCoordinatorCodec } from '../../wire/kafka/generated/10-find-coordinator.ts';
import { saslHandshakeCodec } from '../../wire/kafka/generated/17-sasl-handshake.ts';
import { apiVersionsCodec } from '../../wire/kafka/generated/18-api-versions.ts';
import { createTopicsCodec } from '../../wire/kafka/generated/19-create-topics.ts';
import { initProducerIdCodec } from '../../wire/kafka/generated/22-init-producer-id.ts';
import { addPartitionsToTxnCodec } from '../../wire/kafka/generated/24-add-partitions-to-txn.ts';
import { endTxnCodec } from '../../wire/kafka/generated/26-end-txn.ts';
import { saslAuthenticateCodec } from '../../wire/kafka/generated/36-sasl-authenticate.ts';

/** One API as this client speaks it: the codec, with the versions that we want of it. */
export type Api<Request, Response> = ApiCodec<Request, Response>;

/** A version range that a broker offers. */
export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/**
 * The APIs that we call. The codecs end below Kafka's second transaction protocol (Produce 12,
 * EndTxn 5), which changes what an epoch means; FindCoordinator 4 asks for lists, which we never
 * do; Metadata 0 has no way to ask for all topics.
 */
export const apis = {
  produce: produceCodec,
  fetch: fetchCodec,
  listOffsets: listOffsetsCodec,
  metadata: { ...metadataCodec, versionMin: 1 },
  findCoordinator: { ...findCoordinatorCodec, versionMax: 3 },
  saslHandshake: { ...saslHandshakeCodec, versionMin: 1 },
  apiVersions: apiVersionsCodec,
  createTopics: createTopicsCodec,
  initProducerId: initProducerIdCodec,
  addPartitionsToTxn: addPartitionsToTxnCodec,
  endTxn: endTxnCodec,
  saslAuthenticate: saslAuthenticateCodec,
} as const;

/** The highest version that both sides speak; undefined: none. */
export function commonVersion<Q, R>(
  api: Api<Q, R>,
  offered: VersionRange | undefined,
): number | undefined {
  if (offered === undefined) return undefined;
  const version = Math.min(api.versionMax, offered.maxVersion);
  return version < Math.max(api.versionMin, offered.minVersion) ? undefined : version;
}
