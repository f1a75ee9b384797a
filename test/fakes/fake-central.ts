import { uuid } from '../../src/base/brand.ts';
import type { Uuid } from '../../src/base/brand.ts';
import { apis } from '../../src/client/kafka/api.ts';
import type { Api } from '../../src/client/kafka/api.ts';
import { decodeRequest, encodeResponse, readRequestStart } from '../../src/wire/kafka/header.ts';
import { FakeKafkaLog } from './fake-kafka-log.ts';
import { FakeTransactions } from './fake-transactions.ts';

export interface FakeTopic {
  readonly topicId: Uuid;
  readonly logs: readonly FakeKafkaLog[];
}

export interface FakeCentralOptions {
  readonly clusterId: string;
  readonly host: string;
  readonly port: number;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => void;
  readonly markerDelayMs: () => number;
  /** The one node of the edge: control over what a consumer may see. */
  readonly isEdge?: boolean;
}

/** An error code for a produce that the test wants refused; 0: none. */
export type RefuseProduce = (topic: string, partition: number, batchBytes: number) => number;

const offered = [
  apis.produce,
  apis.fetch,
  apis.listOffsets,
  apis.metadata,
  apis.findCoordinator,
  apis.apiVersions,
  apis.createTopics,
  apis.initProducerId,
  apis.addPartitionsToTxn,
  apis.endTxn,
] as readonly Pick<Api<unknown, unknown>, 'key' | 'name' | 'versionMin' | 'versionMax'>[];

/**
 * A whole Kafka of one broker in memory, at the level of frames: strict about producer epochs,
 * sequences and transactions. It plays central, and the node's Kafka side too. The test moves time
 * and loses frames.
 */
export class FakeCentral {
  readonly topics = new Map<string, FakeTopic>();
  readonly transactions: FakeTransactions;
  readonly calls = new Map<string, number>();
  refuseProduce: RefuseProduce = () => 0;
  areTopicsCreatable = true;
  readonly #options: FakeCentralOptions;

  constructor(options: FakeCentralOptions) {
    this.#options = options;
    this.transactions = new FakeTransactions(options.markerDelayMs, options.after);
  }

  createTopic(name: string, partitions: number): FakeTopic {
    const number = String(this.topics.size + 1).padStart(12, '0');
    const topic = {
      topicId: uuid(`00000000-0000-4000-8000-${number}`),
      logs: Array.from({ length: partitions }, () => new FakeKafkaLog()),
    };
    this.topics.set(name, topic);
    return topic;
  }

  log(topic: string, partition: number): FakeKafkaLog {
    const found = this.topics.get(topic)?.logs[partition];
    if (found === undefined) throw new Error(`no ${topic}/${partition}`);
    return found;
  }

  /** The API's name of a request frame, for the test's faults. */
  static nameOf(frame: Uint8Array): string {
    const start = readRequestStart(frame);
    const key = start.ok ? start.value.apiKey : -1;
    return offered.find((api) => api.key === key)?.name ?? `key ${key}`;
  }

