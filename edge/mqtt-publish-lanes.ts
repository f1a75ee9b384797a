import type { Aedes, Client, PublishPacket } from 'aedes';
import type { Event, Publish } from '../src/core/event.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import type { MqttCounters } from './mqtt-front-options.ts';
import type { MqttInbound } from './mqtt-inbound.ts';
import type { MqttPending } from './mqtt-pending.ts';
import type { MqttPersistence } from './mqtt-persistence.ts';
import { isEngineTopic } from './mqtt-publish.ts';
import { MqttPublishLane } from './mqtt-publish-lane.ts';
import { MqttSubscribers } from './mqtt-subscribers.ts';
import type { MqttEmitter } from './mqtt-subscribers.ts';

export interface MqttPublishLanesOptions {
  readonly broker: Aedes;
  readonly persistence: MqttPersistence;
  readonly pending: MqttPending;
  readonly inbound: MqttInbound;
  readonly counters: MqttCounters;
  readonly packetBytesMax: number;
  readonly post: (event: Event) => void;
  /** More publishes wait for the core. */
  readonly pendingChanged: () => void;
}

/** What is used of aedes that its types leave out. */
interface BrokerInternals {
  readonly mq: MqttEmitter;
  publish(packet: PublishPacket, client: Client, done: (error?: Error | null) => void): void;
}

/** The publish lanes of all connections: their acknowledgements go out together, once a turn. */
export class MqttPublishLanes {
  readonly #options: MqttPublishLanesOptions;
  readonly #broker: BrokerInternals;
  readonly #subscribers: MqttSubscribers;
  readonly #withAcks: MqttPublishLane[] = [];
  #isGathering = false;

  constructor(options: MqttPublishLanesOptions) {
    this.#options = options;
    this.#broker = options.broker as unknown as BrokerInternals;
    this.#subscribers = new MqttSubscribers(this.#broker.mq);
  }

  /** Opens the lane of a connection whose CONNACK is on its way. */
  open(connection: MqttConnection, client: Client): void {
    const { packetBytesMax, pending, inbound, post, pendingChanged, counters } = this.#options;
    const lane = new MqttPublishLane({
      connection,
      client,
      packetBytesMax,
      pending,
      inbound,
      counters,
      post,
      pendingChanged,
      isHeard: (publish) => this.#isHeard(publish),
      deliver: (packet, done) => this.#broker.publish(packet, client, done),
      acksWait: (waiting) => {
        if (this.#isGathering) this.#withAcks.push(waiting);
        else waiting.flush();
      },
    });
    connection.open(lane);
  }

  #isHeard({ mqttTopic, retain }: Publish): boolean {
    if (isEngineTopic(mqttTopic)) return false;
    return retain || !this.#subscribers.isEmpty || this.#options.persistence.hasSubscriptions;
  }

  /** Gathers the acknowledgements of what `run` lets go: one write for each connection. */
  gather(run: () => void): void {
    this.#isGathering = true;
    run();
    this.#isGathering = false;
    for (const lane of this.#withAcks) lane.flush();
    this.#withAcks.length = 0;
  }
}
