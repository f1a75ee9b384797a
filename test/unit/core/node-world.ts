import {
  connectionId,
  leaderEpoch as toEpoch,
  logGeneration,
  logId,
  offset,
  timestampMs,
  uuid,
  type LogId,
  type Offset,
  type Uuid,
} from '../../../src/base/brand.ts';
import { present } from '../../../src/base/assert.ts';
import { concatBytes, utf8Decode, utf8Encode } from '../../../src/base/bytes.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { Effect, VoteRecord } from '../../../src/core/effect.ts';
import type { Event, OpenLog, Publish } from '../../../src/core/event.ts';
import type { ForwardMark } from '../../../src/core/forward/supervision.ts';
import { Node } from '../../../src/core/node.ts';
import type { NodeOptions } from '../../../src/core/node-options.ts';
import type { EpochStart, ProducerBatch, RecoveredLog } from '../../../src/ports/recovered-log.ts';
import type { Random } from '../../../src/ports/random.ts';
import type { StoredVoter } from '../../../src/ports/stored-voters.ts';
import { scanBatches } from '../../../src/wire/kafka/batch-scan.ts';
import { iterateRecords } from '../../../src/wire/kafka/record-iterator.ts';
import type { RecordBatchHeader } from '../../../src/wire/kafka/record-batch-header.ts';
import { lastSequenceOf } from '../../../src/wire/kafka/sequence.ts';
import { at } from './partition-world.ts';

/** One log on the world's disk: what is durable, and what was only written. */
interface StoredLog {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  readonly batches: Uint8Array[];
  durable: number;
  logStartOffset: Offset;
  /** Who votes at its start, where the journal says so. */
  startVoters?: readonly StoredVoter[];
}

export interface SeenRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

const randomOf = (seed: number): Random => {
  const prng = new Prng(seed);
  const hex = (n: number) => Array.from({ length: n }, () => prng.below(16).toString(16)).join('');
  return {
    next: () => prng.next(),
    uuid: () => uuid(`${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`),
  };
};

/**
 * A node core with a disk in memory, in one thread: effects run in order, what they answer comes
 * back as events, and fsyncs end when the test says so. `crash` forgets the core and every batch
 * that was not synced.
 */
export class NodeWorld {
  readonly logs: StoredLog[] = [];
  readonly votes = new Map<string, VoteRecord>();
  /** What the journal has of the forwarder at the next start. */
  forwardMarks: readonly ForwardMark[] = [];
  forwardAttempts: readonly ForwardMark[] = [];
  readonly released: number[] = [];
  readonly rejected: number[] = [];
  readonly sessions = new Map<number, readonly number[]>();
  readonly effects: Effect[] = [];
  readonly #options: Partial<NodeOptions>;
  #node: Node;
  #isSyncing = true;
  #nextPublishId = 1;
  #ms = 0;
  #seed = 1;
  isReady = false;

  constructor(options: Partial<NodeOptions> = {}) {
    this.#options = options;
    this.#node = this.#newNode();
  }

  get node(): Node {
    return this.#node;
  }

