import { apiKeys } from '../../wire/kafka/api-keys.ts';
import type { Handler } from './handler.ts';
import { produceHandler } from './handlers/00-produce.ts';
import { fetchHandler } from './handlers/01-fetch.ts';
import { listOffsetsHandler } from './handlers/02-list-offsets.ts';
import { metadataHandler } from './handlers/03-metadata.ts';
import { apiVersionsHandler } from './handlers/18-api-versions.ts';
import { createTopicsHandler } from './handlers/19-create-topics.ts';
import { initProducerIdHandler } from './handlers/22-init-producer-id.ts';
import { offsetForLeaderEpochHandler } from './handlers/23-offset-for-leader-epoch.ts';
import { describeConfigsHandler } from './handlers/32-describe-configs.ts';

/** Who answers which API key; each key of `servedApis` has a row. */
export const handlerTable: ReadonlyMap<number, Handler> = new Map([
  [apiKeys.produce, produceHandler],
  [apiKeys.fetch, fetchHandler],
  [apiKeys.listOffsets, listOffsetsHandler],
  [apiKeys.metadata, metadataHandler],
  [apiKeys.apiVersions, apiVersionsHandler],
  [apiKeys.createTopics, createTopicsHandler],
  [apiKeys.initProducerId, initProducerIdHandler],
  [apiKeys.offsetForLeaderEpoch, offsetForLeaderEpochHandler],
  [apiKeys.describeConfigs, describeConfigsHandler],
]);
