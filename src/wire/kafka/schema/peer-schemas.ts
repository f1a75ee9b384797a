import type { ApiSchema } from './api-schema.ts';
import { peerProduceSchema } from './00-peer-produce.ts';
import { peerFetchSchema } from './01-peer-fetch.ts';
import { voteSchema } from './52-vote.ts';
import { beginQuorumEpochSchema } from './53-begin-quorum-epoch.ts';
import { endQuorumEpochSchema } from './54-end-quorum-epoch.ts';
import { allocateProducerIdsSchema } from './67-allocate-producer-ids.ts';
import { addRaftVoterSchema } from './80-add-raft-voter.ts';
import { introduceSchema } from './10000-introduce.ts';
import { describeLedSchema } from './10001-describe-led.ts';
import { alterTopicSchema } from './10002-alter-topic.ts';

/** Tables of what only nodes say to each other, by API key. */
export const peerSchemas: readonly ApiSchema[] = [
  peerProduceSchema,
  peerFetchSchema,
  voteSchema,
  beginQuorumEpochSchema,
  endQuorumEpochSchema,
  allocateProducerIdsSchema,
  addRaftVoterSchema,
  introduceSchema,
  describeLedSchema,
  alterTopicSchema,
];
