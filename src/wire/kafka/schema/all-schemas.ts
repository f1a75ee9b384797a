import type { ApiSchema } from './api-schema.ts';
import { produceSchema } from './00-produce.ts';
import { fetchSchema } from './01-fetch.ts';
import { listOffsetsSchema } from './02-list-offsets.ts';
import { metadataSchema } from './03-metadata.ts';
import { findCoordinatorSchema } from './10-find-coordinator.ts';
import { saslHandshakeSchema } from './17-sasl-handshake.ts';
import { apiVersionsSchema } from './18-api-versions.ts';
import { createTopicsSchema } from './19-create-topics.ts';
import { initProducerIdSchema } from './22-init-producer-id.ts';
import { offsetForLeaderEpochSchema } from './23-offset-for-leader-epoch.ts';
import { addPartitionsToTxnSchema } from './24-add-partitions-to-txn.ts';
import { endTxnSchema } from './26-end-txn.ts';
import { describeConfigsSchema } from './32-describe-configs.ts';
import { saslAuthenticateSchema } from './36-sasl-authenticate.ts';

/** Tables of what clients and brokers say to each other, by API key. */
export const allSchemas: readonly ApiSchema[] = [
  produceSchema,
  fetchSchema,
  listOffsetsSchema,
  metadataSchema,
  findCoordinatorSchema,
  saslHandshakeSchema,
  apiVersionsSchema,
  createTopicsSchema,
  initProducerIdSchema,
  offsetForLeaderEpochSchema,
  addPartitionsToTxnSchema,
  endTxnSchema,
  describeConfigsSchema,
  saslAuthenticateSchema,
];
