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

type AnyCodec = ApiCodec<unknown, unknown>;

const all = [
  ...[produceCodec, fetchCodec, listOffsetsCodec, metadataCodec, findCoordinatorCodec],
  ...[saslHandshakeCodec, apiVersionsCodec, createTopicsCodec, initProducerIdCodec],
  ...[offsetForLeaderEpochCodec, addPartitionsToTxnCodec, endTxnCodec, describeConfigsCodec],
  saslAuthenticateCodec,
] as unknown as readonly AnyCodec[];

const byKey = new Map(all.map((codec) => [codec.key, codec]));

/** The codec of an API key; its bodies are whatever it makes of them. */
export const codecByKey = (key: number): AnyCodec | undefined => byKey.get(key);