  /** Carries out one request frame (without length) and returns the answer's frame. */
  handle(frame: Uint8Array): Uint8Array {
    this.transactions.expire(this.#options.now());
    const name = FakeCentral.nameOf(frame);
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    const start = readRequestStart(frame);
    switch (start.ok ? start.value.apiKey : -1) {
      case 18:
        return answer(frame, apis.apiVersions, () => this.#versions());
      case 3:
        return answer(frame, apis.metadata, (body) => this.#metadata(body.topics ?? []));
      case 2:
        return answer(frame, apis.listOffsets, (body) => this.#listOffsets(body));
      case 1:
        return answer(frame, apis.fetch, (body) => this.#fetch(body));
      case 0:
        return answer(frame, apis.produce, (body) => this.#produce(body));
      case 10:
        return answer(frame, apis.findCoordinator, () => ({
          throttleTimeMs: 0,
          errorCode: 0,
          errorMessage: null,
          nodeId: 1,
          host: this.#options.host,
          port: this.#options.port,
          coordinators: [],
        }));
      case 19:
        return answer(frame, apis.createTopics, (body) => this.#createTopics(body));
      case 22:
        return answer(frame, apis.initProducerId, (body) => this.#init(body));
      case 24:
        return answer(frame, apis.addPartitionsToTxn, (body) => this.#addPartitions(body));
      case 26:
        return answer(frame, apis.endTxn, (body) => ({
          throttleTimeMs: 0,
          errorCode: this.transactions.end(
            body.transactionalId,
            { id: body.producerId, epoch: body.producerEpoch },
            body.committed,
          ),
        }));
      default:
        throw new Error(`fake central does not know ${name}`);
    }
  }

  #versions(): Answer<typeof apis.apiVersions> {
    const apiKeys = offered.map(({ key, versionMin, versionMax }) => ({
      apiKey: key,
      minVersion: versionMin,
      maxVersion: versionMax + 2,
    }));
    return {
      errorCode: 0,
      apiKeys,
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
      zkMigrationReady: false,
    };
  }

  #metadata(asked: readonly { readonly name: string | null }[]): Answer<typeof apis.metadata> {
    const { host, port, clusterId } = this.#options;
    const topics = asked.map(({ name }) => {
      const topic = this.topics.get(name ?? '');
      const partitions = (topic?.logs ?? []).map((log, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: 1,
        leaderEpoch: log.leaderEpoch,
        replicaNodes: [1],
        isrNodes: [1],
        offlineReplicas: [],
      }));
      const topicId = topic?.topicId ?? uuid('00000000-0000-0000-0000-000000000000');
      return {
        errorCode: topic === undefined ? 3 : 0,
        name,
        topicId,
        isInternal: false,
        partitions,
        topicAuthorizedOperations: 0,
      };
    });
    return {
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, host, port, rack: null }],
      clusterId,
      controllerId: 1,
      topics,
      clusterAuthorizedOperations: 0,
    };
  }

  #listOffsets(body: Request<typeof apis.listOffsets>): Answer<typeof apis.listOffsets> {
    const topics = body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp, currentLeaderEpoch }) => {
        const log = this.log(name, partitionIndex);
        const offset = timestamp === -2 ? log.logStartOffset : log.endOffset;
        const isUnknown = timestamp === -1 && !log.isEpochCommitted;
        const errorCode = epochError(log, currentLeaderEpoch) || (isUnknown ? 78 : 0);
        return { partitionIndex, errorCode, timestamp: -1, offset, leaderEpoch: log.leaderEpoch };
      }),
    }));
    return { throttleTimeMs: 0, topics };
  }

  #fetch(body: Request<typeof apis.fetch>): Answer<typeof apis.fetch> {
    let left = body.maxBytes;
    const responses = body.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((wanted) => {
        const log = this.log(topic, wanted.partition);
        const { fetchOffset } = wanted;
        const isOutside = fetchOffset < log.logStartOffset || fetchOffset > log.endOffset;
        const errorCode = epochError(log, wanted.currentLeaderEpoch) || (isOutside ? 1 : 0);
        const isSilent = errorCode !== 0 || left <= 0;
        const records = isSilent
          ? new Uint8Array(0)
          : log.read(fetchOffset, Math.min(left, wanted.partitionMaxBytes));
        left -= records.length;
        return {
          partitionIndex: wanted.partition,
          errorCode,
          highWatermark: log.endOffset,
          lastStableOffset: log.logStartOffset,
          logStartOffset: log.logStartOffset,
          divergingEpoch: null,
          currentLeader: null,
          snapshotId: null,
          abortedTransactions: null,
          preferredReadReplica: -1,
          records,
        };
      }),
    }));
    return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses };
  }

  #produce(body: Request<typeof apis.produce>): Answer<typeof apis.produce> {
    const responses = body.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const done = this.#append(body.transactionalId, name, index, records ?? new Uint8Array(0));
        return {
          index,
          errorCode: done.code,
          baseOffset: done.offset,
          logAppendTimeMs: -1,
          logStartOffset: 0,
          recordErrors: [],
          errorMessage: null,
          currentLeader: null,
        };
      }),
    }));
    return { responses, throttleTimeMs: 0, nodeEndpoints: [] };
  }

  #append(
    transactionalId: string | null,
    name: string,
    index: number,
    records: Uint8Array,
  ): { readonly code: number; readonly offset: number } {
    const refused = this.refuseProduce(name, index, records.length);
    if (refused !== 0) return { code: refused, offset: -1 };
    const view = Buffer.from(records.buffer, records.byteOffset, records.length);
    const producer = { id: view.readBigInt64BE(43), epoch: view.readInt16BE(51) };
    const isTransactional = (view.readInt16BE(21) & 0x10) !== 0;
    if (isTransactional !== (transactionalId !== null)) return { code: 48, offset: -1 };
    const isCovered =
      transactionalId === null ||
      this.transactions.covers(transactionalId, producer, `${name}/${index}`);
    return isCovered ? this.log(name, index).produce(records) : { code: 48, offset: -1 };
  }

  #createTopics(body: Request<typeof apis.createTopics>): Answer<typeof apis.createTopics> {
    const topics = body.topics.map(({ name, numPartitions, replicationFactor }) => {
      const errorCode = this.topics.has(name) ? 36 : this.areTopicsCreatable ? 0 : 29;
      if (errorCode === 0) this.createTopic(name, numPartitions);
      return {
        name,
        topicId: uuid('00000000-0000-0000-0000-000000000000'),
        errorCode,
        errorMessage: null,
        topicConfigErrorCode: 0,
        numPartitions,
        replicationFactor,
        configs: [],
      };
    });
    return { throttleTimeMs: 0, topics };
  }

  #init(body: Request<typeof apis.initProducerId>): Answer<typeof apis.initProducerId> {
    if (body.transactionalId === null) {
      const producerId = this.transactions.freshProducerId();
      return { throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch: 0 };
    }
    const done = this.transactions.init(body.transactionalId, body.transactionTimeoutMs);
    const { code: errorCode, producerId, epoch: producerEpoch } = done;
    return { throttleTimeMs: 0, errorCode, producerId, producerEpoch };
  }

  #addPartitions(
    body: Request<typeof apis.addPartitionsToTxn>,
  ): Answer<typeof apis.addPartitionsToTxn> {
    const producer = { id: body.producerId, epoch: body.producerEpoch };
    const results = body.topics.map(({ name, partitions }) => ({
      name,
      results: partitions.map((partitionIndex) => {
        const log = this.log(name, partitionIndex);
        const partition = { name: `${name}/${partitionIndex}`, log, now: this.#options.now() };
        const errorCode = this.transactions.add(body.transactionalId, producer, partition);
        return { partitionIndex, errorCode };
      }),
    }));
    return { throttleTimeMs: 0, results };
  }
}

interface Coded {
  readonly readRequest: (...args: never[]) => unknown;
  readonly readResponse: (...args: never[]) => unknown;
}
type Request<A extends Coded> = ReturnType<A['readRequest']>;
type Answer<A extends Coded> = ReturnType<A['readResponse']>;

function epochError(log: FakeKafkaLog, current: number): number {
  if (current !== -1 && current !== log.leaderEpoch) return current < log.leaderEpoch ? 74 : 75;
  return log.isLed ? 0 : 6;
}

function answer<Q, R>(frame: Uint8Array, api: Api<Q, R>, make: (body: Q) => R): Uint8Array {
  const start = readRequestStart(frame);
  if (!start.ok) throw new Error('fake central: malformed header');
  const { apiVersion, correlationId } = start.value;
  const request = decodeRequest(api, apiVersion, frame);
  if (!request.ok) throw new Error(`fake central: malformed ${api.name}`);
  return encodeResponse(api, apiVersion, correlationId, make(request.value.body));
}
