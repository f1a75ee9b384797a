import { monotonicMs } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import type { HeldPublishers } from '../src/core/effect.ts';
import type { MqttConnection } from './mqtt-connection.ts';
import { MqttCrowd } from './mqtt-crowd.ts';
import type { MqttCounters } from './mqtt-front-options.ts';

export interface MqttRosterOptions {
  readonly connectionsMax: number;
  readonly counters: MqttCounters;
  /** Once for each connection, for its peer's fault or ours. */
  readonly close: (connection: MqttConnection, reason: string) => void;
}

/** The open MQTT connections: who has a place, who is read, who has lost it. */
export class MqttRoster {
  readonly crowd = new MqttCrowd(() => this.#connections);
  readonly #options: MqttRosterOptions;
  readonly #connections = new Set<MqttConnection>();
  /** Those whose CONNECT has not come, the oldest first. */
  readonly #unknown = new Set<MqttConnection>();
  #held: HeldPublishers = 'none';
  /** More publishes wait for the core than memory has room for. */
  #isCrowded = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: MqttRosterOptions) {
    this.#options = options;
  }

  /** Open sockets, also those that have not sent CONNECT yet. */
  get size(): number {
    return this.#connections.size;
  }

  all(): readonly MqttConnection[] {
    return [...this.#connections];
  }

  start(): void {
    this.#sweep = setInterval(() => this.#lookAfter(), limits.connectionSweepMs);
  }

  stop(): void {
    clearInterval(this.#sweep);
  }

  /** Where all places are taken, a newer peer gets that of the oldest without a CONNECT. */
  makePlace(): boolean {
    if (this.#connections.size < this.#options.connectionsMax) return true;
    const [oldest] = this.#unknown;
    if (oldest === undefined) return false;
    this.#options.counters.connectionsDisplaced++;
    this.#options.close(oldest, 'its place was needed');
    this.remove(oldest);
    return true;
  }

  add(connection: MqttConnection): void {
    this.#connections.add(connection);
    this.#unknown.add(connection);
    connection.hold(this.#heldNow);
  }

  /** Its CONNECT was taken. */
  connected(connection: MqttConnection): void {
    this.#unknown.delete(connection);
  }

  remove(connection: MqttConnection): void {
    this.#connections.delete(connection);
    this.#unknown.delete(connection);
  }

  /** The core holds the publishers, or lets them go. */
  hold(held: HeldPublishers): void {
    this.#held = held;
    this.#regulate();
  }

  /** So many publishes wait for the core. */
  pendingChanged(pendingPublishes: number): void {
    const max = limits.mqttPendingPublishesMax;
    const isCrowded = pendingPublishes >= (this.#isCrowded ? max / 2 : max);
    if (isCrowded === this.#isCrowded) return;
    this.#isCrowded = isCrowded;
    this.#regulate();
  }

  get #heldNow(): HeldPublishers {
    return this.#isCrowded ? 'all' : this.#held;
  }

  #regulate(): void {
    for (const connection of this.#connections) connection.hold(this.#heldNow);
  }

  #lookAfter(): void {
    const now = monotonicMs(performance.now());
    for (const connection of this.all()) {
      if (connection.dead || !connection.isOverdue(now)) continue;
      this.#options.counters.connectionsOverdue++;
      this.#options.close(connection, 'a packet that does not end');
    }
  }
}
