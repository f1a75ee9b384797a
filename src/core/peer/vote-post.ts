import { leaderEpoch, type MonotonicMs, type Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import {
  voteCodec,
  type VoteRequestPartition,
  type VoteResponse,
} from '../../wire/kafka/generated/52-vote.ts';
import {
  beginQuorumEpochCodec,
  type BeginQuorumEpochResponse,
} from '../../wire/kafka/generated/53-begin-quorum-epoch.ts';
import { endQuorumEpochCodec } from '../../wire/kafka/generated/54-end-quorum-epoch.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';
import type { BeginEpoch, EndEpoch, VoteRequest } from '../replica/peer-call.ts';
import { byTopic, partitionKey } from './by-topic.ts';
import type { PeerLink } from './peer-link.ts';
import type { PeerReplica } from './peer-replica.ts';

interface Ask<T> {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly replica: PeerReplica;
  readonly said: T;
}

/** What one node is told at the end of the turn, by partition: a later word replaces an earlier. */
interface Outbox {
  readonly votes: Map<string, Ask<VoteRequest>>;
  readonly begins: Map<string, Ask<BeginEpoch>>;
  readonly ends: Map<string, Ask<EndEpoch>>;
}

export interface VotePostOptions {
  readonly clusterId: () => Uuid;
  readonly link: (nodeId: number) => PeerLink;
  readonly now: () => MonotonicMs;
  /** Something of that replica may be different now. */
  readonly changed: (replica: PeerReplica) => void;
}

/**
 * Votes and epochs of all partitions, one request for each node and kind in a turn (T3). Whatever
 * is lost or late harms nothing: replicas ask again.
 */
export class VotePost {
  readonly #options: VotePostOptions;
  readonly #outboxes = new Map<number, Outbox>();

  constructor(options: VotePostOptions) {
    this.#options = options;
  }

  askVote(replica: PeerReplica, nodeId: number, request: VoteRequest): void {
    this.#outbox(nodeId).votes.set(keyOf(replica), askOf(replica, request));
  }

  beginEpoch(replica: PeerReplica, nodeId: number, begin: BeginEpoch): void {
    this.#outbox(nodeId).begins.set(keyOf(replica), askOf(replica, begin));
  }

  endEpoch(replica: PeerReplica, nodeId: number, end: EndEpoch): void {
    this.#outbox(nodeId).ends.set(keyOf(replica), askOf(replica, end));
  }

  /** The end of a turn. */
  flush(): void {
    if (this.#outboxes.size === 0) return;
    const outboxes = [...this.#outboxes];
    this.#outboxes.clear();
    for (const [nodeId, { votes, begins, ends }] of outboxes) {
      if (ends.size > 0) this.#sendEnds(nodeId, ends);
      if (votes.size > 0) this.#sendVotes(nodeId, votes);
      if (begins.size > 0) this.#sendBegins(nodeId, begins);
    }
  }

  #sendVotes(nodeId: number, votes: Map<string, Ask<VoteRequest>>): void {
    const topics = byTopic(votes.values(), votePartition).map(withTopicName);
    const body = { clusterId: this.#options.clusterId(), voterId: nodeId, topics };
    const link = this.#options.link(nodeId);
    link.call(voteCodec, body, limits.peerVoteMsMax, (outcome) => {
      if (outcome.ok) this.#voted(votes, outcome.value);
    });
  }

  #voted(votes: Map<string, Ask<VoteRequest>>, { topics }: VoteResponse): void {
    for (const { topicId, partitions } of topics) {
      for (const answer of partitions) {
        const ask = votes.get(partitionKey(topicId, answer.partitionIndex));
        if (ask === undefined || answer.errorCode !== 0) continue;
        const { replica, said } = ask;
        replica.replica.voteAnswered(
          {
            voter: said.voter,
            askedEpoch: said.leaderEpoch,
            isPreVote: said.isPreVote,
            isGranted: answer.voteGranted,
            leaderEpoch: leaderEpoch(answer.leaderEpoch),
            leaderId: knownLeader(answer.leaderId),
          },
          this.#options.now(),
        );
        this.#options.changed(replica);
      }
    }
  }

  #sendBegins(nodeId: number, begins: Map<string, Ask<BeginEpoch>>): void {
    const topics = byTopic(begins.values(), ({ partition, replica, said }) => ({
      partitionIndex: partition,
      voterDirectoryId: replica.replica.voters.ofNode(nodeId)?.directoryId ?? zeroUuid,
      leaderId: said.leaderId,
      leaderEpoch: said.leaderEpoch,
    })).map(withTopicName);
    const clusterId = this.#options.clusterId();
    const body = { clusterId, voterId: nodeId, topics, leaderEndpoints: [] };
    const link = this.#options.link(nodeId);
    link.call(beginQuorumEpochCodec, body, limits.peerVoteMsMax, (outcome) => {
      if (outcome.ok) this.#begun(begins, outcome.value);
    });
  }

  /** Who leads in an old epoch hears so, and goes. */
  #begun(begins: Map<string, Ask<BeginEpoch>>, { topics }: BeginQuorumEpochResponse): void {
    for (const { topicId, partitions } of topics) {
      for (const answer of partitions) {
        const ask = begins.get(partitionKey(topicId, answer.partitionIndex));
        if (ask === undefined || answer.leaderEpoch < 0) continue;
        const epoch = leaderEpoch(answer.leaderEpoch);
        const { replica } = ask.replica;
        replica.leaderTold(epoch, knownLeader(answer.leaderId), this.#options.now());
        this.#options.changed(ask.replica);
      }
    }
  }

  #sendEnds(nodeId: number, ends: Map<string, Ask<EndEpoch>>): void {
    const topics = byTopic(ends.values(), ({ partition, said }) => ({
      partitionIndex: partition,
      leaderId: said.leaderId,
      leaderEpoch: said.leaderEpoch,
      preferredSuccessors: [],
      preferredCandidates: said.successors.map(({ nodeId: candidateId, directoryId }) => ({
        candidateId,
        candidateDirectoryId: directoryId,
      })),
    })).map(withTopicName);
    const body = { clusterId: this.#options.clusterId(), topics, leaderEndpoints: [] };
    const link = this.#options.link(nodeId);
    link.call(endQuorumEpochCodec, body, limits.peerVoteMsMax, () => undefined);
  }

  #outbox(nodeId: number): Outbox {
    const known = this.#outboxes.get(nodeId);
    if (known !== undefined) return known;
    const outbox: Outbox = { votes: new Map(), begins: new Map(), ends: new Map() };
    this.#outboxes.set(nodeId, outbox);
    return outbox;
  }
}

const knownLeader = (leaderId: number): number | undefined => (leaderId < 0 ? undefined : leaderId);

const keyOf = ({ topicId, partition }: PeerReplica): string => partitionKey(topicId, partition);

function askOf<T>(replica: PeerReplica, said: T): Ask<T> {
  const { topic, topicId, partition } = replica;
  return { topic, topicId, partition, replica, said };
}

function votePartition({ partition, said }: Ask<VoteRequest>): VoteRequestPartition {
  return {
    partitionIndex: partition,
    replicaEpoch: said.leaderEpoch,
    replicaId: said.candidate.nodeId,
    replicaDirectoryId: said.candidate.directoryId,
    voterDirectoryId: said.voter.directoryId,
    lastOffsetEpoch: said.lastEpoch,
    lastOffset: said.logEndOffset,
    preVote: said.isPreVote,
  };
}

const withTopicName = <T extends { readonly topic: string }>(of: T): T & { topicName: string } => ({
  ...of,
  topicName: of.topic,
});
