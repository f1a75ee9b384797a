import type { Prng } from '../../../src/base/prng.ts';
import type { NodeOptions } from '../../../src/core/node-options.ts';
import type { OperatorRequest } from '../../../src/core/cluster/operator-request.ts';
import type { AdminAnswer, Effect } from '../../../src/core/effect.ts';
import type { Event } from '../../../src/core/event.ts';
import type { Partition } from '../../../src/core/partition.ts';
import type { PartitionLog } from '../../../src/log/partition-log.ts';
import type { Storage } from '../../../src/log/storage.ts';
import { zeroUuid } from '../../../src/wire/kafka/protocol-reader.ts';
import { DiskError } from '../../../src/ports/disk.ts';
import type { CrashMode } from '../../fakes/fake-disk.ts';
import { SeededRandom } from '../../unit/log/log-fixture.ts';
import type { ClusterShape } from './cluster-shape.ts';
import { Violation, type CommittedLogs, type WatchedProcess } from './committed-logs.ts';
import { DriftingClock } from './drifting-clock.ts';
import { LogCopies, logKey, marksOf } from './log-copies.ts';
import { SimDisk } from './sim-disk.ts';
import { SimProcess, type ProcessEnd } from './sim-process.ts';
import { SimForwarder } from './sim-forwarder.ts';
import type { SimTcp } from './sim-tcp.ts';
import { SimViews } from './sim-views.ts';
import type { TraceHash } from './trace-hash.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a machine is part of. */
export interface MachineWorld {
  readonly time: VirtualTime;
  readonly net: SimTcp;
  readonly shape: ClusterShape;
  readonly committed: CommittedLogs;
  readonly trace: TraceHash;
  readonly counts: MachineCounts;
  readonly say: (text: string) => void;
}

/** What happened to machines, to see that a run is worth something. */
export class MachineCounts {
  starts = 0;
  kills = 0;
  powerCuts = 0;
  condemned = 0;
  truncations = 0;
  resets = 0;
  stops = 0;
  rotten = 0;
  repairs = 0;
  turns = 0;

  get all(): CountedMachines {
    const { starts, kills, powerCuts, condemned, truncations, resets, turns } = this;
    const { stops, rotten, repairs } = this;
    return {
      ...{ starts, kills, powerCuts, condemned, truncations, resets, turns },
      ...{ stops, rotten, repairs },
    };
  }
}

export type CountedMachines = Omit<MachineCounts, 'all'>;

/** A gateway: its disk and clocks outlive its processes, of which one runs at a time. */
export class Machine {
  readonly nodeId: number;
  readonly disk: SimDisk;
  readonly clock: DriftingClock;
  readonly #world: MachineWorld;
  readonly #random: Prng;
  readonly #views = new SimViews();
  #storage: Storage | undefined;
  #process: SimProcess | undefined;
  #forwarder: SimForwarder | undefined;
  #watched: WatchedProcess | undefined;
  #partitions: Iterable<Partition> = [];
  #isPoweredOff = false;
  /** Bits of its log flip: what its files say is not what it has. */
  #isRotting = false;

  constructor(nodeId: number, world: MachineWorld, random: Prng) {
    this.nodeId = nodeId;
    this.#world = world;
    this.#random = random;
    this.disk = new SimDisk(world.time, random);
    const rate = 1 + (random.next() - 0.5) * world.shape.clockDrift;
    this.clock = new DriftingClock(world.time, rate, (random.next() - 0.5) * 10_000);
  }

  get isWitness(): boolean {
    const own = this.#world.shape.nodes.find(({ nodeId }) => nodeId === this.nodeId);
    return own?.isWitness === true;
  }

  get isUp(): boolean {
    return this.#process?.isAlive === true;
  }

  get isReady(): boolean {
    return this.isUp && this.#process?.isReady === true;
  }

  /** Of the process that lives; none are known before its first turn. */
  get partitions(): Iterable<Partition> {
    return this.isUp ? this.#partitions : [];
  }

