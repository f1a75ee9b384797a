import { uuid } from '../../src/base/brand.ts';
import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import { apis } from '../../src/client/kafka/api.ts';
import { formatAddress } from '../../src/config/address.ts';
import { errorText } from './error-text.ts';
import type { KafkaClient } from './kafka-client.ts';
import { openKafkaClient } from './kafka-client.ts';

/** Partitions of one leader, and the connection to it. */
export interface LedByOne {
  readonly client: KafkaClient;
  readonly partitions: readonly number[];
}

const answerMsMax = 10_000;
const noTopicId = uuid('00000000-0000-0000-0000-000000000000');
const unknownTopic = 3;

/**
 * Connections to whoever leads the partitions of one topic, as any node of the cluster names them.
 * The first node is asked for everything where it is alone, whatever address it advertises.
 */
export class LeaderClients {
  readonly #topic: string;
  readonly #entry: KafkaClient;
  /** By address; the first node's own too. */
  readonly #clients: Map<string, KafkaClient>;
  /** Addresses, by partition; undefined: nobody leads it now. */
  #leaders: ReadonlyMap<number, string | undefined> = new Map();

  constructor(topic: string, entry: KafkaClient, entryAddress: string) {
    this.#topic = topic;
    this.#entry = entry;
    this.#clients = new Map([[entryAddress, entry]]);
  }

  /** Asks who leads what now. Partition numbers, ascending; fails with one line of text. */
  async learn(): Promise<Result<readonly number[], string>> {
    const body = {
      topics: [{ topicId: noTopicId, name: this.#topic }],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    const answer = await this.#entry.call(apis.metadata, body, answerMsMax);
    if (!answer.ok) return answer;
    const { brokers, topics } = answer.value;
    const [found] = topics;
    if (found === undefined || found.errorCode !== 0) {
      return fail(`topic ${this.#topic}: ${errorText(found?.errorCode ?? unknownTopic)}`);
    }
    const addresses = new Map(brokers.map((broker) => [broker.nodeId, formatAddress(broker)]));
    const [own] = this.#clients.keys();
    const addressOf = (id: number): string | undefined =>
      brokers.length === 1 && addresses.has(id) ? own : addresses.get(id);
    this.#leaders = new Map(
      found.partitions.map((at) => [at.partitionIndex, addressOf(at.leaderId)]),
    );
    return ok([...this.#leaders.keys()].toSorted((a, b) => a - b));
  }

  /** Groups partitions by who leads them, and connects to those. */
  async of(partitions: readonly number[]): Promise<Result<readonly LedByOne[], string>> {
    const groups = new Map<string, number[]>();
    for (const partition of partitions) {
      const address = this.#leaders.get(partition);
      if (address === undefined) {
        return fail(`${this.#topic}-${partition}: nobody leads the partition now`);
      }
      const group = groups.get(address) ?? [];
      groups.set(address, group);
      group.push(partition);
    }
    const led: LedByOne[] = [];
    for (const [address, group] of groups) {
      const client = await this.#connected(address);
      if (!client.ok) return client;
      led.push({ client: client.value, partitions: group });
    }
    return ok(led);
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #connected(address: string): Promise<Result<KafkaClient, string>> {
    const known = this.#clients.get(address);
    if (known !== undefined) return ok(known);
    const opened = await openKafkaClient(address);
    if (!opened.ok) return fail(`the leader does not answer at ${address} (${opened.error})`);
    this.#clients.set(address, opened.value);
    return opened;
  }
}
