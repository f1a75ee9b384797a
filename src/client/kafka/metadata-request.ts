import type { MetadataRequest } from '../../wire/kafka/generated/03-metadata.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';

/** Asks for all brokers and for these topics; makes none. */
export const metadataRequest = (topics: Iterable<string>): MetadataRequest => ({
  topics: [...topics].map((name) => ({ topicId: zeroUuid, name })),
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
});
