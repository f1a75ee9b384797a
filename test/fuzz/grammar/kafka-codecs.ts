import { peerApis, servedApis } from '../../../src/wire/kafka/api-keys.ts';
import type { ServedApi } from '../../../src/wire/kafka/api-keys.ts';
import type { ApiCodec } from '../../../src/wire/kafka/codec.ts';
import { produceCodec } from '../../../src/wire/kafka/generated/00-produce.ts';
import { fetchCodec } from '../../../src/wire/kafka/generated/01-fetch.ts';
import { listOffsetsCodec } from '../../../src/wire/kafka/generated/02-list-offsets.ts';
import { metadataCodec } from '../../../src/wire/kafka/generated/03-metadata.ts';
import { findCoordinatorCodec } from '../../../src/wire/kafka/generated/10-find-coordinator.ts';
import { saslHandshakeCodec } from '../../../src/wire/kafka/generated/17-sasl-handshake.ts';
import { apiVersionsCodec } from '../../../src/wire/kafka/generated/18-api-versions.ts';
import { createTopicsCodec } from '../../../src/wire/kafka/generated/19-create-topics.ts';
import { initProducerIdCodec } from '../../../src/wire/kafka/generated/22-init-producer-id.ts';
import { offsetForLeaderEpochCodec } from '../../../src/wire/kafka/generated/23-offset-for-leader-epoch.ts';
import { addPartitionsToTxnCodec } from '../../../src/wire/kafka/generated/24-add-partitions-to-txn.ts';
import { endTxnCodec } from '../../../src/wire/kafka/generated/26-end-txn.ts';
import { describeConfigsCodec } from '../../../src/wire/kafka/generated/32-describe-configs.ts';
import { saslAuthenticateCodec } from '../../../src/wire/kafka/generated/36-sasl-authenticate.ts';
import { voteCodec } from '../../../src/wire/kafka/generated/52-vote.ts';
import { beginQuorumEpochCodec } from '../../../src/wire/kafka/generated/53-begin-quorum-epoch.ts';
import { endQuorumEpochCodec } from '../../../src/wire/kafka/generated/54-end-quorum-epoch.ts';
import { allocateProducerIdsCodec } from '../../../src/wire/kafka/generated/67-allocate-producer-ids.ts';
import { addRaftVoterCodec } from '../../../src/wire/kafka/generated/80-add-raft-voter.ts';
import { introduceCodec } from '../../../src/wire/kafka/generated/10000-introduce.ts';
import { describeLedCodec } from '../../../src/wire/kafka/generated/10001-describe-led.ts';
import { alterTopicCodec } from '../../../src/wire/kafka/generated/10002-alter-topic.ts';
import { peerProduceCodec } from '../../../src/wire/kafka/generated/00-peer-produce.ts';
import { peerFetchCodec } from '../../../src/wire/kafka/generated/01-peer-fetch.ts';
import { allSchemas } from '../../../src/wire/kafka/schema/all-schemas.ts';
import type { ApiSchema } from '../../../src/wire/kafka/schema/api-schema.ts';
import { peerSchemas } from '../../../src/wire/kafka/schema/peer-schemas.ts';

type AnyCodec = ApiCodec<unknown, unknown>;

/** What is spoken on one kind of connection: two codecs can have one API key. */
export interface KafkaDialect {
  readonly apis: readonly ServedApi[];
  readonly schemas: readonly ApiSchema[];
  /** Its bodies are whatever it makes of them. */
  readonly codecByKey: (key: number) => AnyCodec | undefined;
}

function dialectOf(
  apis: readonly ServedApi[],
  schemas: readonly ApiSchema[],
  codecs: readonly unknown[],
): KafkaDialect {
  const byKey = new Map((codecs as readonly AnyCodec[]).map((codec) => [codec.key, codec]));
  return { apis, schemas, codecByKey: (key) => byKey.get(key) };
}

/** Between clients, nodes and brokers. */
export const clientDialect = dialectOf(servedApis, allSchemas, [
  ...[produceCodec, fetchCodec, listOffsetsCodec, metadataCodec, findCoordinatorCodec],
  ...[saslHandshakeCodec, apiVersionsCodec, createTopicsCodec, initProducerIdCodec],
  ...[offsetForLeaderEpochCodec, addPartitionsToTxnCodec, endTxnCodec, describeConfigsCodec],
  saslAuthenticateCodec,
]);

const topicSchemas = allSchemas.filter(({ key }) => key === createTopicsCodec.key);

/** Between the nodes of a cluster. */
export const peerDialect = dialectOf(
  peerApis,
  [...peerSchemas, ...topicSchemas],
  [
    ...[peerProduceCodec, peerFetchCodec, createTopicsCodec, voteCodec, beginQuorumEpochCodec],
    ...[endQuorumEpochCodec, allocateProducerIdsCodec, addRaftVoterCodec],
    ...[introduceCodec, describeLedCodec, alterTopicCodec],
  ],
);

/** The codec of an API key that clients use. */
export const { codecByKey } = clientDialect;
