import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { ClusterNode } from './test-cluster.ts';

/** A sensor that knows several gateways and waits for each PUBACK. */
export class Sensor {
  readonly acked: string[] = [];
  readonly #nodes: readonly ClusterNode[];
  #client: MqttRawClient | undefined;
  #at = 0;
  #next = 0;

  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes;
  }

  /** Goes from gateway to gateway until one takes it. */
  async publish(payloadBytes = 8): Promise<void> {
    const payload = `${this.#next++} `.padEnd(payloadBytes, '.');
    await waitUntil('a PUBACK', 30_000, () => this.#try(payload).catch(() => false));
    this.acked.push(payload.trimEnd());
  }

  close(): void {
    this.#client?.destroy();
    this.#client = undefined;
  }

  async #try(payload: string): Promise<true> {
    try {
      const client = this.#client ?? (await this.#connect());
      this.#client = client;
      client.send(publishPacket({ topic: 'a', payload, qos: 1, packetId: 1 }));
      await client.receive(packetTypes.puback, 1, 2_500);
      return true;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #connect(): Promise<MqttRawClient> {
    const node = this.#nodes[this.#at++ % this.#nodes.length];
    const { host = '', ports } = node?.place ?? {};
    const { client } = await MqttRawClient.connect({
      ...{ host, port: ports?.mqtt ?? 0, clientId: `sensor-${this.#at}`, msMax: 2_000 },
    });
    return client;
  }
}
