/**
 * The one error table (DESIGN 3): every expected failure of the product has a row. `kafkaCode` is
 * what a Kafka client is told, `mqttReason` the MQTT 5 reason code (an MQTT 3 client's connection
 * is closed or left unanswered). README's table is generated from this.
 */
export interface ErrorRow {
  readonly kafkaCode?: number;
  readonly mqttReason?: number;
  readonly retriable: boolean;
  readonly text: string;
}

export const errorTable = {
  UNKNOWN_SERVER_ERROR: {
    kafkaCode: -1,
    mqttReason: 0x80,
    retriable: false,
    text: 'The request failed for a reason that has no code.',
  },
  OFFSET_OUT_OF_RANGE: {
    kafkaCode: 1,
    retriable: false,
    text: 'The offset is below the log start or above the log end.',
  },
  CORRUPT_RECORD: { kafkaCode: 2, retriable: true, text: 'A record batch failed its checksum.' },
  UNKNOWN_TOPIC_OR_PARTITION: {
    kafkaCode: 3,
    retriable: true,
    text: 'This node has no such topic or partition.',
  },
  LEADER_NOT_AVAILABLE: {
    kafkaCode: 5,
    mqttReason: 0x88,
    retriable: true,
    text: 'The partition has no leader yet.',
  },
  NOT_LEADER_OR_FOLLOWER: {
    kafkaCode: 6,
    retriable: true,
    text: 'This node does not lead the partition.',
  },
  REQUEST_TIMED_OUT: {
    kafkaCode: 7,
    retriable: true,
    text: 'The records were not committed in time.',
  },
  RECORD_TOO_LARGE: {
    kafkaCode: 10,
    mqttReason: 0x95,
    retriable: false,
    text: 'The record batch is larger than log.batchBytesMax.',
  },
  COORDINATOR_LOAD_IN_PROGRESS: {
    kafkaCode: 14,
    retriable: true,
    text: 'The node is still starting.',
  },
  COORDINATOR_NOT_AVAILABLE: {
    kafkaCode: 15,
    retriable: true,
    text: 'No coordinator is available.',
  },
  INVALID_TOPIC: {
    kafkaCode: 17,
    mqttReason: 0x90,
    retriable: false,
    text: 'The topic name is invalid, or internal and closed to clients.',
  },
  NOT_ENOUGH_REPLICAS: {
    kafkaCode: 19,
    retriable: true,
    text: 'Fewer replicas are in sync than minInsyncReplicas.',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    kafkaCode: 20,
    retriable: true,
    text: 'Written, but to fewer replicas than minInsyncReplicas.',
  },
  INVALID_REQUIRED_ACKS: { kafkaCode: 21, retriable: false, text: 'acks must be -1, 0 or 1.' },
  INVALID_TIMESTAMP: {
    kafkaCode: 32,
    retriable: false,
    text: 'A record timestamp is out of the accepted range.',
  },
  UNSUPPORTED_VERSION: {
    kafkaCode: 35,
    retriable: false,
    text: 'The version of this request is not supported.',
  },
  TOPIC_ALREADY_EXISTS: {
    kafkaCode: 36,
    retriable: false,
    text: 'A topic of this name exists.',
  },
  INVALID_PARTITIONS: {
    kafkaCode: 37,
    retriable: false,
    text: 'The number of partitions is out of the accepted range.',
  },
  INVALID_REPLICATION_FACTOR: {
    kafkaCode: 38,
    retriable: false,
    text: 'There are not that many nodes.',
  },
  NOT_CONTROLLER: {
    kafkaCode: 41,
    retriable: true,
    text: 'Another node decides on topics; metadata names it.',
  },
  INVALID_REPLICA_ASSIGNMENT: {
    kafkaCode: 39,
    retriable: false,
    text: 'The gateway places replicas itself.',
  },
  INVALID_CONFIG: {
    kafkaCode: 40,
    retriable: false,
    text: 'A topic config is not known here, or has a value that is not served.',
  },
  INVALID_REQUEST: {
    kafkaCode: 42,
    retriable: false,
    text: 'The request contradicts itself or the protocol.',
  },
  POLICY_VIOLATION: {
    kafkaCode: 44,
    retriable: false,
    text: 'The node would have more topics or partitions than it carries.',
  },
  OUT_OF_ORDER_SEQUENCE_NUMBER: {
    kafkaCode: 45,
    retriable: false,
    text: 'The producer skipped a sequence number.',
  },
  DUPLICATE_SEQUENCE_NUMBER: {
    kafkaCode: 46,
    retriable: false,
    text: 'The batch was stored earlier than the producer state remembers.',
  },
  INVALID_PRODUCER_EPOCH: {
    kafkaCode: 47,
    retriable: false,
    text: 'A newer instance of this producer is at work.',
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
    kafkaCode: 53,
    retriable: false,
    text: 'The gateway does not offer transactions to its clients.',
  },
  KAFKA_STORAGE_ERROR: {
    kafkaCode: 56,
    mqttReason: 0x97,
    retriable: true,
    text: 'The disk cannot take the records now, or stored bytes are damaged.',
  },
  FETCH_SESSION_ID_NOT_FOUND: {
    kafkaCode: 70,
    retriable: true,
    text: 'This node keeps no fetch sessions.',
  },
  FENCED_LEADER_EPOCH: {
    kafkaCode: 74,
    retriable: true,
    text: 'The client asked with an older leader epoch.',
  },
  UNKNOWN_LEADER_EPOCH: {
    kafkaCode: 75,
    retriable: true,
    text: 'The client asked with a leader epoch that this node does not know.',
  },
  UNSUPPORTED_COMPRESSION_TYPE: {
    kafkaCode: 76,
    retriable: false,
    text: 'This version of the request cannot carry that codec.',
  },
  OFFSET_NOT_AVAILABLE: {
    kafkaCode: 78,
    retriable: true,
    text: 'The leader is new and does not know its high watermark yet.',
  },
  INVALID_RECORD: {
    kafkaCode: 87,
    retriable: false,
    text: 'A record batch breaks the rules of its format.',
  },
  UNKNOWN_TOPIC_ID: {
    kafkaCode: 100,
    retriable: true,
    text: 'This node has no topic with that id.',
  },
  TOPIC_FILTER_INVALID: {
    mqttReason: 0x8f,
    retriable: false,
    text: 'The MQTT topic filter is not valid.',
  },
  PACKET_TOO_LARGE: {
    mqttReason: 0x95,
    retriable: false,
    text: 'The MQTT packet is larger than mqtt.packetBytesMax.',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

export type ErrorCode = keyof typeof errorTable;

/** The row of a code, widened. */
export const errorRow = (code: ErrorCode): ErrorRow => errorTable[code];

/** Kafka's number for a code that has one; -1 otherwise. */
export const kafkaCodeOf = (code: ErrorCode): number => errorRow(code).kafkaCode ?? -1;

const codesByKafka: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(errorTable) as ErrorCode[]).map((code) => [kafkaCodeOf(code), code]),
);

/** The code behind Kafka's number; one that we never say is unknown. */
export const errorOfKafkaCode = (kafkaCode: number): ErrorCode =>
  (kafkaCode < 0 ? undefined : codesByKafka.get(kafkaCode)) ?? 'UNKNOWN_SERVER_ERROR';
