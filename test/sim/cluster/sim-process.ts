import { Node } from '../../../src/core/node.ts';
import type { OperatorRequest } from '../../../src/core/cluster/operator-request.ts';
import type { AdminAnswer, Effect } from '../../../src/core/effect.ts';
import type { Event } from '../../../src/core/event.ts';
import type { NodeOptions } from '../../../src/core/node-options.ts';
import type { ForwardPartition } from '../../../src/core/forward/supervision.ts';
import type { Partition } from '../../../src/core/partition.ts';
import { toleratingNoSpace } from '../../../src/log/files.ts';
import { Storage } from '../../../src/log/storage.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Disk } from '../../../src/ports/disk.ts';
import type { Random } from '../../../src/ports/random.ts';
import type { StateView } from '../../../src/ports/state-view.ts';
import type { TelemetryLevel } from '../../../src/ports/telemetry.ts';
import { Executor } from '../../../edge/execute.ts';
import { ForwardMarks } from '../../../edge/forward-marks.ts';
import { ByteDoors } from './byte-doors.ts';
import { MqttDoor } from './mqtt-door.ts';
import type { SimTcp } from './sim-tcp.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a process tells those who watch it. */
export interface Watcher {
  /** Before the core sees it. */
  event(event: Event): void;
  /** Before it runs. */
  effect(effect: Effect): void;
  /** After each turn. */
  turned(partitions: Iterable<Partition>): void;
  opened(storage: Storage): void;
  described(partitions: readonly ForwardPartition[]): void;
  forwarderAnswered(askId: number, isAllowed: boolean): void;
  line(level: TelemetryLevel, text: string): void;
}

export interface SimProcessParts {
  readonly time: VirtualTime;
  readonly net: SimTcp;
  readonly clock: Clock & { readonly rate: number };
  readonly random: Random;
  readonly views: StateView;
  readonly disk: Disk;
  readonly nodeId: number;
  readonly segmentBytes: number;
  readonly isClustered: boolean;
  readonly isWitness: boolean;
  readonly options: (storage: Storage) => NodeOptions;
  readonly watcher: Watcher;
  /** It ended by itself: a condemned disk, a word to stop, or a bug. */
  readonly ended: (why: ProcessEnd) => void;
}

export type ProcessEnd =
  | { readonly type: 'clean' }
  | { readonly type: 'condemned'; readonly error: unknown }
  | { readonly type: 'stopped'; readonly text: string }
  | { readonly type: 'bug'; readonly error: unknown };

/** What a turn of the loop takes, at the least. */
const turnMs = 0.05;
const diskMeasureMs = 500;

/** One life of a node process: core, executor, storage and doors, on virtual time. */
export class SimProcess {
  readonly #parts: SimProcessParts;
  readonly #doors: ByteDoors;
  readonly #mqtt: MqttDoor;
  #core: Node | undefined;
  /** The same table for as long as the core lives; known after its first turn. */
  #partitions: Iterable<Partition> | undefined;
  #executor: Executor | undefined;
  #queue: Event[] = [];
  readonly #asked = new Map<number, (answer: AdminAnswer) => void>();
  #isScheduled = false;
  /** A clean stop has come to its files: no further turn. */
  #isClosing = false;
  #timer = 0;
  #timerDeadline: number | undefined;
  #lastId = 0;
  #pausedUntilMs = 0;
  /** Told to the forwarder once the Kafka port is open, and from then on. */
  #described: readonly ForwardPartition[] = [];
  isAlive = true;
  /** Serves clients. */
  isReady = false;

  constructor(parts: SimProcessParts) {
    this.#parts = parts;
    const post = (event: Event): void => this.post(event);
    const nextId = (): number => ++this.#lastId;
    const { net, nodeId: host } = parts;
    this.#doors = new ByteDoors({ net, host, post, nextId });
    this.#mqtt = new MqttDoor(post, nextId);
  }

  get core(): Node | undefined {
    return this.#core;
  }

  /** Recovery, then the core's start. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#end({ type: 'condemned', error });
    }
  }

  /** `answered` is called once, unless the process ends before. */
  operate(request: OperatorRequest, answered: (answer: AdminAnswer) => void): void {
    const requestId = ++this.#lastId;
    this.#asked.set(requestId, answered);
    this.post({ type: 'OperatorAsked', requestId, request });
  }

  /** A clean stop, in the order of a whole node. */
  stop(): void {
    if (this.isReady) this.post({ type: 'StopRequested' });
  }

