import type { KafkaClient } from '../../../../edge/cli/kafka-client.ts';
import { fail, ok, type Result } from '../../../../src/base/result.ts';
import type { Api } from '../../../../src/client/kafka/api.ts';
import { RecordBatchBuilder } from '../../../../src/wire/kafka/record-batch-builder.ts';
import { noRecordHeaders } from '../../../../src/wire/kafka/record-headers.ts';

/** Nodes of one topic `t` as a command's Kafka clients see them; the test moves leaders. */
export class FakeCluster {
  /** By id; each is at `127.0.0.1:<id>`. */
  readonly nodes = new Set<number>();
  /** By partition; -1: nobody. */
  leaders: number[];
  /** Values, by partition; offsets are places. */
  readonly logs: string[][];
  /** Addresses that were dialled, in order. */
  readonly dialled: string[] = [];
  isTopicGone = false;
  /** A node that is cut off names these leaders. */
  readonly told = new Map<number, number[]>();

  constructor(nodes: readonly number[], leaders: number[]) {
    for (const id of nodes) this.nodes.add(id);
    this.leaders = leaders;
    this.logs = leaders.map(() => []);
  }

  readonly open = (address: string): Promise<Result<KafkaClient, string>> => {
    this.dialled.push(address);
    const id = Number(address.split(':')[1]);
    return Promise.resolve(this.nodes.has(id) ? ok(this.client(id)) : fail('ECONNREFUSED'));
  };

  /** A connection to a node. */
  client(id: number): KafkaClient {
    const { nodes } = this;
    const call = <Q, R>(api: Api<Q, R>, body: Q): Promise<Result<R, string>> =>
      Promise.resolve(
        nodes.has(id)
          ? ok(this.#answer(id, api.name, body) as R)
          : fail('the connection was closed'),
      );
    return {
      call,
      close: () => undefined,
      get isClosed() {
        return !nodes.has(id);
      },
    };
  }

  #answer(id: number, name: string, body: unknown): unknown {
    if (name === 'Metadata') return this.#metadata(this.told.get(id) ?? this.leaders);
    if (name === 'ListOffsets') return this.#offsets(id, body as AskedOffsets);
    return this.#fetched(id, body as AskedRecords);
  }

  #metadata(leaders: readonly number[]): unknown {
    const brokers = [...this.nodes].map((nodeId) => ({ nodeId, host: '127.0.0.1', port: nodeId }));
    const partitions = leaders.map((leaderId, partitionIndex) => ({ leaderId, partitionIndex }));
    return { brokers, topics: [{ errorCode: this.isTopicGone ? 3 : 0, partitions }] };
  }

  #offsets(id: number, { topics }: AskedOffsets): unknown {
    const partitions = (topics[0]?.partitions ?? []).map(({ partitionIndex, timestamp }) => ({
      partitionIndex,
      errorCode: this.leaders[partitionIndex] === id ? 0 : 6,
      offset: timestamp === -2 ? 0 : (this.logs[partitionIndex]?.length ?? 0),
    }));
    return { topics: [{ partitions }] };
  }

  #fetched(id: number, { topics }: AskedRecords): unknown {
    const partitions = (topics[0]?.partitions ?? []).map(({ partition, fetchOffset }) => ({
      partitionIndex: partition,
      errorCode: this.leaders[partition] === id ? 0 : 6,
      records: this.leaders[partition] === id ? this.#records(partition, fetchOffset) : null,
    }));
    return { errorCode: 0, responses: [{ partitions }] };
  }

  #records(partition: number, from: number): Uint8Array {
    const values = this.logs[partition]?.slice(from) ?? [];
    if (values.length === 0) return new Uint8Array();
    const builder = new RecordBatchBuilder();
    for (const value of values) {
      builder.append(1_000, undefined, new TextEncoder().encode(value), noRecordHeaders);
    }
    const batch = builder.finish();
    new DataView(batch.buffer, batch.byteOffset).setBigInt64(0, BigInt(from));
    return batch;
  }
}

interface AskedOffsets {
  readonly topics: readonly {
    readonly partitions: readonly { readonly partitionIndex: number; readonly timestamp: number }[];
  }[];
}

interface AskedRecords {
  readonly topics: readonly {
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: number }[];
  }[];
}
