import { connectionId, logId, monotonicMs } from '../../../../src/base/brand.ts';
import { timestampMs, uuid } from '../../../../src/base/brand.ts';
import type { ConnectionId, LinkId, Uuid } from '../../../../src/base/brand.ts';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { Prng } from '../../../../src/base/prng.ts';
import type { Effect } from '../../../../src/core/effect.ts';
import type { Now } from '../../../../src/core/now.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import type {
  PeerEffect,
  PeerEvent,
  PeerPurpose,
} from '../../../../src/core/peer/peer-transport.ts';
import { PeerClocks } from '../../../../src/core/peer/peer-clocks.ts';
import { Peers, type PeersOptions } from '../../../../src/core/peer/peers.ts';
import type { StoredVote } from '../../../../src/core/replica/ballot.ts';
import { VoterSet } from '../../../../src/core/replica/voter-set.ts';
import { frameLengthBytes } from '../../../../src/wire/kafka/frame.ts';
import { readRequestStart } from '../../../../src/wire/kafka/header.ts';
import { FakeBrokerView } from '../../../fakes/fake-broker-view.ts';
import { EventQueue } from '../../../sim/event-queue.ts';
import { SimLog } from '../../../sim/sim-log.ts';
import { SimReplica } from './sim-replica.ts';

export const clusterUuid = uuid('c1c1c1c1-0000-4000-8000-000000000000');
export const topicId = uuid('70707070-0000-4000-8000-000000000000');
export const directoryOf = (nodeId: number): Uuid =>
  uuid(`00000000-0000-4000-8000-00000000000${nodeId}`);

/** One TCP connection: bytes keep their order in each direction, or are lost with it. */
interface Wire {
  readonly from: PeerNodeSim;
  readonly to: PeerNodeSim;
  readonly link: LinkId;
  readonly connection: ConnectionId;
  readonly incarnations: readonly [number, number];
  readonly delayMs: number;
  readonly purpose: PeerPurpose;
  /** Bytes vanish, and nobody is told. */
  isDead: boolean;
  isClosed: boolean;
}

/** One process and its disk. */
export class PeerNodeSim {
  readonly nodeId: number;
  readonly logs: SimLog[];
  readonly votes: (StoredVote | undefined)[];
  facts: NodeFacts;
  peers: Peers | undefined;
  replicas: SimReplica[] = [];
  incarnation = 0;
  /** Texts that it printed. */
  readonly printed: string[] = [];
  isTurn = false;
  wakeAt = Infinity;

  constructor(facts: NodeFacts, partitions: number) {
    this.nodeId = facts.nodeId;
    this.facts = facts;
    this.logs = Array.from({ length: partitions }, () => new SimLog());
    this.votes = Array.from({ length: partitions }, () => undefined);
  }
}

export interface PeerWorldOptions {
  readonly nodes?: number;
  readonly partitions?: number;
  readonly voters?: readonly number[];
  readonly clusterId?: Uuid;
  readonly fsyncMs?: (random: Prng) => number;
  readonly delayMs?: (random: Prng) => number;
  readonly factsOf?: (nodeId: number) => Partial<NodeFacts>;
  readonly options?: Partial<PeersOptions>;
}

/** Several nodes with real `Peers` over a network and disks that a seed decides about. */
export class PeerWorld {
  readonly queue = new EventQueue();
  readonly random: Prng;
  readonly nodes: readonly PeerNodeSim[];
  readonly #options: PeerWorldOptions;
  readonly #wires = new Set<Wire>();
  readonly #cuts = new Set<string>();
  #nextConnection = 1;
  /** What links were ordered for. */
  readonly purposes = new Set<PeerPurpose>();
  /** Links that were ordered. */
  opened = 0;
  /** What nodes asked each other. */
  readonly requests: {
    readonly ms: number;
    readonly from: number;
    readonly to: number;
    readonly apiKey: number;
    readonly purpose: PeerPurpose;
  }[] = [];
  /** Highest committed end of each partition, and the payloads below it. */
  readonly committed = new Map<number, (string | undefined)[]>();

