/** Kafka's request kinds by number, those that a forwarder, a producer or a reader sends. */
export const kafkaApiKeys = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  FindCoordinator: 10,
  ApiVersions: 18,
  CreateTopics: 19,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
} as const;

export type KafkaApi = keyof typeof kafkaApiKeys;

/** The name of a request kind, or its number as text. */
export const kafkaApiName = (apiKey: number): string =>
  Object.entries(kafkaApiKeys).find(([, key]) => key === apiKey)?.[0] ?? `${apiKey}`;
