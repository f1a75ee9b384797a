import { limits } from '../src/base/limits.ts';
import { ownCopy, queuedBytes } from './mqtt-queued.ts';
import type { QueuedPacket } from './mqtt-queued.ts';

/**
 * Publishes on their way to persistent sessions, in bounded memory. A full queue loses its oldest,
 * and it is counted; what does not fit although the session's own queue is empty is not taken.
 */
export class MqttOfflineQueues {
  readonly #queues = new Map<string, QueuedPacket[]>();
  #bytes = 0;
  #dropped = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get dropped(): number {
    return this.#dropped;
  }

  enqueue(clientIds: readonly string[], packet: QueuedPacket): void {
    if (clientIds.length === 0) return;
    const { payload } = ownCopy(packet);
    for (const clientId of clientIds) this.#enqueueOne(clientId, { ...packet, payload });
  }

  /** Gives the queued publish its packet identifier, or puts a PUBREL in its place. */
  update(clientId: string, packet: QueuedPacket): void {
    const queue = this.#queues.get(clientId) ?? [];
    for (const [at, queued] of queue.entries()) {
      if (queued.brokerId !== undefined && queued.brokerId === packet.brokerId) {
        if (queued.brokerCounter !== packet.brokerCounter) continue;
        queued.messageId = packet.messageId;
        return;
      }
      if (queued.messageId !== packet.messageId) continue;
      this.#bytes += queuedBytes(packet) - queuedBytes(queued);
      queue[at] = packet;
      return;
    }
  }

  /** The client has acknowledged it. */
  clear(clientId: string, packetId: number | undefined): QueuedPacket | undefined {
    // aedes asks with no identifier when it skips a duplicate delivery: nothing is queued for that.
    if (packetId === undefined) return undefined;
    const queue = this.#queues.get(clientId);
    const at = queue?.findIndex((queued) => queued.messageId === packetId) ?? -1;
    if (queue === undefined || at < 0) return undefined;
    const [cleared] = queue.splice(at, 1);
    this.#bytes -= cleared === undefined ? 0 : queuedBytes(cleared);
    if (queue.length === 0) this.#queues.delete(clientId);
    return cleared;
  }

  list(clientId: string): readonly QueuedPacket[] {
    return [...(this.#queues.get(clientId) ?? [])];
  }

  /** The session ends. */
  forget(clientId: string): void {
    for (const queued of this.#queues.get(clientId) ?? []) this.#bytes -= queuedBytes(queued);
    this.#queues.delete(clientId);
  }

  #enqueueOne(clientId: string, packet: QueuedPacket): void {
    const queue = this.#queues.get(clientId) ?? [];
    const bytes = queuedBytes(packet);
    while (queue.length > 0 && !this.#fits(queue, bytes)) {
      const oldest = queue.shift();
      this.#bytes -= oldest === undefined ? 0 : queuedBytes(oldest);
      this.#dropped++;
    }
    if (!this.#fits(queue, bytes)) {
      this.#dropped++;
      this.#queues.delete(clientId);
      return;
    }
    queue.push(packet);
    this.#bytes += bytes;
    this.#queues.set(clientId, queue);
  }

  #fits(queue: readonly QueuedPacket[], bytes: number): boolean {
    return (
      queue.length < limits.mqttOfflinePacketsPerSessionMax &&
      this.#bytes + bytes <= limits.mqttOfflineBytesMax
    );
  }
}