  constructor(seed: number, options: PeerWorldOptions = {}) {
    this.random = new Prng(seed);
    this.#options = options;
    const ids = Array.from({ length: options.nodes ?? 3 }, (_, i) => i + 1);
    const peers = ids.map((nodeId) => ({ nodeId, isWitness: false }));
    this.nodes = ids.map(
      (nodeId) =>
        new PeerNodeSim(
          {
            ...{ clusterName: 'plant', clusterId: options.clusterId ?? clusterUuid, nodeId },
            ...{
              directoryId: directoryOf(nodeId),
              startCounter: 0,
              startIds: [],
              formerDirectoryIds: [],
            },
            ...{ isWitness: false, peers },
            ...{ clusterTopicId: topicId, version: '1', ...options.factsOf?.(nodeId) },
          },
          options.partitions ?? 1,
        ),
    );
  }

  get now(): Now {
    const { nowMs } = this.queue;
    return { monotonicMs: monotonicMs(nowMs), wallMs: timestampMs(1e12 + nowMs) };
  }

  node(nodeId: number): PeerNodeSim {
    return this.nodes[nodeId - 1] as PeerNodeSim;
  }

  peers(nodeId: number): Peers {
    return this.node(nodeId).peers as Peers;
  }

  leaderOf(partition: number): SimReplica | undefined {
    const leaders = this.nodes.flatMap((node) =>
      node.peers === undefined ? [] : node.replicas.filter((each) => each.partition === partition),
    );
    return leaders
      .filter(({ replica }) => replica.isLeader)
      .sort((a, b) => b.replica.leaderEpoch - a.replica.leaderEpoch)[0];
  }

  startAll(): void {
    for (const node of this.nodes) this.start(node);
  }

  start(node: PeerNodeSim): void {
    node.incarnation++;
    node.facts = { ...node.facts, startCounter: node.facts.startCounter + 1 };
    const { incarnation } = node;
    node.peers = new Peers({
      isGivenUp: () => false,
      facts: () => node.facts,
      clusterFacts: () => ({ clusterLeaderId: -1, clusterLeaderEpoch: -1, clusterVoters: [] }),
      clocks: new PeerClocks((effect) => this.#run(node, effect)),
      ...{ knownDirectories: [], directorySeen: () => undefined, introduced: () => undefined },
      replicas: () => node.replicas,
      find: (id, partition) =>
        node.replicas.find((each) => each.topicId === id && each.partition === partition),
      read: (replica, { from, to, bytesMax }, done) => {
        const sim = replica as SimReplica;
        this.#later(node, incarnation, this.random.next() * 2, () =>
          done({ ok: true, bytes: sim.read(from, to, bytesMax) }),
        );
      },
      leaderNamed: () => undefined,
      produce: (_topicId, _partition, _batch, done) =>
        done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' }),
      ...{ view: new FakeBrokerView(), handlers: new Map(), requestBytesMax: 1 << 20 },
      newcomerHandlers: new Map(),
      ...{ batchBytesMax: 1 << 20, replicaLagTimeMaxMs: 1_000, produceTimeoutMs: 2_000 },
      emit: (effect) => this.#run(node, effect),
      random: this.random,
      ...this.#options.options,
    });
    node.replicas = node.logs.map((log, partition) => this.#newReplica(node, log, partition));
    node.peers.start(this.now);
    for (const replica of node.replicas) node.peers.changed(replica);
    this.#endTurn(node);
  }

  /** The process dies: its connections close, what was not fsynced is gone in part. */
  crash(node: PeerNodeSim): void {
    node.peers = undefined;
    node.incarnation++;
    for (const log of node.logs) log.crash(this.random.below(log.unsynced + 1));
    for (const wire of this.#wires) {
      if (wire.from === node || wire.to === node) this.#close(wire, node);
    }
  }

  /** Both ways: what is sent vanishes, new connections too. */
  cut(a: number, b: number): void {
    this.#cuts.add(`${a}-${b}`).add(`${b}-${a}`);
    for (const wire of this.#wires) if (this.#isCut(wire.from, wire.to)) wire.isDead = true;
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Some connections break, others go silent. */
  disturb(chance: number): void {
    for (const wire of this.#wires) {
      if (this.random.chance(chance)) this.#close(wire, undefined);
      else if (this.random.chance(chance / 4)) wire.isDead = true;
    }
  }

  runFor(ms: number): void {
    this.queue.runUntil(this.queue.nowMs + ms);
  }

  /** Something happens on a node, in a turn. */
  inTurn(node: PeerNodeSim, run: (peers: Peers) => void): void {
    if (node.peers === undefined) return;
    run(node.peers);
    this.#endTurn(node);
  }

  #newReplica(node: PeerNodeSim, log: SimLog, partition: number): SimReplica {
    const { incarnation } = node;
    const voters = this.#options.voters ?? this.nodes.map(({ nodeId }) => nodeId);
    return new SimReplica({
      ...{ logId: logId(partition), topicId, partition, log, vote: node.votes[partition] },
      self: { nodeId: node.nodeId, directoryId: node.facts.directoryId },
      voters: new VoterSet(
        voters.map((nodeId) => ({ nodeId, directoryId: directoryOf(nodeId), role: 'data' })),
      ),
      random: { next: () => this.random.next(), uuid: () => node.facts.directoryId },
      peers: node.peers as Peers,
      now: () => this.now,
      disk: (done) => {
        const fsyncMs = this.#options.fsyncMs?.(this.random) ?? this.random.next() * 20;
        this.#later(node, incarnation, fsyncMs, done);
      },
      voted: (vote) => {
        node.votes[partition] = vote;
      },
      committed: (replica) => this.#committed(replica),
    });
  }

  /** What one node calls committed never changes. */
  #committed(sim: SimReplica): void {
    const { partition, log, replica } = sim;
    const known = this.committed.get(partition) ?? [];
    this.committed.set(partition, known);
    for (let place = sim.checkedTo; place < replica.highWatermark; place++) {
      const record = log.at(place);
      const text = `${record?.leaderEpoch} ${record?.payload}`;
      if (place < known.length && known[place] !== text) {
        throw new Error(`committed ${place} of ${partition} was ${known[place]}, is ${text}`);
      }
      known[place] = text;
    }
    sim.checkedTo = replica.highWatermark;
  }

  #later(node: PeerNodeSim, incarnation: number, delayMs: number, run: () => void): void {
    this.queue.after(delayMs, () => {
      if (node.incarnation !== incarnation) return;
      run();
      this.#endTurn(node);
    });
  }

