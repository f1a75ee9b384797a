import { vi } from 'vitest';
import { leaderEpoch } from '../../src/base/brand.ts';
import { DiskError } from '../../src/ports/disk.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { Partition } from '../../src/core/partition.ts';
import { fetchCodec } from '../../src/wire/kafka/generated/01-fetch.ts';
import type { FetchResponsePartition } from '../../src/wire/kafka/generated/01-fetch.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { PowerCut } from '../fakes/fake-disk.ts';
import type { CrashMode } from '../fakes/fake-disk.ts';
import { ManualClock, SeededRandom } from '../unit/log/log-fixture.ts';
import { MqttWorld, ProducerWorld, WireWorld } from './clients-world.ts';
import type { KafkaWire } from './clients-world.ts';
import { CentralWorld } from './central-world.ts';
import type { Fetched } from './central-world.ts';
import { DiskWorld } from './disk-world.ts';
import type { Fault } from './disk-world.ts';
import { ExtraLogWorld } from './extra-log-world.ts';
import { LedgerWorld } from './ledger-world.ts';
import { NodeProcess, sensorsTopic, StoppedItself, ViewsWorld } from './node-process-world.ts';

/** The process ended, by the fault that was planned. */
export class Died extends Error {
  override readonly name = 'Died';
}

const roundsMax = 60;
const roundMs = 250;
/** A full disk has room again after so many rounds in which nobody got on. */
const fullRounds = 4;

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What happened in a life, to see that the scenario does what it says. */
export class LifeCounts {
  rolls = 0;
  logStartsAdvanced = 0;
  starts = 0;
  startsWhileFull = 0;
  /** Disk calls after which a drop past a forward offset began, with the count of its records. */
  readonly dropsBegunAt: number[] = [];
  /** Disk calls after which a process was killed. */
  readonly crashedAt: number[] = [];
}

/**
 * A node process on a fake disk and the clients around it. Between two turns of the core the disk
 * does all it can, or as little as `turn` lets it. Time passes only in `later`. Fake timers must be
 * on.
 */
export class StorageWorld {
  readonly disk: DiskWorld;
  readonly clock = new ManualClock();
  readonly ledger = new LedgerWorld();
  readonly wire = new WireWorld();
  readonly mqtt: MqttWorld;
  readonly producer: ProducerWorld;
  readonly extra: ExtraLogWorld;
  readonly central = new CentralWorld(this);
  readonly counts = new LifeCounts();
  /** Nobody makes room on a full disk. */
  staysFull = false;
  readonly #views = new ViewsWorld();
  readonly #random: SeededRandom;
  readonly #droppingAtBytes: number | undefined;
  #process: NodeProcess | undefined;
  #roundsFull = 0;

  /** @param droppingAtBytes `disk.whenFull: dropOldest` with that budget. */
  constructor(seed: number, fault?: Fault, droppingAtBytes?: number) {
    this.disk = new DiskWorld(seed, fault);
    this.#droppingAtBytes = droppingAtBytes;
    this.#random = new SeededRandom(seed);
    this.mqtt = new MqttWorld(this.wire, this.ledger, 'sensor-1');
    this.producer = new ProducerWorld(this.wire, this.ledger);
    this.extra = new ExtraLogWorld(this);
    this.wire.post = (event) => this.#process?.post(event);
  }

  get process(): NodeProcess {
    if (this.#process === undefined) throw new Died('no process');
    return this.#process;
  }

  get sensors(): Partition {
    for (const partition of this.process.core.view.partitions) {
      if (partition.topic === sensorsTopic) return partition;
    }
    throw new Error('a ready node has the topic');
  }

  /**
   * Starts the process; an exit for want of room is followed by another start, as a service manager
   * does.
   */
  async start(): Promise<void> {
    for (let round = 0; ; round++) {
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        const isFull = this.#isFull(error) && round < 10;
        await this.halt();
        if (!isFull) throw this.#asDeath(error);
        this.later(roundMs);
      }
    }
  }

  /** The process is gone at once; what it had under way reaches nothing any more. */
  async halt(): Promise<void> {
    this.#process?.die('halted');
    this.#process = undefined;
    this.wire.cut();
    this.mqtt.disconnected();
    this.producer.disconnected();
    vi.clearAllTimers();
    const wasDown = this.disk.isDown;
    this.disk.isDown = true;
    await breath();
    await breath();
    this.disk.isDown = wasDown;
    this.disk.failedSyncs.clear();
  }

