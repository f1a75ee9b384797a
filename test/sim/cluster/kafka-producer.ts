import { utf8Encode } from '../../../src/base/bytes.ts';
import type { Prng } from '../../../src/base/prng.ts';
import type { ApiCodec } from '../../../src/wire/kafka/codec.ts';
import { FrameSplitter } from '../../../src/wire/kafka/frame.ts';
import { produceCodec } from '../../../src/wire/kafka/generated/00-produce.ts';
import { metadataCodec } from '../../../src/wire/kafka/generated/03-metadata.ts';
import { initProducerIdCodec } from '../../../src/wire/kafka/generated/22-init-producer-id.ts';
import { correlationIdOf, decodeResponse, encodeRequest } from '../../../src/wire/kafka/header.ts';
import { zeroUuid } from '../../../src/wire/kafka/protocol-reader.ts';
import { RecordBatchBuilder } from '../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../src/wire/kafka/record-headers.ts';
import { Violation } from './committed-logs.ts';
import type { ReadingLedger } from './reading-ledger.ts';
import type { SimTcp, TcpEnd } from './sim-tcp.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface KafkaProducerOptions {
  readonly time: VirtualTime;
  readonly net: SimTcp;
  readonly random: Prng;
  readonly ledger: ReadingLedger;
  readonly host: number;
  readonly name: string;
  readonly nodes: readonly number[];
  readonly partition: number;
  readonly everyMs: number;
  readonly inFlightMax: number;
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly values: readonly string[];
  isSent: boolean;
}

const patienceMs = 8_000;
const pauseMs = 100;
/** Kafka's own producer sends again after these; 45 behind a batch that was refused. */
const retriable = new Set([-1, 3, 5, 6, 7, 14, 19, 20, 45, 56, 74, 75]);

