import { leaderEpoch, monotonicMs, offset, type MonotonicMs, type Uuid } from '../../base/brand.ts';
import { kafkaCodeOf, type ErrorCode } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type {
  VoteRequest,
  VoteRequestPartition,
  VoteResponse,
  VoteResponsePartition,
} from '../../wire/kafka/generated/52-vote.ts';
import type {
  BeginQuorumEpochRequest,
  BeginQuorumEpochRequestPartition,
  BeginQuorumEpochResponse,
  BeginQuorumEpochResponsePartition,
} from '../../wire/kafka/generated/53-begin-quorum-epoch.ts';
import type {
  EndQuorumEpochRequest,
  EndQuorumEpochRequestPartition,
  EndQuorumEpochResponse,
} from '../../wire/kafka/generated/54-end-quorum-epoch.ts';
import type { Deadlines } from '../kafka/deadlines.ts';
import type { NodeFacts } from './node-facts.ts';
import type { PeerExchange } from './peer-handler.ts';
import type { PeerReplica } from './peer-replica.ts';

export interface VoteAnswersOptions {
  readonly clusterId: () => Uuid;
  readonly find: (topicId: Uuid, partition: number) => PeerReplica | undefined;
  readonly deadlines: Deadlines;
  readonly now: () => MonotonicMs;
  readonly changed: (replica: PeerReplica) => void;
}

/** What a partition's answer says where there is nothing to say. */
interface Told {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/**
 * Answers Vote, BeginQuorumEpoch and EndQuorumEpoch: each partition by its replica (T3). A message
 * of another cluster is refused as a whole, one about another topic or disk by partition (V6).
 */
export class VoteAnswers {
  readonly #options: VoteAnswersOptions;

  constructor(options: VoteAnswersOptions) {
    this.#options = options;
  }

  /** The answer waits until every vote that it grants is durable (L2). */
  vote(request: VoteRequest, typed: PeerExchange<VoteResponse>): void {
    if (!this.#isOurs(request.clusterId)) return typed.exchange.close('Vote of another cluster');
    const topics = request.topics.map(({ topicName, topicId, partitions }) => ({
      ...{ topicName, topicId },
      partitions: partitions.map(({ partitionIndex }): VoteResponsePartition => ({
        ...refused(partitionIndex, 'REQUEST_TIMED_OUT'),
        voteGranted: false,
      })),
    }));
    let missing = 0;
    let isSent = false;
    const { deadlines, now } = this.#options;
    const send = (): void => {
      if (isSent) return;
      isSent = true;
      deadlines.cancel(deadline);
      typed.reply({ errorCode: 0, topics, nodeEndpoints: [] });
    };
    // A promise is void once its epoch is over, and then never kept.
    const deadline = deadlines.add(monotonicMs(now() + limits.peerVoteMsMax / 2), send);
    for (const { partitions } of topics) missing += partitions.length;
    request.topics.forEach(({ topicId, partitions }, topic) => {
      partitions.forEach((asked, place) =>
        this.#voteOf(topicId, asked, typed.from, (answer) => {
          const answers = topics[topic]?.partitions;
          if (answers !== undefined) answers[place] = answer;
          missing--;
          if (missing === 0) send();
        }),
      );
    });
    if (missing === 0) send();
  }