  start(): void {
    this.isReady = false;
    this.#run({
      type: 'NodeStarted',
      logs: this.logs.map((log, i) => this.#open(log, logId(i))),
      votes: [...this.votes.values()],
      forwardMarks: this.forwardMarks,
      forwardAttempts: this.forwardAttempts,
    });
    this.turn();
  }

  /** Ends a turn, and another, until nothing moves any more. */
  turn(): void {
    for (let i = 0; i < 20; i++) {
      this.#run({ type: 'TurnEnded' });
      if (this.#isSyncing) this.#syncAll();
    }
  }

  /** From now on nothing becomes durable, until `syncAgain`. */
  stopSyncing(): void {
    this.#isSyncing = false;
  }

  syncAgain(): void {
    this.#isSyncing = true;
    this.turn();
  }

  crash(): void {
    for (const log of this.logs) log.batches.length = log.durable;
    this.#isSyncing = true;
    this.#node = this.#newNode();
    this.start();
  }

  publish(mqttTopic: string, value: string, more: Partial<Publish> = {}): number {
    const publish = this.#newPublish(mqttTopic, value, more);
    const type = publish.qos === 2 ? 'IdentifierReceived' : 'PublishReceived';
    this.#run({ type, publish });
    return publish.publishId;
  }

  /** PUBREL. */
  releaseIdentifier(packetId: number, clientId = 'client'): number {
    const publishId = this.#nextPublishId++;
    const connection = connectionId(1);
    this.#run({ type: 'IdentifierReleased', publishId, connection, clientId, packetId });
    return publishId;
  }

  openSession(requestId: number, clientId = 'client', clean = false): void {
    this.#run({ type: 'SessionOpened', requestId, connection: connectionId(1), clientId, clean });
    this.turn();
  }

  /** Rot: the batches that hold these records are gone, and stay so. */
  lose(topic: string, isLost: (record: SeenRecord) => boolean): void {
    for (const log of this.logs.filter((one) => one.topic === topic)) {
      const kept = log.batches.filter((batch) => !recordsIn(batch).some(isLost));
      log.batches.splice(0, log.batches.length, ...kept);
      log.durable = kept.length;
    }
  }

  /** Time passes, and the core is woken. */
  later(ms: number): void {
    this.#ms += ms;
    this.#run({ type: 'TimerFired' });
    this.turn();
  }

  post(event: Event): void {
    this.#run(event);
  }

  /** The producer id of each data batch of a topic. */
  ingestProducers(topic: string): bigint[] {
    const logs = this.logs.filter((log) => log.topic === topic);
    const headers = logs.flatMap((log) => log.batches.map(headerOf));
    return headers.filter(({ isControl }) => !isControl).map(({ producerId }) => producerId);
  }

  /** All records of a topic, over its partitions. */
  records(topic: string): SeenRecord[] {
    return this.logs.filter((log) => log.topic === topic).flatMap((log) => recordsOf(log));
  }

  #run(event: Event): void {
    const queue: Event[] = [event];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const effect of this.#node.step(next, at(this.#ms++))) {
        this.effects.push(effect);
        const answer = this.#execute(effect);
        if (answer !== undefined) queue.push(answer);
      }
    }
  }

  #execute(effect: Effect): Event | undefined {
    switch (effect.type) {
      case 'PersistVotes':
        for (const vote of effect.votes) this.votes.set(`${vote.topicId}/${vote.partition}`, vote);
        return { type: 'VotesPersisted', votes: effect.votes };
      case 'CreateLog': {
        const { topic, topicId, partition } = effect;
        const log = {
          topic,
          topicId,
          partition,
          batches: [],
          durable: 0,
          logStartOffset: offset(0),
        };
        this.logs.push(log);
        return { type: 'LogCreated', log: this.#open(log, logId(this.logs.length - 1)) };
      }
      case 'AppendBatch':
        this.#log(effect.logId).batches.push(effect.batch.slice());
        return undefined;
      case 'ReadLog': {
        const bytes = this.#read(effect.logId, effect.from);
        const { readId, logId: id, generation } = effect;
        return { type: 'LogRead', readId, logId: id, generation, outcome: { ok: true, bytes } };
      }
      case 'CountRecords': {
        const { logId: id, froms, to } = effect;
        const counts = froms.map((from) => this.#countRecords(id, from, to));
        return { type: 'RecordsCounted', logId: id, counts };
      }
      case 'StoreForwardAttempt':
        return { type: 'ForwardAttemptStored', askId: effect.askId };
      case 'AdvanceLogStart':
        this.#log(effect.logId).logStartOffset = effect.offset;
        return { type: 'LogStartAdvanced', logId: effect.logId, offset: effect.offset };
      case 'ReleasePublishes':
        this.released.push(...effect.publishIds);
        return undefined;
      case 'RejectPublish':
        this.rejected.push(effect.publishId);
        return undefined;
      case 'OpenSessionAnswered':
        this.sessions.set(effect.requestId, effect.openIdentifiers);
        return undefined;
      case 'BecomeReady':
        this.isReady = true;
        return undefined;
      default:
        return undefined;
    }
  }

  #syncAll(): void {
    this.logs.forEach((log, i) => {
      if (log.durable === log.batches.length) return;
      log.durable = log.batches.length;
      const generation = logGeneration(0);
      this.#run({
        type: 'BatchPersisted',
        logId: logId(i),
        generation,
        endOffset: endOffsetOf(log),
      });
    });
  }

  #log(id: LogId): StoredLog {
    return present(this.logs[id], 'a log of this world');
  }

  #read(id: LogId, from: Offset): Uint8Array {
    return concatBytes(this.#log(id).batches.filter((b) => headerOf(b).lastOffset >= from));
  }

  #countRecords(id: LogId, from: Offset, to: Offset): number {
    const all = recordsOf(this.#log(id));
    return all.filter(({ offset: at }) => at >= from && at < to).length;
  }

  #open(log: StoredLog, id: LogId): OpenLog {
    return { logId: id, recovered: recoveredOf(log) };
  }

  #newPublish(mqttTopic: string, value: string, more: Partial<Publish>): Publish {
    return {
      publishId: this.#nextPublishId++,
      connection: connectionId(1),
      clientId: 'client',
      mqttTopic,
      payload: utf8Encode(value),
      qos: 1,
      retain: false,
      packetId: 0,
      ...more,
    };
  }

  #newNode(): Node {
    return new Node({
      nodeId: 1,
      clusterId: uuid('11111111-1111-4111-8111-111111111111'),
      directoryId: uuid('22222222-2222-4222-8222-222222222222'),
      startCounter: this.#seed,
      isJournalDamaged: false,
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: 9092 }],
      segmentBytesMax: 1_000_000,
      batchBytesMax: 100_000,
      lingerMs: 0,
      ingestDeliveryTimeoutMs: 10_000,
      requestBytesMax: 1_000_000,
      autoCreateTopics: false,
      topics: [
        {
          name: 'sensors',
          partitions: 2,
          keepUnforwarded: true,
          retentionMs: -1,
          retentionBytes: -1,
          replicas: 0,
          minInsyncReplicas: 0,
        },
      ],
      routes: [{ from: '#', topic: 'sensors', key: 'mqttTopic' }],
      forwardedTopics: [],
      dropsOldest: false,
      random: randomOf(this.#seed++),
      ...this.#options,
    });
  }
}