  /** A crash of the process or of the machine; the disk is up again after it. */
  async crash(mode: CrashMode): Promise<void> {
    this.counts.crashedAt.push(this.disk.callCount);
    await this.halt();
    this.disk.reboot(mode);
    if (mode !== 'killed') this.#views.cut(this.#random.next());
  }

  async stop(): Promise<void> {
    await this.settle();
    try {
      await this.process.stop();
    } catch (error) {
      if (!this.#isFull(error)) throw this.#asDeath(error);
    }
    await this.halt();
  }

  /**
   * One turn of the core; the disk gets no further than `ticks` steps of each thing that is under
   * way.
   */
  async turn(ticks: number): Promise<void> {
    this.#turn();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
  }

  /** Until neither the core nor the disk has anything to do. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2;) {
      const moved = this.#turn();
      await breath();
      quiet = moved ? 0 : quiet + 1;
    }
  }

  /**
   * Time passes: timers fire, clients that lost their connection come back, a full disk gets room
   * one day.
   */
  later(ms: number): void {
    this.clock.nowMs += ms;
    vi.advanceTimersByTime(ms);
    this.wire.post({ type: 'TimerFired' });
    if (this.#process?.isReady === true) this.#process.executor.measureDisk();
    if (this.disk.isFull && !this.staysFull && ++this.#roundsFull >= fullRounds) this.disk.free();
  }

  /**
   * Lets everything go on until `isDone`. Throws Died if the process dies, Error if it never gets
   * there.
   */
  async until(isDone: () => boolean, what: string): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      await this.settle();
      if (isDone()) return;
      this.later(roundMs);
      if (this.process.isReady) {
        this.mqtt.tick();
        this.producer.tick();
      }
    }
    throw new Error(`stuck: ${what}`);
  }

  /** All that the clients have is acknowledged. */
  async untilIdle(): Promise<void> {
    await this.until(() => this.mqtt.isIdle && this.producer.isIdle, 'the clients');
  }

  /** A call of the test's own on the storage, asked again while the disk is full. */
  async onStorage<T>(run: () => Promise<T>): Promise<T> {
    for (let round = 0; ; round++) {
      try {
        return await run();
      } catch (error) {
        if (!this.#isFull(error) || round > 10 || this.process.storage.verdict !== undefined) {
          this.#process?.die(error);
          throw this.#asDeath(error);
        }
        this.later(roundMs);
        await this.settle();
      }
    }
  }

  /**
   * Everything of the sensors' log that a consumer can get, by offset; the ledger has checked it.
   */
  async readAll(): Promise<ReadonlyMap<number, string>> {
    const present = new Map<number, string>();
    const kafka = this.wire.openKafka();
    let from: number = this.sensors.logStartOffset;
    while (from < this.sensors.highWatermark) {
      from = (await this.#readSome(kafka, from)).next;
    }
    for (const [at, value] of this.ledger.seen) {
      if (this.#isPresent.has(at)) present.set(at, value);
    }
    this.#isPresent.clear();
    return present;
  }

  /** What one Fetch gives; the ledger has checked it. */
  fetch(from: number): Promise<Fetched> {
    return this.#readSome(this.wire.openKafka(), from);
  }

  /** The forwarder has brought all that is committed to central, but for the last batch it says. */
  async forward(): Promise<void> {
    await this.readAll();
    const { topicId, partition, logStartOffset, highWatermark } = this.sensors;
    const last = this.#lastBatch;
    if (last === undefined || last < logStartOffset) return;
    this.ledger.forwardBound = Math.max(this.ledger.forwardBound, last);
    const lastForwarded = { leaderEpoch: leaderEpoch(1), baseOffset: last as typeof highWatermark };
    this.wire.post({
      type: 'ForwardProgressed',
      mark: {
        ...{ topicId, partition, centralClusterId: 'central', forwardOffset: highWatermark },
        lastForwarded: { ...lastForwarded, crc: 0 },
      },
    });
  }

  readonly #isPresent = new Set<number>();
  #lastBatch: number | undefined;
  #refusedFetches = 0;

  async #readSome(kafka: KafkaWire, fetchOffset: number): Promise<Fetched> {
    const answers: FetchResponsePartition[] = [];
    const limits = { partitionMaxBytes: 2_000, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const wanted = { ...limits, partition: 0, fetchOffset, logStartOffset: -1 };
    const request = {
      ...{ clusterId: null, replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 2_000 },
      ...{ isolationLevel: 1, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
      topics: [{ topic: sensorsTopic, partitions: [wanted] }],
    };
    kafka.call(fetchCodec, 12, request, ({ responses }) => {
      answers.push(...(responses[0]?.partitions ?? []));
    });
    await this.until(() => answers.length > 0, 'a fetch');
    const [answer] = answers;
    // Retention may have passed the reader.
    if (answer?.errorCode === 1 && this.sensors.logStartOffset > fetchOffset) {
      return { next: this.sensors.logStartOffset, headers: [] };
    }
    // A read that the disk refused: the consumer asks again.
    if (answer?.errorCode === 56 && ++this.#refusedFetches < 10) {
      return { next: fetchOffset, headers: [] };
    }
    if (answer?.errorCode !== 0) throw new Error(`Fetch ${fetchOffset}: ${answer?.errorCode}`);
    return this.#took(answer.records ?? new Uint8Array(0), fetchOffset);
  }

  #took(bytes: Uint8Array, from: number): Fetched {
    const next = this.ledger.read(bytes, from);
    if (next === from) throw new Error(`nothing served at ${from}`);
    const { headers } = scanBatches(bytes);
    for (const { baseOffset, lastOffset } of headers) {
      for (let at: number = baseOffset; at <= lastOffset; at++) this.#isPresent.add(at);
      this.#lastBatch = baseOffset;
    }
    return { next, headers };
  }

  async #startOnce(): Promise<void> {
    this.ledger.started();
    this.counts.starts++;
    const { disk, clock } = this;
    this.#process = await NodeProcess.start({
      ...{ disk, clock, random: this.#random, views: this.#views },
      droppingAtBytes: this.#droppingAtBytes,
      outside: {
        released: (ids) => this.#released(ids),
        rejected: (id) => this.wire.settled(id, false),
        sessionAnswered: (id) => this.wire.sessionAnswered(id),
        sent: (connection, chunks) => this.wire.kafkaSent(connection, chunks),
        closed: () => {
          throw new Error('no client of this test is ever thrown out');
        },
        forwarderAnswered: (askId, isAllowed) => this.central.answered(askId, isAllowed),
        described: (partitions) => this.central.described(partitions),
        saw: (effect) => this.#saw(effect),
      },
    });
    await this.until(() => this.process.isReady, 'the start');
    this.extra.started();
  }

  #released(publishIds: readonly number[]): void {
    if (!this.process.isAlive) throw new Error('acknowledged after the end (L8)');
    for (const publishId of publishIds) this.wire.settled(publishId, true);
  }

