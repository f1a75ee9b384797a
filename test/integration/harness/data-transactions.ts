import { kafkaApiKeys } from './kafka-api-keys.ts';
import type { KafkaFaultProxy, KafkaRequestFrame } from './kafka-fault-proxy.ts';

/** X1: cluster UUID, topic id, partition. */
const transactionalId = /[\w-]{20,}\/[\w-]{20,}\/\d+/;

/**
 * Tells transactions that carry data from claims, which are the cursor alone: after a fault most of
 * what is sent belongs to claims, and a lost answer to those proves little.
 */
export class DataTransactions {
  readonly #topic: string;
  /** Transactional ids whose last transaction names the data topic. */
  readonly #ids = new Set<string>();

  constructor(proxy: KafkaFaultProxy, topic: string) {
    this.#topic = topic;
    proxy.watch((request) => this.#see(request));
  }

  /** Whether this request belongs to a transaction with data. */
  readonly has = (request: KafkaRequestFrame): boolean => this.#ids.has(idIn(request));

  #see(request: KafkaRequestFrame): void {
    if (request.apiKey !== kafkaApiKeys.AddPartitionsToTxn) return;
    if (request.bytes.includes(this.#topic)) this.#ids.add(idIn(request));
    else this.#ids.delete(idIn(request));
  }
}

const idIn = ({ bytes }: KafkaRequestFrame): string =>
  transactionalId.exec(bytes.toString('latin1', 0, 512))?.[0] ?? '';
