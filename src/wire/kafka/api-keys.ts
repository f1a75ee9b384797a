/** Kafka's API keys, those that we speak on either side. */
export const apiKeys = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  findCoordinator: 10,
  saslHandshake: 17,
  apiVersions: 18,
  createTopics: 19,
  initProducerId: 22,
  offsetForLeaderEpoch: 23,
  addPartitionsToTxn: 24,
  endTxn: 26,
  describeConfigs: 32,
  saslAuthenticate: 36,
} as const;

/** Versions of one API that a node answers. */
export interface ServedApi {
  readonly apiKey: number;
  readonly versionMin: number;
  readonly versionMax: number;
  /** What ApiVersions says instead of `versionMin`. */
  readonly advertisedMin: number;
}

const served = (
  apiKey: number,
  versionMin: number,
  versionMax: number,
  advertisedMin = versionMin,
): ServedApi => ({ apiKey, versionMin, versionMax, advertisedMin });

/**
 * What a node serves. Minima are never raised: librdkafka infers features from exact overlaps.
 * Produce advertises 0 because librdkafka below 2.11.1 otherwise sends everything uncompressed
 * (KAFKA-18659); 0-2 are not served.
 */
export const servedApis: readonly ServedApi[] = [
  served(apiKeys.produce, 3, 11, 0),
  served(apiKeys.fetch, 4, 12),
  served(apiKeys.listOffsets, 1, 7),
  served(apiKeys.metadata, 0, 12),
  served(apiKeys.apiVersions, 0, 4),
  served(apiKeys.createTopics, 2, 7),
  served(apiKeys.initProducerId, 0, 4),
  served(apiKeys.offsetForLeaderEpoch, 2, 4),
];
