import { setTimeout as delay } from 'node:timers/promises';
import { demoTopic } from './demo-central.ts';
import type { DemoNodes, DemoStatus } from './demo-nodes.ts';
import type { DemoScreen } from './demo-screen.ts';
import type { Sensors } from './sensors.ts';

const everyMs = 250;

export interface WatchParts {
  readonly nodes: DemoNodes;
  readonly sensors: Sensors;
  readonly screen: DemoScreen;
}

/** Shows the way of the readings while they travel, from the status of the nodes. */
export class DemoWatch {
  readonly #parts: WatchParts;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  /**
   * By partition: offsets that the nodes used before the first reading, for LeaderChange and the
   * like.
   */
  readonly #startOffsets = new Map<number, number>();
  #startMs = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Call it before the first reading. */
  async start(): Promise<void> {
    const status = await this.#parts.nodes.status();
    for (const { partition, highWatermark } of partitionsOf(status)) {
      this.#startOffsets.set(partition, highWatermark);
    }
    this.#startMs = performance.now();
    this.#loop = this.#run();
  }

  /** Shows the last state and leaves it. May be called twice. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await this.#loop;
    await this.#show();
    this.#parts.screen.keep();
  }

  /**
   * Whether every reading in the nodes' log has been forwarded. Rejects when a node or a
   * forwarder gave up.
   */
  async isCaughtUp(): Promise<boolean> {
    const status = await this.#parts.nodes.status();
    const stopped = status.forward.find(({ state }) => state === 'stopped');
    if (stopped !== undefined) {
      throw new Error(`partition ${stopped.partition} stopped forwarding: ${stopped.lastError}`);
    }
    // A partition without a reading holds only what is never forwarded (X6).
    return partitionsOf(status).every(
      ({ partition, highWatermark }) =>
        highWatermark <= (this.#startOffsets.get(partition) ?? 0) ||
        forwardOffsetOf(status, partition) >= highWatermark,
    );
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#show();
      await delay(everyMs);
    }
  }

  async #show(): Promise<void> {
    const status = await this.#parts.nodes.status().catch(() => undefined);
    if (status === undefined) return;
    const { sensors, screen } = this.#parts;
    let inLog = 0;
    let atCentral = 0;
    for (const { partition, highWatermark } of partitionsOf(status)) {
      const start = this.#startOffsets.get(partition) ?? 0;
      inLog += highWatermark - start;
      atCentral += Math.max(0, forwardOffsetOf(status, partition) - start);
    }
    const seconds = (performance.now() - this.#startMs) / 1_000;
    screen.update([
      `  ${seconds.toFixed(1)} s`,
      `  published  ${sensors.published}`,
      `  acked      ${sensors.acked.size}`,
      `  in log     ${inLog}`,
      `  at central ${atCentral}`,
      `  lag        ${inLog - atCentral}  (${forwardStates(status)})`,
    ]);
  }
}

const partitionsOf = (status: DemoStatus): DemoStatus['partitions'] =>
  status.partitions.filter(({ topic }) => topic === demoTopic);

const forwardOffsetOf = (status: DemoStatus, partition: number): number =>
  status.forward.find((entry) => entry.topic === demoTopic && entry.partition === partition)
    ?.forwardOffset ?? -1;

/** For example `idle` or `sending, waiting`. */
const forwardStates = (status: DemoStatus): string => {
  const states = new Set(status.forward.map(({ state }) => state));
  return states.size === 0 ? 'forwarder starting' : [...states].join(', ');
};
