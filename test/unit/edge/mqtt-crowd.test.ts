import { describe, expect, it } from 'vitest';
import type { Client } from 'aedes';
import { MqttCrowd, type CrowdMember } from '../../../edge/mqtt-crowd.ts';
import { MqttDeliveries } from '../../../edge/mqtt-deliveries.ts';
import { limits } from '../../../src/base/limits.ts';

class Member implements CrowdMember {
  dead = false;
  partialBytes = 0;
  heldBytes = 0;
  unsentBytes = 0;
  readonly breach = (): void => void (this.dead = true);
}

interface Delivery {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
}

/** A subscriber as aedes has it: deliveries end when the test says so. */
class Subscriber {
  readonly member = new Member();
  readonly written: (() => void)[] = [];
  readonly client = {
    deliver0: (_: Delivery, done: () => void): void => void this.written.push(done),
    deliverQoS: (_: Delivery, done: () => void): void => void this.written.push(done),
  };

  constructor(crowd: MqttCrowd) {
    new MqttDeliveries(this.member, crowd).intercept(this.client as unknown as Client);
  }

  deliver(qos: 0 | 1, payloadBytes = 0, retain = false): Promise<void> {
    const packet = { topic: '', payload: new Uint8Array(payloadBytes), qos, retain };
    const deliver = qos === 0 ? this.client.deliver0 : this.client.deliverQoS;
    return new Promise((resolve) => deliver(packet, resolve));
  }
}

describe('deliveries to a subscriber', () => {
  it('keep no publisher waiting, and are counted until they are written', async () => {
    const crowd = new MqttCrowd(() => []);
    const subscriber = new Subscriber(crowd);
    await subscriber.deliver(0, 100);
    await subscriber.deliver(1, 100);
    expect(crowd.bytes.delivery).toBe(200 + 2 * limits.mqttDeliveryOverheadBytes);
    for (const done of subscriber.written) done();
    expect(crowd.bytes.delivery).toBe(0);
  });

  it('of one that does not read: QoS 0 is dropped, QoS 1 costs the connection', async () => {
    const crowd = new MqttCrowd(() => []);
    const subscriber = new Subscriber(crowd);
    subscriber.member.unsentBytes = limits.mqttUnsentBytesMax;
    await subscriber.deliver(0);
    subscriber.member.unsentBytes++;
    await subscriber.deliver(0);
    expect(subscriber.member.dead).toBe(false);
    await subscriber.deliver(1);
    expect(subscriber.member.dead).toBe(true);
    expect(subscriber.written).toHaveLength(1);
    expect(crowd.counters).toMatchObject({ deliveriesDropped: 1, closedSlow: 1 });
  });

  it('of retained publishes wait for one another', async () => {
    const subscriber = new Subscriber(new MqttCrowd(() => []));
    let isDone = false;
    const delivered = subscriber.deliver(0, 0, true).then(() => (isDone = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    subscriber.written[0]?.();
    await delivered;
  });
});

describe('the memory of all MQTT connections', () => {
  it('costs the greediest subscriber that does not read, never a healthy one', async () => {
    const crowd = new MqttCrowd(() => []);
    const subscribers = Array.from({ length: 3 }, () => new Subscriber(crowd));
    const [healthy, stuck, worse] = subscribers as [Subscriber, Subscriber, Subscriber];
    stuck.member.unsentBytes = 1;
    worse.member.unsentBytes = 1;
    await stuck.deliver(1, limits.mqttDeliveryRoomBytes / 8);
    await worse.deliver(1, limits.mqttDeliveryRoomBytes / 3);
    await healthy.deliver(1, limits.mqttDeliveryRoomBytes / 2);
    expect(worse.member.dead).toBe(false);
    await healthy.deliver(1, limits.mqttDeliveryRoomBytes / 8);
    expect(subscribers.map(({ member }) => member.dead)).toEqual([false, false, true]);
    expect(crowd.counters.closedForMemory).toBe(1);
  });

  it('costs the packet that is largest and not whole', () => {
    const members = Array.from({ length: 50 }, () => new Member());
    const crowd = new MqttCrowd(() => members);
    const share = limits.mqttPartialRoomBytes / 50;
    for (const [i, member] of members.entries()) {
      member.partialBytes = share + i;
      crowd.partialChanged(share + i);
    }
    expect(members.filter(({ dead }) => dead)).toEqual([members[49]]);
  });

  it('holds what waiting publishers sent up to a limit, then closes the greediest', () => {
    const members = Array.from({ length: 50 }, () => new Member());
    const crowd = new MqttCrowd(() => members);
    const share = Math.floor(limits.mqttHeldRoomBytes / 50);
    for (const member of members) {
      member.heldBytes = share;
      crowd.heldChanged(share);
    }
    const rest = limits.mqttHeldRoomBytes - 50 * share;
    crowd.heldChanged(rest);
    expect(members.filter(({ dead }) => dead)).toEqual([]);
    const [, greedy] = members as [Member, Member];
    greedy.heldBytes += 1;
    crowd.heldChanged(1);
    expect(members.filter(({ dead }) => dead)).toEqual([greedy]);
  });
});