  post(event: Event): void {
    if (!this.isAlive || this.#isClosing) return;
    this.#queue.push(event);
    this.#schedule();
  }

  /** SIGKILL, or worse. */
  kill(): void {
    this.isAlive = false;
    this.#queue = [];
  }

  /** Runs no turn for so long: swapped out, or stopped by a signal. */
  pause(ms: number): void {
    this.#pausedUntilMs = this.#parts.time.nowMs + ms;
  }

  async #open(): Promise<void> {
    const { disk, nodeId, random, clock, segmentBytes, isClustered, watcher, views } = this.#parts;
    const opened = await Storage.open(disk, {
      ...{ nodeId, random, clock, isClustered },
      config: { segmentBytes, indexIntervalBytes: 1_024, reserveBytes: 8_192 },
    });
    if (!this.isAlive) return;
    if (!opened.ok) throw new Error(`help is needed: ${opened.error.code}`);
    const storage = opened.value;
    watcher.opened(storage);
    this.#core = new Node(this.#parts.options(storage));
    const { net } = this.#parts;
    if (isClustered) net.listen(nodeId, 'peer', (end) => this.#doors.accept(end, true));
    const executor = this.#newExecutor(storage);
    this.#executor = executor;
    for (const topic of ['__cluster', '__mqtt_sessions']) {
      const view = await views.load(topic);
      if (view !== undefined) this.post({ type: 'ViewLoaded', topic, ...view });
    }
    this.post({
      type: 'NodeStarted',
      logs: executor.adopt(storage.logs),
      votes: storage.journal.votes(),
      ...ForwardMarks.restore(storage.journal.entries()),
    });
  }

  #newExecutor(storage: Storage): Executor {
    const { views, watcher } = this.#parts;
    const mqtt = this.#mqtt;
    const condemned = (error: unknown): void => this.#end({ type: 'condemned', error });
    const marks = new ForwardMarks(storage.journal, condemned);
    return new Executor({
      ...{ storage, views, budgetBytes: 'auto', condemned },
      telemetry: { write: (level, text) => watcher.line(level, text) },
      connections: this.#doors,
      links: (effect) => this.#doors.runLink(effect),
      mqtt: {
        holdPublishers: (held) => mqtt.hold(held),
        releasePublishes: (ids) => mqtt.release(ids),
        rejectPublish: (id, closes) => mqtt.reject(id, closes),
        sessionAnswered: (a) => mqtt.sessionAnswered(a.requestId, a.openIdentifiers, a.isResumed),
        closeSession: (connection, clientId) => mqtt.closeSession(connection, clientId),
      },
      forwardMarks: marks,
      answerForwarder: (askId, isAllowed) => watcher.forwarderAnswered(askId, isAllowed),
      describeForwarding: (partitions) => this.#describe(partitions),
      post: (event) => this.post(event),
      answerAdmin: (requestId, answer) => this.#asked.get(requestId)?.(answer),
      answerCluster: () => undefined,
      mayStop: () => void this.#close(storage, marks).catch(condemned),
      ready: () => this.#becameReady(),
      stopNode: (text) => this.#end({ type: 'stopped', text }),
    });
  }

  async #close(storage: Storage, marks: ForwardMarks): Promise<void> {
    const [core, executor] = [this.#core, this.#executor];
    if (core === undefined || executor === undefined) return;
    const { net, nodeId } = this.#parts;
    await executor.settled();
    net.processEnded(nodeId, false);
    await executor.settled();
    this.#isClosing = true;
    await toleratingNoSpace(() => marks.stop());
    await executor.close((id) => core.producerSnapshot(id));
    await storage.close();
    this.#end({ type: 'clean' });
  }

  #describe(partitions: readonly ForwardPartition[]): void {
    this.#described = partitions;
    if (this.isReady) this.#parts.watcher.described(partitions);
  }

  #becameReady(): void {
    const { net, nodeId, isWitness } = this.#parts;
    this.isReady = true;
    if (!isWitness) {
      net.listen(nodeId, 'kafka', (end) => this.#doors.accept(end, false));
      net.listen(nodeId, 'mqtt', (end) => this.#mqtt.accept(end));
    }
    this.#describe(this.#described);
    this.#executor?.refillReserve();
    this.#measure();
  }

  #measure(): void {
    this.#parts.time.after(diskMeasureMs, () => {
      if (!this.isAlive) return;
      this.#parts.time.stir();
      this.#executor?.measureDisk();
      this.#executor?.writeMarksIfDue();
      this.#doors.sweep();
      this.#measure();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const { time } = this.#parts;
    time.after(Math.max(turnMs, this.#pausedUntilMs - time.nowMs), () => {
      this.#isScheduled = false;
      if (!this.isAlive) return;
      if (time.nowMs < this.#pausedUntilMs) return this.#schedule();
      this.#turn();
    });
  }

  #turn(): void {
    const [core, executor] = [this.#core, this.#executor];
    if (core === undefined || executor === undefined || this.#isClosing) return;
    const events: Event[] = [...this.#queue, { type: 'TurnEnded' }];
    this.#queue = [];
    const { clock, watcher, time } = this.#parts;
    const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    time.stir();
    for (const event of events) {
      if (!this.isAlive) return;
      watcher.event(event);
      try {
        const effects = core.step(event, now);
        for (const effect of effects) watcher.effect(effect);
        executor.execute(effects);
      } catch (error) {
        return this.#end({ type: 'bug', error });
      }
    }
    this.#partitions ??= core.view.partitions;
    watcher.turned(this.#partitions);
    this.#arm(core);
  }

  #arm(core: Node): void {
    const deadline = core.nextDeadline();
    if (deadline === this.#timerDeadline) return;
    this.#timerDeadline = deadline;
    const token = ++this.#timer;
    if (deadline === undefined) return;
    const { time, clock } = this.#parts;
    time.after(Math.max(0, deadline - clock.monotonicMs()) / clock.rate, () => {
      if (!this.isAlive || this.#timer !== token) return;
      this.#timerDeadline = undefined;
      this.post({ type: 'TimerFired' });
    });
  }

  #end(why: ProcessEnd): void {
    if (!this.isAlive) return;
    this.kill();
    this.#parts.ended(why);
  }
}