  begin(request: BeginQuorumEpochRequest, typed: PeerExchange<BeginQuorumEpochResponse>): void {
    if (!this.#isOurs(request.clusterId)) return typed.exchange.close('epoch of another cluster');
    const topics = request.topics.map(({ topicName, topicId, partitions }) => ({
      ...{ topicName, topicId },
      partitions: partitions.map((begun) => this.#begun(topicId, begun, typed.from)),
    }));
    return typed.reply({ errorCode: 0, topics, nodeEndpoints: [] });
  }

  end(request: EndQuorumEpochRequest, typed: PeerExchange<EndQuorumEpochResponse>): void {
    if (!this.#isOurs(request.clusterId)) return typed.exchange.close('epoch of another cluster');
    const topics = request.topics.map(({ topicName, topicId, partitions }) => ({
      ...{ topicName, topicId },
      partitions: partitions.map((ended) => this.#ended(topicId, ended, typed.from)),
    }));
    return typed.reply({ errorCode: 0, topics, nodeEndpoints: [] });
  }

  // hot: a request carries all partitions
  #voteOf(
    topicId: Uuid,
    asked: VoteRequestPartition,
    from: NodeFacts,
    done: (answer: VoteResponsePartition) => void,
  ): void {
    const { partitionIndex, replicaId, replicaDirectoryId } = asked;
    const no = (error: ErrorCode): void =>
      done({ ...refused(partitionIndex, error), voteGranted: false });
    if (replicaId !== from.nodeId || replicaDirectoryId !== from.directoryId) {
      return no('INVALID_REQUEST');
    }
    const replica = this.#options.find(topicId, partitionIndex);
    if (replica === undefined) return no('UNKNOWN_TOPIC_ID');
    const { self } = replica.replica;
    replica.replica.voteRequested(
      {
        candidate: { nodeId: replicaId, directoryId: replicaDirectoryId },
        voter: { nodeId: self.nodeId, directoryId: asked.voterDirectoryId },
        leaderEpoch: leaderEpoch(asked.replicaEpoch),
        lastEpoch: leaderEpoch(asked.lastOffsetEpoch),
        logEndOffset: offset(asked.lastOffset),
        isPreVote: asked.preVote,
      },
      this.#options.now(),
      ({ isGranted, leaderEpoch: epoch, leaderId }) =>
        done({
          ...{ partitionIndex, errorCode: 0, voteGranted: isGranted },
          ...{ leaderId: leaderId ?? -1, leaderEpoch: epoch },
        }),
    );
    return this.#options.changed(replica);
  }

  #begun(
    topicId: Uuid,
    {
      partitionIndex,
      voterDirectoryId,
      leaderId,
      leaderEpoch: epoch,
    }: BeginQuorumEpochRequestPartition,
    from: NodeFacts,
  ): BeginQuorumEpochResponsePartition {
    const found = this.#options.find(topicId, partitionIndex);
    if (found === undefined) return refused(partitionIndex, 'UNKNOWN_TOPIC_ID');
    const { replica } = found;
    if (leaderId !== from.nodeId || voterDirectoryId !== replica.self.directoryId) {
      return refused(partitionIndex, 'INVALID_REQUEST');
    }
    const begin = { leaderId, leaderEpoch: leaderEpoch(epoch) };
    const error = replica.epochBegun(begin, this.#options.now());
    this.#options.changed(found);
    return told(found, error);
  }

  #ended(topicId: Uuid, ended: EndQuorumEpochRequestPartition, from: NodeFacts): Told {
    const { partitionIndex, leaderId, preferredCandidates } = ended;
    const found = this.#options.find(topicId, partitionIndex);
    if (found === undefined) return refused(partitionIndex, 'UNKNOWN_TOPIC_ID');
    if (leaderId !== from.nodeId) return refused(partitionIndex, 'INVALID_REQUEST');
    const successors = preferredCandidates.map(({ candidateId, candidateDirectoryId }) => ({
      nodeId: candidateId,
      directoryId: candidateDirectoryId,
    }));
    const end = { leaderId, leaderEpoch: leaderEpoch(ended.leaderEpoch), successors };
    found.replica.epochEnded(end, this.#options.now());
    this.#options.changed(found);
    return told(found, undefined);
  }

  #isOurs(clusterId: string | null): boolean {
    return clusterId === this.#options.clusterId();
  }
}

const refused = (partitionIndex: number, error: ErrorCode): Told => ({
  ...{ partitionIndex, errorCode: kafkaCodeOf(error), leaderId: -1, leaderEpoch: -1 },
});

function told({ partition, replica }: PeerReplica, error: ErrorCode | undefined): Told {
  return {
    partitionIndex: partition,
    errorCode: error === undefined ? 0 : kafkaCodeOf(error),
    leaderId: replica.leaderId ?? -1,
    leaderEpoch: replica.leaderEpoch,
  };
}
