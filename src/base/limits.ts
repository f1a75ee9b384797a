import { assert } from './assert.ts';

/**
 * Every fixed limit of the product that is not a config key, in one place, with its unit in its
 * name. Limits that a config key sets are in `src/config/schema.ts`.
 */
export const limits = {
  /** Kafka's own limit on topic names. */
  topicNameLengthMax: 249,
  topicsMax: 1_000,
  partitionsPerTopicMax: 256,
  /** Of all topics that clients made or the config names: each keeps a file open. */
  partitionsMax: 2_000,
  /** MQTT topic bytes are a 16-bit length; levels as aedes has them. */
  mqttTopicBytesMax: 65_535,
  mqttTopicLevelsMax: 32,
  mqttClientIdBytesMax: 256,
  mqttConnectionsMax: 20_000,
  mqttRetainedBytesMax: 16 * 1024 * 1024,
  mqttOfflineBytesMax: 32 * 1024 * 1024,
  mqttOfflinePacketsPerSessionMax: 1_000,
  mqttInboundInflightMax: 1_024,
  mqttSessionsMax: 20_000,
  /**
   * What a connection may make us buffer before it is known: its CONNECT packet, and nothing else.
   */
  mqttConnectBytesMax: 4_096,
  mqttConnectTimeoutMs: 5_000,
  /** A subscriber that takes no bytes for this long is disconnected. */
  mqttDrainTimeoutMs: 5_000,
  mqttSubscriptionsPerSessionMax: 1_000,
  /** Of all persistent sessions together. */
  mqttSubscriptionBytesMax: 32 * 1024 * 1024,
  kafkaConnectionsMax: 2_000,
  /** Requests of one connection in progress; past it the socket is not read. */
  kafkaInFlightPerConnectionMax: 32,
  /**
   * What the array elements of one request or response body may take in memory: this for each of
   * its bytes and so much more, and never above the last. The smallest elements that clients send
   * in numbers (12 bytes, 96 in memory) just fit.
   */
  kafkaDecodedBytesPerByte: 8,
  kafkaDecodedBytesFree: 64 * 1024,
  kafkaDecodedBytesMax: 48 * 1024 * 1024,
  /** A connection is not read while it has more unsent bytes than this. */
  socketUnsentBytesMax: 8 * 1024 * 1024,
  /** The core is told what a socket got rid of in portions of at least this. */
  socketReportBytes: 1024 * 1024,
  adminConnectionsMax: 64,
  adminRequestBytesMax: 4_096,
  adminAnswerMsMax: 10_000,
  fetchWaitMsMax: 30_000,
  fetchBytesMax: 8 * 1024 * 1024,
  /** Batches remembered for each producer id (KIP-98). */
  producerBatchesKept: 5,
  producerIdBlockSize: 1_000,
  producerIdleMs: 86_400_000,
  producersPerPartitionMax: 20_000,
  /** Bytes waiting for the disk before publishers are held. */
  ingestQueueBytesMax: 32 * 1024 * 1024,
  journalBytesMax: 1024 * 1024,
  markLagMsMax: 1_000,
  markLagBytesMax: 1024 * 1024,
  retentionCheckMs: 1_000,
  /** Newest bytes of each log that reads find in memory. */
  tailCacheBytesMax: 256 * 1024,
  /** Sealed segments of one log whose indexes are in memory. */
  sealedIndexesMax: 4,
  diskStallMs: 5_000,
  forwardTransactionBytesMax: 4 * 1024 * 1024,
  /** On a link that carries no more in the time of a request; one batch may still be larger. */
  forwardTransactionBytesMin: 32 * 1024,
  forwardBackoffMsMin: 100,
  forwardBackoffMsMax: 30_000,
  /** All partitions together hold at most this many fetched bytes. */
  forwardBytesMax: 32 * 1024 * 1024,
  /** Batches smaller than this on average are rebuilt into one before they are sent. */
  forwardRebuildBelowBytes: 8 * 1024,
  /** A compressed batch that would grow past this is not opened. */
  forwardDecompressedBytesMax: 16 * 1024 * 1024,
  /** Produces of one partition in flight (KIP-98). */
  forwardPipelineMax: 5,
  /** How long a fetch of idle partitions parks at the node. */
  forwardPollMs: 250,
  forwardRequestMsMax: 15_000,
  /** Pause while central still finishes the transaction before (51). */
  forwardBusyMs: 20,
  forwardBusyAttemptsMax: 500,
  /** X2: a fenced forwarder stays away for a random time between these. */
  forwardFencedMsMin: 5_000,
  forwardFencedMsMax: 30_000,
  /** Frames larger than this close the connection of our own client. */
  clientFrameBytesMax: 64 * 1024 * 1024,
  clientInFlightMax: 32,
  forwardCursorFetchBytesMax: 256 * 1024,
} as const;

assert(limits.ingestQueueBytesMax > limits.fetchBytesMax, 'one request must fit the ingest queue');