  #event(node: PeerNodeSim, event: PeerEvent): void {
    this.inTurn(node, (peers) => peers.handle(event, this.now));
  }

  /** Events of the same instant share a turn. */
  #endTurn(node: PeerNodeSim): void {
    if (node.isTurn) return;
    node.isTurn = true;
    this.queue.after(0, () => {
      node.isTurn = false;
      node.peers?.turnEnded(this.now);
      this.#wake(node);
    });
  }

  #wake(node: PeerNodeSim): void {
    const { peers, incarnation } = node;
    if (peers === undefined) return;
    const deadlines = [peers.nextDeadline(), ...node.replicas.map((r) => r.replica.nextDeadline())];
    const next = Math.min(...deadlines.map((at) => at ?? Infinity));
    const at = Math.max(next, this.queue.nowMs);
    if (next === Infinity || node.wakeAt <= at) return;
    node.wakeAt = at;
    this.queue.after(at - this.queue.nowMs, () => {
      if (node.wakeAt === at) node.wakeAt = Infinity;
      if (node.incarnation !== incarnation) return this.#wake(node);
      const { now } = this;
      peers.tick(now);
      for (const { replica } of node.replicas) {
        const due = replica.nextDeadline();
        if (due !== undefined && due <= now.monotonicMs) replica.tick(now.monotonicMs);
      }
      return this.#endTurn(node);
    });
  }

  #run(node: PeerNodeSim, effect: Effect | PeerEffect): void {
    switch (effect.type) {
      case 'Print':
        return void node.printed.push(effect.text);
      case 'OpenLink':
        return this.#open(node, effect);
      case 'SendToLink': {
        const wire = this.#find((each) => each.from === node && each.link === effect.link);
        for (const frame of effect.chunks) this.#note(node, wire, frame);
        return wire && this.#carry(wire, wire.to, effect.chunks);
      }
      case 'CloseLink': {
        const wire = this.#find((each) => each.from === node && each.link === effect.link);
        return wire && this.#close(wire, node);
      }
      case 'SendBytes': {
        const wire = this.#find((each) => each.connection === effect.connection);
        return wire && this.#carry(wire, wire.from, effect.chunks);
      }
      case 'CloseConnection': {
        const wire = this.#find((each) => each.connection === effect.connection);
        return wire && this.#close(wire, node);
      }
      default:
        return undefined;
    }
  }

  #note(from: PeerNodeSim, wire: Wire | undefined, frame: Uint8Array): void {
    const start = readRequestStart(frame.subarray(frameLengthBytes));
    if (!start.ok || wire === undefined) return;
    const request = { ms: this.queue.nowMs, from: from.nodeId, to: wire.to.nodeId };
    this.requests.push({ ...request, apiKey: start.value.apiKey, purpose: wire.purpose });
  }

  #find(is: (wire: Wire) => boolean): Wire | undefined {
    for (const wire of this.#wires) if (!wire.isClosed && is(wire)) return wire;
    return undefined;
  }

  #open(from: PeerNodeSim, order: Extract<PeerEffect, { type: 'OpenLink' }>): void {
    const { link, nodeId, purpose } = order;
    this.opened++;
    this.purposes.add(purpose);
    const to = this.node(nodeId);
    const { incarnation } = from;
    const delayMs = this.#options.delayMs?.(this.random) ?? this.random.next() * 20;
    if (this.#isCut(from, to)) return;
    this.#later(from, incarnation, delayMs, () => {
      if (to.peers === undefined) {
        const reason = 'refused';
        return from.peers?.handle({ type: 'LinkClosed', link, isRefused: true, reason }, this.now);
      }
      const connection = connectionId(this.#nextConnection++);
      const incarnations = [incarnation, to.incarnation] as const;
      const wire: Wire = {
        ...{
          from,
          to,
          link,
          connection,
          incarnations,
          delayMs,
          purpose,
          isDead: false,
          isClosed: false,
        },
      };
      this.#wires.add(wire);
      this.#event(to, { type: 'PeerConnectionOpened', connection });
      return from.peers?.handle({ type: 'LinkOpened', link }, this.now);
    });
  }

  /** In order: all bytes of a wire take the same time. */
  #carry(wire: Wire, to: PeerNodeSim, chunks: readonly Uint8Array[]): void {
    if (this.#isCut(wire.from, wire.to)) wire.isDead = true;
    const bytes = concatBytes(chunks);
    const { connection, link } = wire;
    if (to === wire.from) {
      this.queue.after(0, () => {
        if (wire.isClosed) return;
        this.#event(wire.to, { type: 'PeerBytesSent', connection, bytes: bytes.length });
      });
    }
    this.queue.after(wire.delayMs, () => {
      if (wire.isClosed || wire.isDead) return;
      if (to === wire.to) this.#event(to, { type: 'PeerBytesReceived', connection, chunk: bytes });
      else this.#event(to, { type: 'LinkBytesReceived', link, chunk: bytes });
    });
  }

  /** `by`: who closed it hears nothing of it. */
  #close(wire: Wire, by: PeerNodeSim | undefined): void {
    if (wire.isClosed) return;
    wire.isClosed = true;
    this.#wires.delete(wire);
    const { from, to, link, connection, delayMs } = wire;
    const [opened, accepted] = wire.incarnations;
    if (by !== from && !wire.isDead) {
      this.#later(from, opened, delayMs, () =>
        from.peers?.handle(
          { type: 'LinkClosed', link, isRefused: false, reason: 'reset' },
          this.now,
        ),
      );
    }
    this.#later(to, accepted, delayMs, () => to.peers?.connectionClosed(connection, this.now));
  }

  #isCut(a: PeerNodeSim, b: PeerNodeSim): boolean {
    return this.#cuts.has(`${a.nodeId}-${b.nodeId}`);
  }
}