/** An idempotent producer with acks=all to one partition: it keeps order and sends each once. */
export class KafkaProducer {
  readonly #options: KafkaProducerOptions;
  #end: TcpEnd | undefined;
  #leader: number | undefined;
  #producerId: bigint | undefined;
  #sequence = 0;
  #number = 0;
  #pending: Batch[] = [];
  #correlationId = 0;
  #isWaiting = false;
  isPublishing = true;

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
    this.#connectSoon();
    this.#tick();
  }

  get isIdle(): boolean {
    return this.#pending.length === 0;
  }

  get state(): string {
    const where = this.#end === undefined ? 'not connected' : `at node ${this.#leader ?? 'any'}`;
    return `${this.#options.name} ${where}, ${this.#pending.length} batches pending`;
  }

  #tick(): void {
    const { time, random, everyMs } = this.#options;
    time.after(everyMs * (0.5 + random.next()), () => {
      if (this.isPublishing && this.#producerId !== undefined) this.#produce(this.#producerId);
      this.#tick();
    });
  }

  #produce(producerId: bigint): void {
    const { random, ledger, name } = this.#options;
    const builder = new RecordBatchBuilder(256);
    const values = Array.from({ length: 1 + random.below(3) }, () => `${name}-${++this.#number}`);
    for (const value of values) {
      const number = Number(value.slice(name.length + 1));
      ledger.sent(value, { guarantee: 'exactlyOnce', key: name, stream: name, number });
      builder.append(1_000, utf8Encode(name), utf8Encode(value), noRecordHeaders);
    }
    const triple = { producerId, producerEpoch: 0, baseSequence: this.#sequence };
    this.#sequence += values.length;
    this.#pending.push({ bytes: builder.finish(triple), values, isSent: false });
    this.#pump();
  }

  #connectSoon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#options.time.after(pauseMs * (0.5 + this.#options.random.next()), () => {
      this.#isWaiting = false;
      this.#connect();
    });
  }

  #connect(): void {
    const { net, host, random, nodes, time } = this.#options;
    const splitter = new FrameSplitter(1 << 20);
    const waiting = new Map<number, (frame: Uint8Array) => void>();
    this.#waiting = waiting;
    for (const batch of this.#pending) batch.isSent = false;
    const end: TcpEnd = net.connect(host, this.#leader ?? random.pick(nodes), 'kafka', {
      opened: () => this.#end === end && this.#opened(),
      received: (chunk) => {
        const frames = splitter.push(chunk as Uint8Array);
        if (!frames.ok) throw new Violation(`a node sent ${frames.error}`);
        for (const frame of frames.value) {
          const then = waiting.get(correlationIdOf(frame) ?? -1);
          if (this.#end === end) then?.(frame.slice());
        }
      },
      closed: () => {
        if (this.#end === end) this.#lose();
      },
    });
    this.#end = end;
    this.#isOpen = false;
    const look = (): void => {
      if (this.#end !== end) return;
      if (time.nowMs - this.#heardMs > patienceMs && (this.#pending.length > 0 || !this.#isOpen)) {
        this.#lose();
      } else time.after(1_000, look);
    };
    this.#heardMs = time.nowMs;
    look();
  }

  #waiting = new Map<number, (frame: Uint8Array) => void>();
  #heardMs = 0;
  #isOpen = false;

  #lose(): void {
    const end = this.#end;
    this.#end = undefined;
    this.#leader = undefined;
    this.#isOpen = false;
    end?.close();
    this.#connectSoon();
  }

  #opened(): void {
    if (this.#leader !== undefined) {
      this.#isOpen = true;
      if (this.#producerId === undefined) return this.#initialize();
      return this.#pump();
    }
    const topics = [{ topicId: zeroUuid, name: 'sensors' }];
    const flags = { includeClusterAuthorizedOperations: false };
    const asked = { topics, allowAutoTopicCreation: false, ...flags };
    const request = { ...asked, includeTopicAuthorizedOperations: false };
    this.#call(metadataCodec, 9, request, ({ topics: [topic] }) => {
      const { partition } = this.#options;
      const found = topic?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      if (found === undefined || found.leaderId < 0) return this.#lose();
      const end = this.#end;
      this.#end = undefined;
      end?.close();
      this.#leader = found.leaderId;
      this.#connectSoon();
    });
  }

  #initialize(): void {
    const body = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1n };
    this.#call(initProducerIdCodec, 4, { ...body, producerEpoch: -1 }, (answer) => {
      if (answer.errorCode !== 0) return this.#lose();
      this.#producerId = answer.producerId;
    });
  }

  #pump(): void {
    if (!this.#isOpen) return;
    for (const batch of this.#pending.slice(0, this.#options.inFlightMax)) {
      if (!batch.isSent) this.#send(batch);
    }
  }

  #send(batch: Batch): void {
    batch.isSent = true;
    const partitionData = [{ index: this.#options.partition, records: batch.bytes }];
    const topicData = [{ name: 'sensors', partitionData }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData };
    this.#call(produceCodec, 9, request, ({ responses }) => {
      const answer = responses[0]?.partitionResponses[0];
      if (answer === undefined) throw new Violation('Produce is answered for its partition');
      this.#answered(batch, answer.errorCode);
    });
  }

  #answered(batch: Batch, errorCode: number): void {
    if (retriable.has(errorCode)) return this.#lose();
    // 46: stored longer ago than the leader remembers where.
    if (errorCode !== 0 && errorCode !== 46) {
      throw new Violation(`Produce of ${batch.values.join()} answers ${errorCode}`);
    }
    this.#pending = this.#pending.filter((one) => one !== batch);
    for (const value of batch.values) this.#options.ledger.acknowledge(value);
    this.#pump();
  }

  #call<Q, R>(codec: ApiCodec<Q, R>, version: number, body: Q, then: (answer: R) => void): void {
    const correlationId = ++this.#correlationId;
    this.#waiting.set(correlationId, (frame) => {
      this.#waiting.delete(correlationId);
      this.#heardMs = this.#options.time.nowMs;
      const response = decodeResponse(codec, version, frame);
      if (!response.ok) throw new Violation(`${codec.name} answers ${response.error}`);
      then(response.value);
    });
    this.#end?.send([encodeRequest(codec, version, { correlationId, clientId: 'sim' }, body)]);
  }
}