const headerOf = (batch: Uint8Array): RecordBatchHeader =>
  present(scanBatches(batch).headers[0], 'a batch');

function endOffsetOf(log: StoredLog): Offset {
  const last = log.batches.at(-1);
  return last === undefined ? offset(0) : offset(headerOf(last).lastOffset + 1);
}

function recoveredOf(log: StoredLog): RecoveredLog {
  const headers = log.batches.map(headerOf);
  const epochStarts: EpochStart[] = [];
  for (const { leaderEpoch, baseOffset } of headers) {
    if (epochStarts.at(-1)?.leaderEpoch !== leaderEpoch) {
      epochStarts.push({ leaderEpoch, startOffset: baseOffset });
    }
  }
  const producerBatches: ProducerBatch[] = headers
    .filter((header) => header.producerId >= 0n)
    .map((header) => ({
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      lastSequence: lastSequenceOf(header),
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      timestamp: header.maxTimestamp,
    }));
  return {
    topic: log.topic,
    topicId: log.topicId,
    partition: log.partition,
    generation: logGeneration(0),
    logStartOffset: log.logStartOffset,
    logEndOffset: endOffsetOf(log),
    epochStarts,
    producerSnapshot: undefined,
    producerSnapshotOffset: offset(0),
    producerBatches,
    producerStateFrom: undefined,
    activeSegment: { baseOffset: offset(0), bytes: 0, maxTimestamp: timestampMs(-1) },
    rot: [],
    epochBeforeStart: toEpoch(0),
    startVoters: log.startVoters,
    voterRecords: [],
    mustRefetch: [],
  };
}

function recordsOf(log: StoredLog): SeenRecord[] {
  return log.batches.flatMap(recordsIn);
}

function recordsIn(batch: Uint8Array): SeenRecord[] {
  const seen: SeenRecord[] = [];
  const header = headerOf(batch);
  const records = iterateRecords(batch, header);
  if (header.isControl || !records.ok) return seen;
  while (records.value.next()) {
    const key = utf8Decode(records.value.key() ?? new Uint8Array());
    const value = utf8Decode(records.value.value() ?? new Uint8Array());
    seen.push({ offset: records.value.offset, key, value });
  }
  return seen;
}
