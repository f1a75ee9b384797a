/** Kafka's API keys, those that we speak on any side. */
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
  vote: 52,
  beginQuorumEpoch: 53,
  endQuorumEpoch: 54,
  allocateProducerIds: 67,
  addRaftVoter: 80,
  /** Ours alone, far from any key of Kafka's. */
  introduce: 10_000,
  describeLed: 10_001,
  alterTopic: 10_002,
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
  served(apiKeys.describeConfigs, 1, 4),
];

/**
 * What a node serves to other nodes. All nodes of a cluster speak these versions: the first that
 * name topics and directories by id (V6).
 */
export const peerApis: readonly ServedApi[] = [
  served(apiKeys.produce, 11, 11),
  served(apiKeys.fetch, 17, 17),
  served(apiKeys.createTopics, 7, 7),
  served(apiKeys.vote, 2, 2),
  served(apiKeys.beginQuorumEpoch, 1, 1),
  served(apiKeys.endQuorumEpoch, 1, 1),
  served(apiKeys.allocateProducerIds, 0, 0),
  served(apiKeys.addRaftVoter, 0, 0),
  served(apiKeys.introduce, 0, 0),
  served(apiKeys.describeLed, 0, 0),
  served(apiKeys.alterTopic, 1, 1),
];
