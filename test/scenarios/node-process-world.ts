import type { ConnectionId, Offset } from '../../src/base/brand.ts';
import { Node } from '../../src/core/node.ts';
import type { NodeOptions } from '../../src/core/node-options.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { Event } from '../../src/core/event.ts';
import type { ForwardPartition } from '../../src/core/forward/supervision.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { Storage } from '../../src/log/storage.ts';
import type { Random } from '../../src/ports/random.ts';
import type { StateView, ViewChange, ViewEntry } from '../../src/ports/state-view.ts';
import { Executor } from '../../edge/execute.ts';
import { ForwardMarks } from '../../edge/forward-marks.ts';
import type { ManualClock } from '../unit/log/log-fixture.ts';
import type { DiskWorld } from './disk-world.ts';

/** What a process tells those outside of it. */
export interface Outside {
  readonly released: (publishIds: readonly number[]) => void;
  readonly rejected: (publishId: number) => void;
  readonly sessionAnswered: (requestId: number) => void;
  readonly sent: (connection: ConnectionId, chunks: readonly Uint8Array[]) => void;
  readonly closed: (connection: ConnectionId) => void;
  readonly forwarderAnswered: (askId: number, isAllowed: boolean) => void;
  readonly described: (partitions: readonly ForwardPartition[]) => void;
  /** Every effect, before it runs. */
  readonly saw: (effect: Effect) => void;
}

export interface ProcessParts {
  readonly disk: DiskWorld;
  readonly clock: ManualClock;
  readonly random: Random;
  readonly views: StateView;
  /** `disk.whenFull: dropOldest` with that budget; else the disk alone is the limit. */
  readonly droppingAtBytes: number | undefined;
  readonly outside: Outside;
}

/** The core could not go on and said so. */
export class StoppedItself extends Error {
  override readonly name = 'StoppedItself';
}

/** Logs of this topic belong to the test: the core does not know them. */
export const extraTopic = 'extra';
export const sensorsTopic = 'sensors';

export const segmentBytesMax = 1_500;
export const reserveBytes = 16_384;

/**
 * The core, the executor and the storage of one node process, in one thread, without sockets and
 * timers of its own.
 */
export class NodeProcess {
  readonly storage: Storage;
  readonly core: Node;
  readonly executor: Executor;
  readonly extra: PartitionLog | undefined;
  readonly #marks: ForwardMarks;
  readonly #parts: ProcessParts;
  #queue: Event[] = [];
  isReady = false;
  /** Why it ended: the disk's error, or a bug. Nothing is taken or answered after. */
  end: unknown;

