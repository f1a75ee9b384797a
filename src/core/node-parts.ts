import type { Offset } from '../base/brand.ts';
import { present } from '../base/assert.ts';
import { zeroUuid } from '../wire/kafka/protocol-reader.ts';
import { Boot } from './boot.ts';
import { Broker } from './broker.ts';
import { ClusterState, clusterTopicName, sessionsTopicName } from './cluster/cluster-state.ts';
import { ClockWatch } from './clock-watch.ts';
import { Decisions } from './cluster/decisions.ts';
import type { InternalTopic } from './cluster/internal-topic.ts';
import { LeaderHints } from './cluster/leader-hints.ts';
import { Membership } from './cluster/membership.ts';
import { PeerClocks } from './peer/peer-clocks.ts';
import { openInternalTopic } from './cluster/open-internal-topic.ts';
import { Placement } from './cluster/placement.ts';
import { ProducerIdBlocks } from './cluster/producer-id-blocks.ts';
import { ProducerIds } from './cluster/producer-ids.ts';
import { TopicCreation } from './cluster/topic-creation.ts';
import { WantedVoters } from './cluster/wanted-voters.ts';
import { createQueues } from './create-queues.ts';
import type { Effect } from './effect.ts';
import type { OpenLog } from './event.ts';
import { NodeForwarding } from './forward/node-forwarding.ts';
import { KafkaRouter } from './kafka/router.ts';
import { Qos2Publishes } from './mqtt/qos2-publishes.ts';
import { LeaderlessWatch } from './leaderless-watch.ts';
import { HandOver } from './hand-over.ts';
import { LeaderTransfers } from './leader-transfers.ts';
import { LocalPartitions } from './local-partitions.ts';
import { LocalWitnesses } from './local-witnesses.ts';
import { isWitnessNode, type NodeOptions } from './node-options.ts';
import type { Now } from './now.ts';
import type { Partition } from './partition.ts';
import { PartitionFactory } from './partition-factory.ts';
import { PartitionNews } from './partition-news.ts';
import { PartitionPlaces } from './partition-places.ts';
import { PartitionTable } from './partition-table.ts';
import { PendingReads } from './pending-reads.ts';
import { Batcher } from './produce/batcher.ts';
import { Ingest } from './produce/ingest.ts';
import { produceForPeer } from './produce/produce-for-peer.ts';
import type { ProduceQueues } from './produce/produce-queues.ts';
import { RouteTable } from './produce/route-table.ts';
import { TopicQueues } from './produce/topic-queues.ts';
import { RetentionPlanner } from './retention-planner.ts';
import { Upkeep } from './upkeep.ts';
import { RoomPlanner } from './room-planner.ts';

/** What drives the parts: where their orders go, and what time it is. */
export interface NodeWorld {
  readonly emit: (effect: Effect) => void;
  /** Of the step that is running. */
  readonly now: () => Now;
}

/**
 * The parts of a node and how they hang together. Each is told of the others only what it needs;
 * `Node` gives them their events.
 */
