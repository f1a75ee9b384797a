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
  /** What is remembered by topic is counted in topics: longer ones are worked out each time. */
  mqttTopicCachedLengthMax: 512,
  mqttClientIdBytesMax: 256,
  mqttConnectionsMax: 20_000,
  mqttRetainedBytesMax: 16 * 1024 * 1024,
  mqttOfflineBytesMax: 32 * 1024 * 1024,
  mqttOfflinePacketsPerSessionMax: 1_000,
  /** QoS 2 identifiers between PUBLISH and PUBCOMP, of one session. */
  mqttInboundInflightMax: 1_024,
  /** Of all sessions, gone clients' too; one costs 4 KB in all the places that know of it. */
  mqttOpenIdentifiersMax: 65_536,
  /** A session may always open so many: who leaves many behind shuts nobody out. */
  mqttOpenIdentifiersFree: 4,
  mqttSessionsMax: 20_000,
  /**
   * What a connection may make us buffer before it is known: its CONNECT packet, and nothing else.
   */
  mqttConnectBytesMax: 4_096,
  mqttConnectTimeoutMs: 5_000,
  /** A subscriber that takes no bytes for this long is disconnected. */
  mqttDrainTimeoutMs: 5_000,
  /** Connections, each a fraction of a millisecond, that are taken in before a turn that is due. */
  acceptRoundsMax: 16,
  /** A clean stop answers its clients, and sends them to other nodes, for this long at most. */
  mqttDepartureMsMax: 1_000,
  /** Past this many unsent bytes a subscriber gets no QoS 0, and is disconnected for the rest. */
  mqttUnsentBytesMax: 128 * 1024,
  /** Deliveries on their way to all subscribers, with what each costs in memory. */
  mqttDeliveryRoomBytes: 16 * 1024 * 1024,
  mqttDeliveryOverheadBytes: 2_048,
  /** Packets that have not arrived whole, of all connections. */
  mqttPartialRoomBytes: 16 * 1024 * 1024,
  /** What publishers that are held have sent already, all of them together. */
  mqttHeldRoomBytes: 64 * 1024 * 1024,
  /** PUBLISHes without an answer of the core; past it no further one is read. */
  mqttPendingPublishesMax: 32_768,
  /** Bytes of publishes that one connection has unanswered before its socket waits. */
  mqttLaneBytesMax: 64 * 1024,
  /** A larger PUBLISH goes through aedes, which takes it in piece by piece. */
  mqttLanePacketBytesMax: 64 * 1024,
  mqttSubscriptionsPerSessionMax: 1_000,
  /** Of all persistent sessions together. */
  mqttSubscriptionBytesMax: 32 * 1024 * 1024,
  kafkaConnectionsMax: 2_000,
  /** A connection without a first request by then is closed. */
  kafkaFirstRequestMs: 30_000,
  /** Kafka's own connections.max.idle.ms: nothing asked, nothing in progress. */
  kafkaIdleMs: 600_000,
  /** A peer that takes none of its answers for this long is disconnected. */
  kafkaDrainTimeoutMs: 30_000,
  /** Requests of all Kafka connections, from their first bytes to their answer. */
  kafkaRequestRoomBytes: 24 * 1024 * 1024,
  /** A request of up to this is read before there is room for it. */
  kafkaRequestFreeBytes: 64 * 1024,
  /** Answers of all Kafka connections, from the read to the last byte that a peer takes. */
  kafkaAnswerRoomBytes: 24 * 1024 * 1024,
  /** How long the memory of connections may be jammed before the greediest one is closed. */
  kafkaJamMs: 2_000,
  /** How often connections are looked after. */
  connectionSweepMs: 1_000,
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
  socketReportBytes: 256 * 1024,
  /** What has begun to arrive must bring `partArrivalBytesMin` in this, or its end. */
  partArrivalMs: 30_000,
  partArrivalBytesMin: 128 * 1024,
  /** Silence after which the kernel asks whether a peer is still there. */
  tcpKeepAliveMs: 30_000,
  /** Starts of a data directory that peers can tell from those of a copy (V4). */
  startIdsKept: 16,
  /** Nodes that the config may name. */
  clusterNodesMax: 32,
  /** Four links from each node, and those of before a change of address or a restart. */
  peerConnectionsMax: 256,
  /** Connections to the peer port that have not shown who they are; the oldest gives way. */
  peerHandshakesMax: 64,
  /** From the order to connect to the end of the TLS handshake, on either side. */
  peerHandshakeMs: 5_000,
  /** A node that takes no bytes for this long is disconnected. */
  peerDrainTimeoutMs: 10_000,
  /** Unsent bytes of a link past which it is given up: more than all that may wait for it. */
  peerUnsentBytesMax: 48 * 1024 * 1024,
  /** What a link or connection still has to send when it is closed has this long to leave. */
  peerFlushMs: 1_000,
  /** The same trouble with the same address is told once in this. */
  peerTroubleMs: 60_000,
  /** Addresses whose trouble is remembered. */
  peerTroublesMax: 64,
  /** A certificate that ends sooner is worth a warning. */
  peerCertificateEndsMs: 30 * 86_400_000,
  /** Connections that the kernel keeps until they are accepted: a storm of them comes at once. */
  listenBacklogMax: 4_096,
  /** File handles that connections leave to the node itself. */
  ownOpenFilesMax: 512,
  adminConnectionsMax: 64,
  adminRequestBytesMax: 4_096,
  adminAnswerMsMax: 10_000,
  /** A node that was heard within this time answers: it cannot be given up (V5). */
  peerAnswersMsMax: 2_000,
  /** A copy that is not wanted on a node any more is looked for so often, and kept so long. */
  strayLogCheckMs: 2_500,
  strayLogKeptMs: 10_000,
  /** A promoted node leads so far ahead of what those that are given up may still elect (V5). */
  promotedEpochs: 1_000,
  /**
   * Blocks of producer ids that those who are gone took may not be known to it: given out again,
   * their sequences would pass for duplicates, and what was never stored for acknowledged (P4).
   */
  promotedProducerIds: 2 ** 30,
  /** The leader of `__cluster` answers an operator's request within this time. */
  operatorCallMsMax: 8_000,
  fetchWaitMsMax: 30_000,
  fetchBytesMax: 8 * 1024 * 1024,
  /**
   * The most that `log.batchBytesMax` may be: what one node took at its door every other one takes
   * from it, whatever its own config says.
   */
  batchBytesMax: 8 * 1024 * 1024,
  /** Of internal topics, on every node alike. The largest record is that of a topic. */
  internalBatchBytesMax: 1024 * 1024,
  /** However full the room of all answers is, a Fetch may wait for this much. */
  fetchPortionBytesMin: 1024 * 1024,
  /** Batches remembered for each producer id (KIP-98). */
  producerBatchesKept: 5,
  producerIdBlockSize: 1_000,
  producerIdleMs: 86_400_000,
  producersPerPartitionMax: 20_000,
  /** Bytes waiting for the disk before publishers are held. */
  ingestQueueBytesMax: 32 * 1024 * 1024,
  /** Less than that is not worth the fsyncs of its own: it waits for what is at the disk. */
  secondWaveBytesMin: 16_384,
  /** Batches of one producer that another node has not answered: no more than it remembers. */
  produceInFlightMax: 5,
  /** Pause before a refused batch is sent again; it doubles. A change of leader ends it. */
  produceRetryMsMin: 25,
  produceRetryMsMax: 500,
  witnessReserveBytes: 4 * 1024 * 1024,
  journalBytesMax: 1024 * 1024,
  markLagMsMax: 1_000,
  markLagBytesMax: 1024 * 1024,
  retentionCheckMs: 1_000,
  /** Newest bytes of each log that reads find in memory. */
  tailCacheBytesMax: 256 * 1024,
  /** Sealed segments of one log whose indexes are in memory. */
  sealedIndexesMax: 4,
  diskStallMs: 5_000,
  /** 2025-01-01: a clock before it was never set. */
  clockSetMs: 1_735_689_600_000,
  /** More than this between the wall clock and the monotonic one is a jump, not a trim. */
  clockJumpMs: 10_000,
  clockJumpAlarmMs: 3_600_000,
  forwardTransactionBytesMax: 4 * 1024 * 1024,
  /** On a link that carries no more in the time of a request; one batch may still be larger. */
  forwardTransactionBytesMin: 32 * 1024,
  /** A central that takes no batch of this size takes none that is worth its header. */
  forwardBatchBytesMin: 512,
  forwardBackoffMsMin: 100,
  forwardBackoffMsMax: 30_000,
  /** Of what central refuses until somebody mends it, or its clock has moved. */
  forwardBlockedBackoffMsMax: 120_000,
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
  /** Kafka's own have 22 bytes; `__cluster` keeps it beside each place that is recorded. */
  centralClusterIdBytesMax: 255,
  /** A node that has not allowed a transaction by then waits for something: that is told. */
  forwardAnswerMs: 1_000,
  /** Pause while central still finishes the transaction before (51). */
  forwardBusyMs: 20,
  forwardBusyAttemptsMax: 500,
  /** X2: a fenced forwarder stays away for a random time between these. */
  forwardFencedMsMin: 5_000,
  forwardFencedMsMax: 30_000,
  /** So long may `__cluster` lag behind where central's cursor stands (X4). */
  forwardMarkLagMs: 5_000,
  /** Frames larger than this close the connection of our own client. */
  clientFrameBytesMax: 64 * 1024 * 1024,
  clientInFlightMax: 32,
  /** Pauses before a link to another node is opened again. */
  peerBackoffMsMin: 50,
  peerBackoffMsMax: 1_000,
  peerConnectMsMax: 3_000,
  peerIntroduceMsMax: 3_000,
  /** So long the process at a node's listed address may take to answer for its number. */
  peerRivalMsMax: 1_000,
  /** The end of a connection comes within this time behind the last that its process said. */
  peerLastWordsMsMax: 1_000,
  /** A node's clock that is further from those of the others is wrong, or theirs are. */
  clockApartMs: 300_000,
  /** A node that is not born for so long says whom it waits for. */
  unbornTellMs: 5_000,
  /** Nodes that are not born look at each other this often (V2). */
  peerUnbornIntroduceMs: 250,
  /** Asked what it leads, a node answers within this time, or is away. */
  peerDescribeMsMax: 1_000,
  /** A replica without a leader for longer can neither lead nor follow. */
  leaderlessMsMax: 3_000,
  /** Who has no leader asks another voter this often. */
  peerProbeMs: 250,
  /** Who leads what this node keeps no copy of is asked no more often than this. */
  leaderAskMs: 500,
  /** An observer looks for another leader when it had no connection to its own for so long. */
  peerLostLeaderMs: 1_000,
  /** A disk that gave up its id asks this often for the place of the one before. */
  diskReturnMs: 1_000,
  /**
   * Records of other nodes' logs that wait for the disk of this one. Far more than a disk of
   * 100 MB/s leaves waiting between two fsyncs; what two Fetches bring may come on top.
   */
  fetchedBytesMax: 16 * 1024 ** 2,
  /** A partition that was refused, or whose records did not fit, is asked for again. */
  peerRefetchMs: 100,
  /** A Fetch of a follower waits this long at most, and less than its leader's patience (T2). */
  peerFetchWaitMsMax: 500,
  peerFetchBytesMax: 256 * 1024,
  /** The same on all nodes: a link sends one batch at a time. */
  peerRequestBytesMax: 16 * 1024 * 1024,
  /** Partitions that are read at once for one answer. */
  peerFetchReadsMax: 16,
  /** Leader epochs, and voter sets, that one answer tells a witness (V3). */
  witnessStepsMax: 1_000,
  /** Fetches of one link in progress (T1). */
  peerFetchesInFlightMax: 2,
  /** A vote whose answer is not there by then is of no use any more. */
  peerVoteMsMax: 1_000,
  /** A clean stop waits this long at most for others to lead what it led. */
  handOverMsMax: 1_000,
  /** Partitions that change their leader at a time; a quarter of them, where that is more. */
  handOverAtOnceMin: 8,
  /** Of one partition: how long records go on while its next leader lacks the newest of them. */
  handOverGapMsMax: 100,
  /** Until the next leader has all that it is to have. */
  handOverDrainMsMax: 200,
  /** Requests of one node in progress on one connection. */
  peerInFlightPerConnectionMax: 1_024,
  forwardCursorFetchBytesMax: 256 * 1024,
} as const;

assert(limits.ingestQueueBytesMax > limits.fetchBytesMax, 'one request must fit the ingest queue');
assert(limits.fetchBytesMax >= limits.batchBytesMax, 'every batch can be read');
assert(limits.peerRequestBytesMax > limits.batchBytesMax, 'every batch fits a request of a peer');
assert(limits.peerUnsentBytesMax > limits.ingestQueueBytesMax, 'a full queue must fit one link');
assert(limits.kafkaAnswerRoomBytes > 2 * limits.fetchBytesMax, 'one reader must not fill the room');
