import { limits } from '../src/base/limits.ts';

/** Counts since the start, for metrics. */
export interface MqttCrowdCounters {
  /** QoS 0 publishes that a slow subscriber did not get. */
  deliveriesDropped: number;
  /** Subscribers that did not keep up at QoS 1 or 2. */
  closedSlow: number;
  /** The greediest, when all connections together held too much. */
  closedForMemory: number;
}

/** One connection, as its crowd sees it. */
export interface CrowdMember {
  readonly dead: boolean;
  /** Bytes of a packet that has not arrived whole. */
  readonly partialBytes: number;
  /** What was read of it and waits until it may go on. */
  readonly heldBytes: number;
  /** What its peer has not taken. */
  readonly unsentBytes: number;
  /** Closes it. */
  readonly breach: (reason: string) => void;
}

/**
 * What all MQTT connections hold in memory together: packets that have not arrived whole, packets
 * that wait until their publisher may go on, and deliveries that subscribers have not taken. Above
 * a limit the greediest are closed.
 */
export class MqttCrowd {
  readonly counters: MqttCrowdCounters = {
    ...{ deliveriesDropped: 0, closedSlow: 0, closedForMemory: 0 },
  };
  readonly #members: () => Iterable<CrowdMember>;
  /** By connection: deliveries on their way. */
  readonly #deliveries = new Map<CrowdMember, number>();
  #partialBytes = 0;
  #heldBytes = 0;
  #deliveryBytes = 0;

  constructor(members: () => Iterable<CrowdMember>) {
    this.#members = members;
  }

  get bytes(): { readonly partial: number; readonly held: number; readonly delivery: number } {
    return {
      partial: this.#partialBytes,
      held: this.#heldBytes,
      delivery: this.#deliveryBytes,
    };
  }

  partialChanged(moreBytes: number): void {
    this.#partialBytes += moreBytes;
    if (this.#partialBytes <= limits.mqttPartialRoomBytes) return;
    const held = [...this.#members()].map((member) => ({
      member,
      bytes: member.partialBytes,
    }));
    this.#shed(held, (this.#partialBytes - limits.mqttPartialRoomBytes) * 2);
  }

  /** Nothing of it is acknowledged: a publisher that is closed for it sends it again. */
  heldChanged(moreBytes: number): void {
    this.#heldBytes += moreBytes;
    if (moreBytes < 0 || this.#heldBytes <= limits.mqttHeldRoomBytes) return;
    const held = [...this.#members()].map((member) => ({ member, bytes: member.heldBytes }));
    this.#shed(held, (this.#heldBytes - limits.mqttHeldRoomBytes) * 2);
  }

  deliveryChanged(member: CrowdMember, moreBytes: number): void {
    const bytes = (this.#deliveries.get(member) ?? 0) + moreBytes;
    if (bytes === 0) this.#deliveries.delete(member);
    else this.#deliveries.set(member, bytes);
    this.#deliveryBytes += moreBytes;
    if (moreBytes < 0 || this.#deliveryBytes <= limits.mqttDeliveryRoomBytes) return;
    // Who is healthy has all of it in a socket that takes it: only the others are in the way.
    const held = [...this.#deliveries].flatMap(([one, itsBytes]) =>
      one.unsentBytes > 0 ? [{ member: one, bytes: itsBytes }] : [],
    );
    this.#shed(held, this.#deliveryBytes / 4);
  }

  /** Closes the greediest until so many bytes are free, or will be when they are gone. */
  #shed(
    held: readonly { readonly member: CrowdMember; readonly bytes: number }[],
    bytesMin: number,
  ): void {
    let freed = 0;
    for (const { member, bytes } of held.toSorted((a, b) => b.bytes - a.bytes)) {
      if (freed >= bytesMin || bytes === 0) return;
      if (member.dead) continue;
      freed += bytes;
      this.counters.closedForMemory++;
      member.breach('the memory of all connections is taken');
    }
  }
}
