import type { Client } from 'aedes';
import { limits } from '../src/base/limits.ts';
import type { CrowdMember, MqttCrowd } from './mqtt-crowd.ts';

/** A publish on its way to one subscriber, as aedes has it. */
interface Delivery {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  /** Sent because of a new subscription; never set on a live publish. */
  readonly retain: boolean;
}

type Deliver = (packet: Delivery, done: () => void) => void;

/** aedes' own ways to a subscriber; its subscriptions keep what stands here when they are made. */
interface ClientDeliveries {
  deliver0: Deliver;
  deliverQoS: Deliver;
}

/**
 * Stands between aedes and one subscriber: whoever publishes does not wait for who does not read.
 * A slow subscriber loses QoS 0 publishes, and its connection where it is promised more: a session
 * finds them when it returns.
 */
export class MqttDeliveries {
  readonly #member: CrowdMember;
  readonly #crowd: MqttCrowd;

  constructor(member: CrowdMember, crowd: MqttCrowd) {
    this.#member = member;
    this.#crowd = crowd;
  }

  intercept(client: Client): void {
    const deliveries = client as unknown as ClientDeliveries;
    const { deliver0, deliverQoS } = deliveries;
    deliveries.deliver0 = (packet, done) => this.#deliver(packet, deliver0, done);
    deliveries.deliverQoS = (packet, done) =>
      this.#deliver(packet, packet.qos === 0 ? deliver0 : deliverQoS, done);
  }

  #deliver(packet: Delivery, deliver: Deliver, done: () => void): void {
    // Retained ones come one after the other, each when the one before it has left.
    if (packet.retain) return deliver(packet, done);
    setImmediate(done);
    if (this.#member.dead) return;
    if (this.#member.unsentBytes > limits.mqttUnsentBytesMax) {
      return this.#refuse(packet);
    }
    const { topic, payload } = packet;
    const bytes = topic.length + payload.length + limits.mqttDeliveryOverheadBytes;
    this.#crowd.deliveryChanged(this.#member, bytes);
    return deliver(packet, () => this.#crowd.deliveryChanged(this.#member, -bytes));
  }

  #refuse({ qos }: Delivery): void {
    const { counters } = this.#crowd;
    if (qos === 0) counters.deliveriesDropped++;
    else {
      counters.closedSlow++;
      this.#member.breach('a subscriber that does not keep up');
    }
  }
}
