import { leaderEpoch, monotonicMs, type MonotonicMs, type Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Random } from '../../ports/random.ts';
import type { StoredFacts } from '../../ports/stored-facts.ts';
import { allocateProducerIdsCodec } from '../../wire/kafka/generated/67-allocate-producer-ids.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';
import type { AdminAnswer, Effect } from '../effect.ts';
import type { BrokerView } from '../kafka/broker-view.ts';
import { Deadlines } from '../kafka/deadlines.ts';
import type { LedStatus } from '../cluster-status.ts';
import type { Now } from '../now.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { ReadPort } from '../peer/fetch-session.ts';
import { isBorn, type ClusterFacts, type NodeFacts, type PeerNode } from '../peer/node-facts.ts';
import type { PeerClocks } from '../peer/peer-clocks.ts';
import { Peers, type PeersOptions } from '../peer/peers.ts';
import type { ProducePort } from '../peer/produce-answers.ts';
import type { ReplicaId, Voter } from '../replica/voter-set.ts';
import type { WitnessTable } from '../witness-table.ts';
import { clusterMembers } from './admission.ts';
import { decideBirth, type BirthDecision } from './birth.ts';
import { clusterTopicName, type ClusterState } from './cluster-state.ts';
import type { Decisions } from './decisions.ts';
import { describeCluster, type ClusterReport } from './describe-cluster.ts';
import { LedPartitions } from './led-partitions.ts';
import { knownMembers } from './known-members.ts';
import type { OperatorRequest } from './operator-request.ts';
import { Operators } from './operators.ts';
import type { ClusterMember } from './place-topic.ts';
import type { ProducerIdBlocks } from './producer-id-blocks.ts';
import { Promotion } from './promotion.ts';

/** The config's `cluster`, as the core needs it. */
export interface ClusterOptions {
  readonly name: string;
  readonly peers: readonly PeerNode[];
  readonly replicaLagTimeMaxMs: number;
  readonly version: string;
}

export interface MembershipOptions {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly startCounter: number;
  readonly startIds?: readonly Uuid[];
  /** Zero: this node belongs to no cluster yet. */
  readonly clusterId: Uuid;
  readonly stored: Pick<
    StoredFacts,
    'clusterTopicId' | 'peerStarts' | 'formerDirectoryIds' | 'givingUp'
  >;
  readonly cluster: ClusterOptions;
  readonly state: ClusterState;
  readonly clocks: PeerClocks;
  readonly partitions: PartitionTable;
  readonly witnesses: WitnessTable;
  readonly view: BrokerView;
  readonly leaderNamed: PeersOptions['leaderNamed'];
  readonly read: ReadPort;
  readonly produce: ProducePort;
  readonly produceTimeoutMs: number;
  /** The cluster exists and this node is part of it. */
  readonly adopted: (clusterTopicId: Uuid) => void;
  readonly blocks: ProducerIdBlocks;
  readonly decisions: Decisions;
  /** The wanted voters of `__cluster` may be others now. */
  readonly membersChanged: () => void;
  /** All that `__cluster` says is known here, and the logs that it names take part. */
  readonly isOpen: () => boolean;
  /** Of the step that is running. */
  readonly now: () => Now;
  readonly random: Random;
  readonly emit: (effect: Effect) => void;
}

/**
 * This node among the others: who it is, the cluster that it belongs to and how it came to be part
 * of it (V2), and the traffic between nodes.
 */
