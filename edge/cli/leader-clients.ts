import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import { apis } from '../../src/client/kafka/api.ts';
import { metadataRequest } from '../../src/client/kafka/metadata-request.ts';
import { formatAddress } from '../../src/config/address.ts';
import type { MetadataResponse } from '../../src/wire/kafka/generated/03-metadata.ts';
import { errorText } from './error-text.ts';
import type { KafkaClient } from './kafka-client.ts';
import { openKafkaClient } from './kafka-client.ts';
import type { Trouble } from './patience.ts';

/** Partitions of one leader, and the connection to it. */
export interface LedByOne {
  readonly address: string;
  readonly client: KafkaClient;
  readonly partitions: readonly number[];
}

export interface LedPartitions {
  readonly led: readonly LedByOne[];
  /** Why others are in no one's hands now, a line each. */
  readonly troubles: readonly string[];
}

const answerMsMax = 10_000;
const unknownTopic = 3;

/**
 * Connections to whoever leads the partitions of one topic, as any node of the cluster names them:
 * one that is gone is dialled anew, and another node asked. The first node is asked for everything
 * where it is alone, whatever address it advertises.
 */
export class LeaderClients {
  readonly #topic: string;
  readonly #entryAddress: string;
  readonly #open: typeof openKafkaClient;
  /** By address; the first node's own too. */
  readonly #clients: Map<string, KafkaClient>;
  /** Of nodes that can be asked who leads; the next one first. */
  #addresses: readonly string[];
  /** Addresses, by partition; undefined: nobody leads it now. */
  #leaders: ReadonlyMap<number, string | undefined> = new Map();

  constructor(
    topic: string,
    entry: KafkaClient,
    entryAddress: string,
    open: typeof openKafkaClient = openKafkaClient,
  ) {
    this.#topic = topic;
    this.#entryAddress = entryAddress;
    this.#clients = new Map([[entryAddress, entry]]);
    this.#addresses = [entryAddress];
    this.#open = open;
  }

  /**
   * Asks who leads what now: the first node that answers. Another one the next time, because one
   * that is cut off from the others names the leaders of before. Partition numbers, ascending.
   */
  async learn(): Promise<Result<readonly number[], Trouble>> {
    let text = '';
    for (const address of [...this.#addresses]) {
      this.#addresses = [...this.#addresses.filter((other) => other !== address), address];
      const client = await this.#connected(address);
      const answer = client.ok
        ? await client.value.call(apis.metadata, metadataRequest([this.#topic]), answerMsMax)
        : client;
      if (answer.ok) return this.#learnt(answer.value);
      text = `no node answers at ${address} (${answer.error})`;
    }
    // Whoever has never said a word may be something else.
    return fail({ text, passes: this.#leaders.size > 0 });
  }

  /** Groups partitions by who leads them, and connects to those. */
  async of(partitions: readonly number[]): Promise<LedPartitions> {
    const groups = new Map<string, number[]>();
    const troubles: string[] = [];
    for (const partition of partitions) {
      const address = this.#leaders.get(partition);
      if (address === undefined) {
        troubles.push(`${this.#topic}-${partition}: nobody leads the partition now`);
        continue;
      }
      const group = groups.get(address) ?? [];
      groups.set(address, group);
      group.push(partition);
    }
    const led: LedByOne[] = [];
    for (const [address, group] of groups) {
      const client = await this.#connected(address);
      if (client.ok) led.push({ address, client: client.value, partitions: group });
      else troubles.push(`the leader does not answer at ${address} (${client.error})`);
    }
    return { led, troubles };
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #learnt({ brokers, topics }: MetadataResponse): Result<readonly number[], Trouble> {
    const [found] = topics;
    if (found === undefined || found.errorCode !== 0) {
      const text = `topic ${this.#topic}: ${errorText(found?.errorCode ?? unknownTopic)}`;
      return fail({ text, passes: false });
    }
    const addresses = new Map(brokers.map((broker) => [broker.nodeId, formatAddress(broker)]));
    const isAlone = brokers.length === 1;
    const addressOf = (id: number): string | undefined =>
      isAlone && addresses.has(id) ? this.#entryAddress : addresses.get(id);
    if (!isAlone) this.#addresses = [...new Set([...this.#addresses, ...addresses.values()])];
    this.#leaders = new Map(
      found.partitions.map((at) => [at.partitionIndex, addressOf(at.leaderId)]),
    );
    return ok([...this.#leaders.keys()].toSorted((a, b) => a - b));
  }

  async #connected(address: string): Promise<Result<KafkaClient, string>> {
    const known = this.#clients.get(address);
    if (known?.isClosed === false) return ok(known);
    const opened = await this.#open(address);
    if (opened.ok) this.#clients.set(address, opened.value);
    return opened;
  }
}