  #saw(effect: Effect): void {
    if (effect.type === 'RollLog') this.counts.rolls++;
    if (effect.type === 'AdvanceLogStart') this.counts.logStartsAdvanced++;
    if (effect.type === 'CountRecords') this.counts.dropsBegunAt.push(this.disk.callCount);
    if (effect.type !== 'AppendBatch') return;
    for (const { logId, topic, topicId, partition } of this.process.core.view.partitions) {
      if (logId !== effect.logId) continue;
      this.ledger.appended(`${topicId}/${partition}`, effect);
      if (topic === sensorsTopic) this.central.appended(effect.batch);
    }
  }

  #turn(): boolean {
    const moved = this.process.turn();
    const { end } = this.process;
    if (end === undefined) return moved;
    throw this.#asDeath(end);
  }

  /** A death that was planned, or else the bug itself. */
  #asDeath(error: unknown): unknown {
    const isPlanned = error instanceof PowerCut || error instanceof DiskError;
    // A refused read while the state is replayed: the process ends, and the next start reads it.
    const isUnread = error instanceof StoppedItself && this.disk.fault?.type === 'EIO';
    return isPlanned || isUnread ? new Died(error.message, { cause: error }) : error;
  }

  #isFull(error: unknown): boolean {
    const cause = error instanceof Died ? error.cause : error;
    return cause instanceof DiskError && cause.code === 'ENOSPC';
  }
}