  private constructor(parts: ProcessParts, storage: Storage) {
    this.#parts = parts;
    this.storage = storage;
    this.core = new Node(nodeOptions(storage, parts));
    this.#marks = new ForwardMarks(storage.journal, (error) => this.die(error));
    this.extra = storage.logs.find(({ topic }) => topic === extraTopic);
    this.executor = new Executor(this.#executorWorld());
  }

  /**
   * Recovery, then the core's start; it is ready some turns later. Rejects as `Storage.open` does.
   */
  static async start(parts: ProcessParts): Promise<NodeProcess> {
    const { disk, clock, random, views } = parts;
    const opened = await Storage.open(disk, {
      nodeId: 1,
      random,
      clock,
      config: { segmentBytes: segmentBytesMax, indexIntervalBytes: 256, reserveBytes },
    });
    if (!opened.ok) throw new Error(`help is needed: ${opened.error.code}`);
    const process = new NodeProcess(parts, opened.value);
    await process.#boot(views);
    return process;
  }

  get isAlive(): boolean {
    return this.end === undefined;
  }

  post(event: Event): void {
    if (this.isAlive) this.#queue.push(event);
  }

  /** One turn, as edge's loop has it. False if there was nothing to do. */
  turn(): boolean {
    if (!this.isAlive || this.#queue.length === 0) return false;
    const events: Event[] = [...this.#queue, { type: 'TurnEnded' }];
    this.#queue = [];
    const { clock, outside } = this.#parts;
    const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    for (const event of events) {
      const effects = this.core.step(event, now);
      for (const effect of effects) outside.saw(effect);
      this.executor.execute(effects);
      if (!this.isAlive) break;
    }
    return true;
  }

  /** L8: the process ends here. */
  die(error: unknown): void {
    this.end ??= error;
    this.#queue = [];
  }

  /** A clean stop, when nothing is under way. */
  async stop(): Promise<void> {
    await this.#marks.stop();
    await this.executor.close((id) => this.core.producerSnapshot(id));
    await this.extra?.close({ clean: true });
    await this.storage.close();
    this.die('stopped');
  }

  async #boot(views: StateView): Promise<void> {
    for (const topic of ['__cluster', '__mqtt_sessions']) {
      const view = await views.load(topic);
      if (view !== undefined) this.post({ type: 'ViewLoaded', topic, ...view });
    }
    const { storage } = this;
    this.post({
      type: 'NodeStarted',
      logs: this.executor.adopt(storage.logs.filter(({ topic }) => topic !== extraTopic)),
      votes: storage.journal.votes(),
      ...ForwardMarks.restore(storage.journal.entries()),
    });
  }

  #executorWorld(): ConstructorParameters<typeof Executor>[0] {
    const { outside, views, droppingAtBytes } = this.#parts;
    return {
      storage: this.storage,
      views,
      budgetBytes: droppingAtBytes ?? Number.MAX_SAFE_INTEGER,
      telemetry: { write: () => undefined },
      links: () => undefined,
      connections: { send: outside.sent, close: outside.closed, hold: () => undefined },
      mqtt: {
        holdPublishers: () => undefined,
        releasePublishes: outside.released,
        rejectPublish: outside.rejected,
        sessionAnswered: ({ requestId }) => outside.sessionAnswered(requestId),
        closeSession: () => undefined,
      },
      forwardMarks: this.#marks,
      answerForwarder: outside.forwarderAnswered,
      describeForwarding: outside.described,
      post: (event) => this.post(event),
      answerAdmin: () => undefined,
      answerCluster: () => undefined,
      mayStop: () => undefined,
      ready: () => {
        this.isReady = true;
        this.executor.refillReserve();
      },
      stopNode: (text) => this.die(new StoppedItself(text)),
      condemned: (error) => this.die(error),
    };
  }
}

function nodeOptions({ meta, journal }: Storage, parts: ProcessParts): NodeOptions {
  const dropsOldest = parts.droppingAtBytes !== undefined;
  return {
    nodeId: meta.nodeId,
    clusterId: meta.clusterId,
    directoryId: meta.directoryId,
    startCounter: meta.startCounter,
    startIds: meta.startIds,
    isJournalDamaged: journal.isDamaged,
    brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }],
    segmentBytesMax,
    batchBytesMax: 1_400,
    lingerMs: 0,
    ingestDeliveryTimeoutMs: 10_000,
    requestBytesMax: 100_000,
    autoCreateTopics: false,
    topics: [
      {
        name: sensorsTopic,
        partitions: 1,
        keepUnforwarded: true,
        retentionMs: -1,
        retentionBytes: dropsOldest ? -1 : 2 * segmentBytesMax,
        replicas: 0,
        minInsyncReplicas: 0,
      },
    ],
    routes: [{ from: '#', topic: sensorsTopic, key: 'mqttTopic' }],
    forwardedTopics: [sensorsTopic],
    dropsOldest,
    random: parts.random,
  };
}

interface View {
  readonly nextOffset: Offset;
  readonly entries: ReadonlyMap<string, ViewEntry>;
}

/** Views that are not fsynced: a power cut brings back an older one, or none (L5). */
export class ViewsWorld implements StateView {
  readonly #history = new Map<string, View[]>();

  async load(
    topic: string,
  ): Promise<{ nextOffset: Offset; entries: readonly ViewEntry[] } | undefined> {
    const view = this.#history.get(topic)?.at(-1);
    return view && { nextOffset: view.nextOffset, entries: [...view.entries.values()] };
  }

  async apply(topic: string, changes: readonly ViewChange[], nextOffset: Offset): Promise<void> {
    const history = this.#history.get(topic) ?? [];
    const entries = new Map(history.at(-1)?.entries);
    for (const { key, value } of changes) {
      if (value === undefined) entries.delete(key.join());
      else entries.set(key.join(), { key, value: value.slice() });
    }
    this.#history.set(topic, [...history, { nextOffset, entries }]);
  }

  async drop(topic: string): Promise<void> {
    this.#history.delete(topic);
  }

  /** Forgets that share of what was applied last. */
  cut(share: number): void {
    for (const [topic, history] of this.#history) {
      const kept = Math.floor(history.length * (1 - share));
      if (kept === 0) this.#history.delete(topic);
      else this.#history.set(topic, history.slice(0, kept));
    }
  }
}