export class Membership {
  readonly peers: Peers;
  readonly #options: MembershipOptions;
  readonly #deadlines = new Deadlines();
  readonly #led: LedPartitions;
  readonly #operators: Operators;
  readonly #promotion: Promotion;
  #whenAdopted: (() => void) | undefined;
  #clusterId: Uuid;
  #clusterTopicId: Uuid;
  #isAdopting = false;
  /** The cluster is older than the nodes that this one met: only `join` lets it in. */
  #isOlder = false;
  /** The cluster was born without this node. */
  #isOutside = false;
  #told = '';
  #now: MonotonicMs = monotonicMs(0);

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#clusterId = options.clusterId;
    this.#clusterTopicId = options.stored.clusterTopicId ?? zeroUuid;
    const { nodeId, partitions } = options;
    this.#led = new LedPartitions({ nodeId, partitions, now: () => this.#now });
    this.#promotion = this.#createPromotion();
    this.#operators = this.#createOperators();
    this.peers = this.#createPeers();
  }

  /** Zero: none yet. */
  get clusterId(): Uuid {
    return this.#clusterId;
  }

  /** `__cluster`'s, of a cluster that was born together; zero: not known. */
  get clusterTopicId(): Uuid {
    return this.#clusterTopicId;
  }

  get report(): ClusterReport {
    const leaderId = this.#clusterPartition()?.leaderId;
    const { promotions } = this.#options.state;
    return describeCluster({
      ...{ own: this.#facts(), isOutside: this.#isOutside },
      ...{ leaderId, peers: this.peers, now: this.#now },
      isGivenUp: (nodeId) => promotions.isNodeGivenUp(nodeId) && !this.#isMember(nodeId),
    });
  }

  /** The nodes of the cluster, as `cluster` and who votes on it say. */
  members(cluster: ClusterState, voters = this.#clusterVoters()): ClusterMember[] {
    const introduced = this.peers.introductions().values();
    return knownMembers({ clusterId: this.#clusterId, voters, cluster, introduced });
  }

  /** On its way: until `__cluster` says who is given up, this node leads that alone. */
  get isPromoting(): boolean {
    return this.#promotion.isUnderway;
  }

  /** What the other nodes lead, for status; `done` is called once. */
  askLed(done: (led: readonly LedStatus[]) => void): void {
    const { nodeId, cluster } = this.#options;
    if (!isBorn(this.#facts())) return done([]);
    const others = cluster.peers.map((peer) => peer.nodeId).filter((id) => id !== nodeId);
    this.#led.ask(this.peers, others, done);
  }

  start(now: Now): void {
    this.#now = now.monotonicMs;
    this.peers.start(now);
    this.#decide();
    const tellAt = monotonicMs(now.monotonicMs + limits.unbornTellMs);
    this.#deadlines.add(tellAt, () => this.#tellWaiting());
    const { formerDirectoryIds: former } = this.#options.stored;
    if (former.length > 0) this.#comeBack(former);
    this.#promotion.resume();
  }

  /** The identity is durable. */
  adopted(clusterId: Uuid, clusterTopicId: Uuid): void {
    this.#clusterId = clusterId;
    this.#clusterTopicId = clusterTopicId;
    this.peers.factsChanged();
    this.#options.adopted(clusterTopicId);
    this.#whenAdopted?.();
    this.#whenAdopted = undefined;
  }

  /** What an operator asks of the cluster; `done` is called once. */
  operate(request: OperatorRequest, done: (answer: AdminAnswer) => void): void {
    this.#operators.ask(request, done);
  }

  /** A promotion was recorded, or a log takes part: whatever is recorded of it is done (V5). */
  pursuePromotions(): void {
    this.#promotion.pursue();
  }

  /** Who an operator gives up is durable here. */
  givingUpStored(disks: readonly ReplicaId[]): void {
    this.#promotion.stored(disks);
  }

  /** Another node leads it, this one does, or nobody. */
  leaderChanged(partition: Partition): void {
    this.peers.changed(partition);
    this.#promotion.leaderChanged(partition);
  }

  /** Asks the leader of `__cluster` for a block of producer ids, until there is one (P4). */
  requestBlock(taken: (first: number) => void): void {
    const { nodeId, startCounter, partitions } = this.#options;
    const leader = partitions.find(clusterTopicName, 0)?.leaderId;
    const again = (): void => {
      const at = monotonicMs(this.#now + limits.peerRefetchMs);
      this.#deadlines.add(at, () => this.requestBlock(taken));
    };
    if (leader === undefined) return again();
    if (leader === nodeId) {
      return this.#options.blocks.take((first) => (first === undefined ? again() : taken(first)));
    }
    const body = { brokerId: nodeId, brokerEpoch: startCounter };
    const { produceTimeoutMs } = this.#options;
    this.peers.call(leader, allocateProducerIdsCodec, body, produceTimeoutMs, (outcome) => {
      if (outcome.ok && outcome.value.errorCode === 0) taken(outcome.value.producerIdStart);
      else again();
    });
  }

  nextDeadline(): MonotonicMs | undefined {
    const [own, peers] = [this.#deadlines.next(), this.peers.nextDeadline()];
    if (own === undefined || peers === undefined) return own ?? peers;
    return own < peers ? own : peers;
  }

  tick(now: Now): void {
    this.#now = now.monotonicMs;
    this.#deadlines.expire(now.monotonicMs);
    this.peers.tick(now);
  }

  /** V4: the votes of this disk may be lost; another id of it votes instead. */
  #comeBack(former: readonly Uuid[]): void {
    this.#operators.comeBack(former, () => {
      const at = monotonicMs(this.#now + limits.diskReturnMs);
      this.#deadlines.add(at, () => this.#comeBack(former));
    });
  }

  #decide(): void {
    const own = this.#facts();
    if (isBorn(own) || this.#isAdopting) return;
    const met = this.#isOlder ? new Set<Uuid>() : this.peers.metUnborn();
    const decision = decideBirth(own, this.peers.introductions(), met);
    this.#isOutside = decision.type === 'outside';
    switch (decision.type) {
      case 'wait':
        return;
      case 'outside':
        this.#isOlder ||= decision.isOlder;
        return this.#tell(decision.text);
      case 'found': {
        const { random } = this.#options;
        const { voters } = decision;
        return this.#adopt({ clusterId: random.uuid(), clusterTopicId: random.uuid(), voters });
      }
      case 'adopt':
        return this.#adopt(decision);
    }
  }

  #adopt({ clusterId, clusterTopicId, voters }: Adoption): void {
    this.#isAdopting = true;
    this.#options.emit({ type: 'AdoptCluster', clusterId, clusterTopicId, voters });
  }

  /** Without it a first node would print nothing until the last one is started. */
  #tellWaiting(): void {
    const own = this.#facts();
    if (isBorn(own) || this.#told !== '') return;
    const missing = own.peers
      .map((peer) => peer.nodeId)
      .filter((nodeId) => nodeId !== own.nodeId && !this.peers.isConnected(nodeId));
    if (missing.length === 0) return;
    const text =
      `This node waits for node ${missing.join(', ')}: ` +
      'a cluster begins when all of cluster.peers have met.';
    this.#options.emit({ type: 'Print', level: 'info', text });
  }

  #tell(text: string): void {
    if (this.#told === text) return;
    this.#told = text;
    this.#options.emit({ type: 'Print', level: 'warn', text });
  }

  #isMember(nodeId: number): boolean {
    const members = clusterMembers(this.#clusterVoters(), this.#options.state.members());
    return members.some((member) => member.nodeId === nodeId);
  }

  #facts(): NodeFacts {
    const { nodeId, directoryId, startCounter, startIds = [], cluster, stored } = this.#options;
    const { name: clusterName, peers, version } = cluster;
    return {
      ...{ clusterName, nodeId, directoryId, startCounter, startIds, peers, version },
      formerDirectoryIds: stored.formerDirectoryIds,
      clusterId: this.#clusterId,
      isWitness: peers.some((peer) => peer.nodeId === nodeId && peer.isWitness),
      // A cluster that began as one node has it from its log alone.
      clusterTopicId:
        this.#clusterTopicId === zeroUuid
          ? (this.#clusterPartition()?.topicId ?? zeroUuid)
          : this.#clusterTopicId,
    };
  }

  #clusterFacts(): ClusterFacts {
    const own = this.#clusterPartition();
    return {
      clusterLeaderId: own?.leaderId ?? -1,
      clusterLeaderEpoch: own?.leaderEpoch ?? leaderEpoch(0),
      clusterVoters: this.#clusterVoters().map(({ nodeId, directoryId, role }) => ({
        ...{ nodeId, directoryId, isWitness: role === 'witness' },
      })),
    };
  }

  #clusterPartition(): Partition | undefined {
    return this.#options.partitions.find(clusterTopicName, 0);
  }

  #clusterVoters(): readonly Voter[] {
    return this.#clusterPartition()?.voters?.voters ?? [];
  }

  #createPeers(): Peers {
    const { partitions, witnesses, state, stored, cluster, emit } = this.#options;
    return new Peers({
      ...this.#options,
      // Not this node's config: what another one took at its door it must be able to bring here.
      requestBytesMax: limits.peerRequestBytesMax,
      batchBytesMax: limits.batchBytesMax,
      replicaLagTimeMaxMs: cluster.replicaLagTimeMaxMs,
      facts: () => this.#facts(),
      clusterFacts: () => this.#clusterFacts(),
      isGivenUp: (directoryId) => this.#promotion.isGivenUp(directoryId),
      knownDirectories: stored.peerStarts,
      directorySeen: ({ directoryId, startCounter, startId }) =>
        emit({ type: 'NotePeerStart', directoryId, startCounter, startId }),
      introduced: () => this.#decide(),
      replicas: () => [...[...partitions].filter(({ hasBegun }) => hasBegun), ...witnesses],
      find: (topicId, partition) => {
        const name = state.topicById(topicId)?.name ?? clusterTopicName;
        const found = partitions.findById(name, topicId, partition);
        return found?.hasBegun === true ? found : witnesses.find(topicId, partition);
      },
      handlers: new Map([
        this.#options.blocks.handler(),
        this.#led.handler(),
        ...this.#operators.handlers(),
      ]),
      newcomerHandlers: new Map(this.#operators.newcomerHandlers()),
    });
  }

  #createOperators(): Operators {
    const { decisions, stored } = this.#options;
    return new Operators({
      ...{ decisions, isRenewed: stored.formerDirectoryIds.length > 0 },
      facts: () => this.#facts(),
      peers: () => this.peers,
      clusterPartition: () => this.#clusterPartition(),
      members: (voters) => this.members(decisions.state, voters),
      promote: (isConfirmed, done) => this.#promotion.ask(isConfirmed, done),
      adopt: (admitted, done) => {
        this.#whenAdopted = done;
        this.#adopt(admitted);
      },
    });
  }

  #createPromotion(): Promotion {
    const { decisions, membersChanged } = this.#options;
    return new Promotion({
      ...this.#options,
      members: () => this.members(decisions.state),
      recorded: membersChanged,
      givingUp: this.#options.stored.givingUp,
      facts: () => this.#facts(),
      peers: () => this.peers,
      later: (ms, run) =>
        void this.#deadlines.add(monotonicMs(this.#options.now().monotonicMs + ms), run),
    });
  }
}

type Adoption = Omit<Extract<BirthDecision, { type: 'adopt' }>, 'type'>;