export class NodeParts {
  readonly #options: NodeOptions;
  readonly partitions: PartitionTable;
  readonly cluster = new ClusterState();
  readonly leaderless = new LeaderlessWatch();
  readonly wantedVoters: WantedVoters;
  readonly upkeep: Upkeep;
  readonly transfers = new LeaderTransfers(() => this.#current().monotonicMs);
  readonly news = new PartitionNews(this, () => this.#current().monotonicMs);
  readonly reads: PendingReads;
  readonly factory: PartitionFactory;
  /** Undefined: a cluster of one. */
  readonly membership: Membership | undefined;
  readonly placement: Placement;
  readonly queues: ProduceQueues;
  readonly batcher: Batcher;
  readonly ingest: Ingest;
  readonly qos2: Qos2Publishes;
  readonly local: LocalPartitions;
  readonly handOver: HandOver;
  readonly witnesses: LocalWitnesses;
  readonly boot: Boot;
  readonly router: KafkaRouter;
  readonly broker: Broker;
  readonly clock: ClockWatch;
  readonly peerClocks: PeerClocks;
  readonly forwarding: NodeForwarding;
  readonly retention: RetentionPlanner;
  readonly room: RoomPlanner;
  readonly hints = new LeaderHints();
  readonly decisions: Decisions;
  readonly blocks: ProducerIdBlocks;
  readonly producerIds: ProducerIds;
  readonly #isPromoting = (): boolean => this.membership?.isPromoting === true;
  readonly #world: NodeWorld;

  constructor(options: NodeOptions, world: NodeWorld) {
    this.#options = options;
    this.#world = world;
    const { emit } = world;
    this.partitions = new PartitionTable(options.cluster === undefined);
    const { partitions, cluster, transfers } = this;
    this.clock = new ClockWatch(emit);
    this.peerClocks = new PeerClocks(emit);
    this.wantedVoters = new WantedVoters({
      ...{ partitions, cluster, now: () => this.#current() },
      members: () => this.membership?.members(cluster) ?? [],
      isPromoting: this.#isPromoting,
    });
    this.upkeep = this.#createUpkeep(emit);
    this.reads = new PendingReads(emit);
    this.factory = this.#createFactory(emit);
    this.queues = this.#createQueues();
    this.batcher = new Batcher(options);
    this.decisions = new Decisions({ cluster, log: () => this.#clusterLog() });
    this.blocks = new ProducerIdBlocks(this.decisions, this.#isPromoting);
    this.producerIds = new ProducerIds((taken) => this.#takeBlock(taken));
    const topicQueues = new TopicQueues(cluster, this.queues);
    this.ingest = new Ingest({
      routes: new RouteTable(options.routes, (name) => cluster.topic(name)?.partitions),
      batcher: this.batcher,
      queue: (topic, partition) => topicQueues.find(topic, partition),
      deliveryTimeoutMs: options.ingestDeliveryTimeoutMs,
      producedBytes: () => this.broker.pendingBytes,
      emit,
    });
    const log = () => this.boot.internal(clusterTopicName);
    this.forwarding = new NodeForwarding({
      ...options,
      ...{ cluster, partitions, log, emit },
      now: () => this.#current(),
    });
    const { ledger, drops } = this.forwarding;
    this.retention = new RetentionPlanner({
      ...{ cluster, partitions, ledger, drops, emit, clocks: this.peerClocks },
      pinnedProducers: () => this.qos2.sessions.pinnedProducers(),
    });
    const { dropsOldest } = options;
    this.room = new RoomPlanner({ dropsOldest, cluster, partitions, ledger, drops, emit });
    this.qos2 = new Qos2Publishes({
      batchBytesMax: options.batchBytesMax,
      ingest: this.ingest,
      cluster,
      queues: this.queues,
      sessionsTopic: () => present(this.boot.internal(sessionsTopicName), 'the node is ready'),
      allocateProducerId: () => this.producerIds.allocate(),
      now: () => this.#current(),
      emit,
      sharing: options.cluster && { ...options, openMsMax: options.ingestDeliveryTimeoutMs },
    });
    this.handOver = new HandOver({
      ...{ partitions, transfers, emit },
      now: () => this.#current().monotonicMs,
    });
    this.witnesses = this.#createWitnesses();
    this.local = this.#createLocal(emit);
    this.boot = this.#createBoot(emit);
    this.broker = this.#createBroker();
    this.membership = this.#createMembership(emit);
    this.placement = new Placement({
      membership: () => this.membership,
      state: () => this.decisions.state,
    });
    this.router = new KafkaRouter(this.broker, emit, options);
  }

  #openPartition(log: OpenLog, onceHad: Offset | undefined): Partition {
    const partition = this.factory.open(log, onceHad);
    this.news.opened(partition);
    return partition;
  }

  /** The time of the step that is running. */
  #current(): Now {
    return this.#world.now();
  }

  #ready(): void {
    this.retention.start(this.#current());
    if (this.membership !== undefined) this.upkeep.start(this.#current().monotonicMs);
    this.#world.emit({ type: 'BecomeReady' });
    this.forwarding.start();
  }

  /** The first id of this start's first block is its ingest producer's (P4). */
  #takeProducerIds(taken: () => void): void {
    this.producerIds.refill(() => {
      this.queues.producerId = this.producerIds.allocate();
      taken();
    });
  }

  #takeBlock(taken: (first: number) => void): void {
    this.blocks.take((first) => {
      if (first !== undefined) taken(first);
      else this.membership?.requestBlock(taken);
    });
  }

  /** `__cluster`, while this node leads it and knows all that is committed there. */
  #clusterLog(): InternalTopic | undefined {
    const log = this.boot.internal(clusterTopicName);
    return log?.isCaughtUp === true && log.partition.isEpochCommitted ? log : undefined;
  }

  #createFactory(emit: (effect: Effect) => void): PartitionFactory {
    const { nodeId, directoryId, segmentBytesMax, random, cluster } = this.#options;
    return new PartitionFactory({
      ...{ segmentBytesMax, random, emit },
      self: { nodeId, directoryId },
      isWitness: isWitnessNode(this.#options),
      replicaLagTimeMaxMs: cluster?.replicaLagTimeMaxMs ?? 1_000,
      cluster: this.cluster,
      now: () => this.#current(),
      peers: () => this.membership?.peers,
      isStopping: () => this.handOver.hasBegun,
      highWatermarkMoved: (partition) => this.news.highWatermarkMoved(partition),
      inSyncChanged: (isIn) => this.news.inSyncChanged(isIn),
      leaderChanged: (partition) => this.news.leaderChanged(partition),
    });
  }

  #createQueues(): ProduceQueues {
    const { partitions, cluster, hints } = this;
    return createQueues({
      ...{ nodeId: this.#options.nodeId, partitions, cluster, hints },
      membership: () => this.membership,
      allocateProducerId: () => this.producerIds.allocate(),
      now: () => this.#current().monotonicMs,
    });
  }

  #createBroker(): Broker {
    const { partitions, cluster, reads, producerIds, hints } = this;
    return new Broker({
      ...this.#options,
      clusterId: () => this.membership?.clusterId ?? this.#options.clusterId,
      ...{ cluster, partitions, reads, producerIds },
      places: new PartitionPlaces({
        ...{ partitions, witnesses: this.witnesses.table, cluster, hints },
        isConnected: (nodeId) => this.membership?.peers.isConnected(nodeId) === true,
        askLed: (done) => this.membership?.askLed(done),
        now: () => this.#current().monotonicMs,
      }),
      creation: new TopicCreation({
        ...{ decisions: this.decisions, random: this.#options.random },
        isReady: () => this.boot.isReady,
        placement: () => this.placement,
        open: (topic, opened) => this.boot.openTopic(topic, opened),
      }),
      isHeld: () => this.ingest.isHeld,
    });
  }

  #createUpkeep(emit: (effect: Effect) => void): Upkeep {
    const { partitions, cluster, transfers } = this;
    return new Upkeep({
      ...{ nodeId: this.#options.nodeId, partitions, cluster, transfers, emit },
      heardAt: (nodeId) => this.membership?.peers.heardAt(nodeId),
      discard: (partition) => this.local.discard(partition),
    });
  }

  #createWitnesses(): LocalWitnesses {
    return new LocalWitnesses({
      stored: this.#options.stored?.witnesses ?? [],
      openWitness: (place) => this.factory.openWitness(place),
      changed: (replica) => this.membership?.peers.changed(replica),
    });
  }

  #createLocal(emit: (effect: Effect) => void): LocalPartitions {
    const { nodeId, directoryId, isJournalDamaged } = this.#options;
    return new LocalPartitions({
      self: { nodeId, directoryId },
      isJournalDamaged,
      isRenewed: (this.#options.stored?.formerDirectoryIds ?? []).length > 0,
      isAlone: this.#options.cluster === undefined,
      isWitness: isWitnessNode(this.#options),
      partitions: this.partitions,
      witnesses: this.witnesses,
      cluster: this.cluster,
      onceHad: this.#options.stored?.onceHad ?? [],
      openPartition: (log, onceHad) => this.#openPartition(log, onceHad),
      closePartition: (partition) => this.news.closed(partition),
      begun: () => this.membership?.pursuePromotions(),
      emit,
    });
  }

  #createBoot(emit: (effect: Effect) => void): Boot {
    const { topics: seeds, random } = this.#options;
    return new Boot({
      ...{ seeds, random, emit },
      isAlone: this.#options.cluster === undefined,
      partitions: this.partitions,
      local: this.local,
      ...{ cluster: this.cluster, decisions: this.decisions },
      openInternal: (partition) =>
        openInternalTopic(partition, {
          startCounter: this.#options.startCounter,
          cluster: this.cluster,
          sessions: this.qos2.sessions,
          batcher: this.batcher,
          queues: this.queues,
          stateChanged: () => this.forwarding.stateChanged(),
          topicChanged: (name) => {
            this.boot.topicChanged(name);
            this.wantedVoters.topicChanged(name);
          },
          promoted: () => this.membership?.pursuePromotions(),
          membersChanged: () => this.wantedVoters.membersChanged(),
          reads: this.reads,
          now: () => this.#current(),
          emit,
        }),
      takeProducerIds: (taken) =>
        isWitnessNode(this.#options) ? taken() : this.#takeProducerIds(taken),
      assign: (topic) => this.placement.assign(topic),
      ready: () => this.#ready(),
    });
  }

  /** How far this node's clock is from those of the others (see PeerClocks). */
  apartMs(): number {
    const { now } = this.clock;
    return now === undefined ? 0 : this.peerClocks.apartMs(now);
  }

  #createMembership(emit: (effect: Effect) => void): Membership | undefined {
    const { cluster, clusterId, stored } = this.#options;
    if (cluster === undefined) return undefined;
    const partitions = this.partitions;
    return new Membership({
      ...this.#options,
      ...{ cluster, partitions, emit, clocks: this.peerClocks },
      witnesses: this.witnesses.table,
      clusterId: clusterId ?? zeroUuid,
      stored: stored ?? nothingStored,
      state: this.cluster,
      view: this.broker,
      produceTimeoutMs: this.#options.ingestDeliveryTimeoutMs,
      read: (replica, range, done) => {
        const partition = partitions.byLog(replica.logId);
        if (partition !== undefined) this.reads.readUnbroken(partition, range, done);
      },
      produce: produceForPeer(this),
      leaderNamed: (topicId, partition, leader) => this.hints.told(topicId, partition, leader),
      decisions: this.decisions,
      membersChanged: () => this.wantedVoters.membersChanged(),
      blocks: this.blocks,
      isOpen: () => this.boot.hasOpened,
      now: () => this.#current(),
      adopted: (clusterTopicId) => this.boot.createCluster(clusterTopicId),
    });
  }
}

const nothingStored = {
  ...{ clusterTopicId: undefined, peerStarts: [], formerDirectoryIds: [], givingUp: [] },
};