  start(): void {
    if (this.isUp) return;
    const { time, net, counts, say, trace } = this.#world;
    if (this.#isPoweredOff) net.machineStarted(this.nodeId);
    this.#isPoweredOff = false;
    counts.starts++;
    trace.add(`start ${this.nodeId}`, time.nowMs);
    say(`node ${this.nodeId} starts`);
    const process = this.#newProcess();
    this.#process = process;
    time.stir();
    process.start().catch((error: unknown) => time.fail(error));
  }

  /** The process is gone; `mode` other than `killed`: with the power of its machine. */
  crash(mode: CrashMode): void {
    const { net, counts, say, trace, time } = this.#world;
    if (!this.isUp) return;
    say(`node ${this.nodeId} ends: ${mode}`);
    trace.add(`${mode} ${this.nodeId}`, time.nowMs);
    if (mode === 'killed') counts.kills++;
    else counts.powerCuts++;
    this.#process?.kill();
    this.#forwarder?.end();
    this.#isPoweredOff = mode !== 'killed';
    net.processEnded(this.nodeId, this.#isPoweredOff);
    this.disk.crash(mode);
    if (this.#isPoweredOff) this.#views.cut(this.#random.next());
  }

  /** A clean stop; it is started again later. */
  stop(): void {
    this.#process?.stop();
  }

  /** A bit below a durable mark flips; what lies above it would pass for a torn tail (L6). */
  rot(): void {
    const { storage } = this;
    if (storage === undefined) return;
    this.#isRotting = true;
    const log = this.#random.pick(storage.logs);
    const mark = storage.journal.mark(log)?.to ?? 0;
    const folder = `logs/${log.topic}-${log.partition}/`;
    const files = [...this.disk.files()].filter(
      ([path]) => path.startsWith(folder) && path.endsWith('.log'),
    );
    const batches = files.flatMap(([path, bytes]) =>
      marksOf(bytes).flatMap(({ last, header }) => (last < mark ? { path, header } : [])),
    );
    if (batches.length === 0) return;
    const { path, header } = this.#random.pick(batches);
    const at = header.position + this.#random.below(header.totalBytes);
    this.disk.fake.flipBit(path, at, this.#random.below(8));
    this.#world.counts.rotten++;
    this.#world.say(`node ${this.nodeId} rots: ${path} at ${header.baseOffset}, byte ${at}`);
    if (this.#random.chance(0.5))
      this.#scrub(log).catch((error: unknown) => this.#world.time.fail(error));
  }

  /** SIGKILL of its forwarder alone. */
  killForwarder(): void {
    this.#forwarder?.kill();
  }

  operate(request: OperatorRequest, answered: (answer: AdminAnswer) => void): void {
    this.#process?.operate(request, answered);
  }

  pause(ms: number): void {
    this.#process?.pause(ms);
  }

  /** At rest: what the files hold. */
  checkFiles(): void {
    const { storage } = this;
    if (storage === undefined || this.#isRotting) return;
    const copies = new LogCopies(storage, this.disk.files());
    for (const copy of copies.byKey.values()) this.#world.committed.checkCopy(this.nodeId, copy);
  }

  async #scrub(log: PartitionLog): Promise<void> {
    this.#world.time.stir();
    for (const { baseOffset } of log.segments()) {
      const scrub = log.scrub(baseOffset);
      if (scrub === undefined) continue;
      for (let isDone = false; !isDone;) ({ isDone } = await scrub.step());
    }
  }

  get storage(): Storage | undefined {
    return this.isUp ? this.#storage : undefined;
  }

  #newProcess(): SimProcess {
    const { time, net, shape } = this.#world;
    const { nodeId } = this;
    const random = new SeededRandom(this.#random.below(2 ** 31));
    const process: SimProcess = new SimProcess({
      ...{ time, net, clock: this.clock, random, nodeId },
      views: this.#views.open(() => process.isAlive),
      disk: this.disk.open(() => process.isAlive),
      segmentBytes: shape.segmentBytes,
      isClustered: shape.nodes.length > 1,
      isWitness: this.isWitness,
      options: (storage) => this.#options(storage, random),
      watcher: {
        event: (event) => this.#event(event),
        effect: (effect) => this.#effect(effect),
        turned: (partitions) => this.#turned(partitions),
        opened: (storage) => this.#opened(storage),
        described: (partitions) => this.#forwarder?.describe(partitions),
        forwarderAnswered: (askId, isAllowed) => this.#forwarder?.answer(askId, isAllowed),
        line: (level, text) => this.#world.say(`node ${nodeId} ${level}: ${text}`),
      },
      ended: (why) => this.#ended(why),
    });
    this.#forwarder = shape.isForwarded ? this.#newForwarder(process, random) : undefined;
    return process;
  }

  #newForwarder(process: SimProcess, random: SeededRandom): SimForwarder {
    const { time, net } = this.#world;
    return new SimForwarder({
      ...{ time, net, clock: this.clock, random, nodeId: this.nodeId },
      clusterId: () => this.#storage?.meta.clusterId ?? zeroUuid,
      post: (event) => process.post(event),
    });
  }

  #opened(storage: Storage): void {
    this.#storage = storage;
    const copies = new LogCopies(storage, this.disk.files());
    if (this.#isRotting) {
      for (const { topicId, partition, logStartOffset, logEndOffset } of storage.logs) {
        const copy = copies.byKey.get(logKey(topicId, partition));
        if (copy) this.#world.committed.assume(copy, logStartOffset, logEndOffset);
      }
    }
    this.#watched = { nodeId: this.nodeId, copies, seen: new Map() };
  }

  #event(event: Event): void {
    this.#world.trace.add(event.type, this.nodeId);
    this.#watched?.copies.event(event);
  }

  #effect(effect: Effect): void {
    const { counts } = this.#world;
    if (effect.type === 'TruncateLog') counts.truncations++;
    if (effect.type === 'ResetLog') counts.resets++;
    if (effect.type === 'RepairLog') counts.repairs++;
    this.#watched?.copies.effect(effect);
  }

  #turned(partitions: Iterable<Partition>): void {
    const { counts, trace, time, committed } = this.#world;
    counts.turns++;
    trace.add('turn', time.nowMs);
    this.#partitions = partitions;
    try {
      if (this.#watched !== undefined) committed.turned(this.#watched, partitions);
    } catch (error) {
      time.fail(error);
    }
  }

  /** L8: whoever supervises it starts it again. */
  #ended(why: ProcessEnd): void {
    const { net, time, counts, say } = this.#world;
    this.#forwarder?.end();
    net.processEnded(this.nodeId, false);
    if (why.type === 'bug') return time.fail(why.error);
    if (why.type === 'condemned' && !(why.error instanceof DiskError)) return time.fail(why.error);
    if (why.type === 'stopped') {
      return time.fail(new Violation(`node ${this.nodeId} stops by itself: ${why.text}`));
    }
    if (why.type === 'clean') counts.stops++;
    else counts.condemned++;
    say(
      `node ${this.nodeId} ${why.type === 'clean' ? 'stops' : `is condemned: ${String(why.error)}`}`,
    );
    this.disk.crash('killed');
    time.after(500 + this.#random.next() * 2_000, () => this.start());
  }

  #options({ meta, journal, facts }: Storage, random: SeededRandom): NodeOptions {
    const { shape } = this.#world;
    const peers = shape.nodes;
    const cluster = { name: 'plant', peers, replicaLagTimeMaxMs: 1_000, version: 'sim' };
    const data = peers.filter(({ isWitness }) => !isWitness);
    return {
      nodeId: this.nodeId,
      clusterId: meta.clusterId,
      directoryId: meta.directoryId,
      stored: facts,
      cluster: peers.length > 1 ? cluster : undefined,
      startCounter: meta.startCounter,
      isJournalDamaged: journal.isDamaged,
      brokers: data.map(({ nodeId }) => ({ nodeId, host: 'node', port: nodeId })),
      segmentBytesMax: shape.segmentBytes,
      batchBytesMax: shape.batchBytesMax?.(this.nodeId) ?? 8_192,
      lingerMs: 0,
      ingestDeliveryTimeoutMs: 10_000,
      requestBytesMax: 1 << 20,
      autoCreateTopics: false,
      topics: [
        {
          name: 'sensors',
          partitions: shape.partitions,
          keepUnforwarded: true,
          retentionMs: -1,
          retentionBytes: -1,
          replicas: 0,
          minInsyncReplicas: 0,
        },
      ],
      routes: [{ from: '#', topic: 'sensors', key: 'mqttTopic' }],
      forwardedTopics: shape.isForwarded ? ['sensors'] : [],
      dropsOldest: false,
      random,
    };
  }
}
