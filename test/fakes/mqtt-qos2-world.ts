import { connectionId, uuid } from '../../src/base/brand.ts';
import { utf8Decode } from '../../src/base/bytes.ts';
import { Qos2Sessions } from '../../src/core/mqtt/qos2-sessions.ts';
import type { TripleOutcome } from '../../src/core/mqtt/qos2-options.ts';
import type { TripleTarget } from '../../src/core/mqtt/triple-target.ts';

const topicId = uuid('00000000-0000-4000-8000-000000000001');

/** A write on its way to one log: what makes it durable, and what tells the core. */
interface Write {
  readonly persist: () => TripleOutcome;
  readonly done: (outcome: TripleOutcome) => void;
}

interface Reading {
  readonly packetId: number;
  readonly text: string;
  phase: 'published' | 'received' | 'released';
}

interface Device {
  readonly clientId: string;
  connection: number | undefined;
  clean: boolean;
  /**
   * It has dropped its state for a clean session that it never saw begin: it keeps asking for one.
   */
  needsClean: boolean;
  readonly inFlight: Map<number, Reading>;
}

/**
 * A node that knows nothing but its durable logs, devices that follow MQTT 3.1.1, and the core
 * between them. Every write waits until a step persists it; a crash keeps any prefix of what waits
 * for each log.
 */
export class Qos2World {
  readonly sessions = new Map<string, Uint8Array>();
  /** Readings in the log, and how often. */
  readonly stored = new Map<string, number>();
  /** Readings whose PUBREC arrived. */
  readonly received = new Set<string>();
  /** Readings that a device gave up by beginning a clean session. */
  readonly givenUp = new Set<string>();
  readonly sent = new Set<string>();
  readonly rejections: string[] = [];
  readonly devices: readonly Device[];
  readonly #queues: Write[][] = [[], [], []];
  readonly #producers = new Map<string, { epoch: number; last: number }>();
  readonly #publishes = new Map<number, () => void>();
  readonly #requests = new Map<number, (open: readonly number[]) => void>();
  #core: Qos2Sessions;
  #lastId = 0;
  #lastProducerId = 0;

  constructor(deviceCount: number) {
    this.devices = Array.from({ length: deviceCount }, (_, i) => ({
      ...{ clientId: `dev/${i}`, connection: undefined, clean: false },
      ...{ needsClean: false, inFlight: new Map() },
    }));
    this.#core = this.#start();
  }

  get pinned(): Set<bigint> {
    return this.#core.pinnedProducers();
  }

  connect(index: number, wantsClean: boolean): void {
    const device = this.#device(index);
    const clean = wantsClean || device.needsClean;
    this.close(index);
    if (clean || device.clean) this.#giveUp(device);
    device.needsClean = clean;
    const connection = ++this.#lastId;
    device.connection = connection;
    device.clean = clean;
    const requestId = ++this.#lastId;
    this.#requests.set(requestId, () => {
      if (device.connection !== connection) return;
      device.needsClean = false;
      for (const reading of device.inFlight.values()) this.#send(device, reading);
    });
    const { clientId } = device;
    const opened = { requestId, connection: connectionId(connection), clientId, clean };
    this.#core.sessionOpened(opened);
  }

  close(index: number): void {
    const device = this.#device(index);
    if (device.connection === undefined) return;
    const connection = connectionId(device.connection);
    device.connection = undefined;
    this.#core.connectionClosed(connection);
  }

  /**
   * A new reading under the lowest free identifier of three, so that identifiers are used again
   * soon.
   */
  publish(index: number): void {
    const device = this.#device(index);
    const packetId = [1, 2, 3].find((id) => !device.inFlight.has(id));
    if (!this.isOnline(index) || packetId === undefined) return;
    const reading: Reading = { packetId, text: `r${++this.#lastId}`, phase: 'published' };
    this.sent.add(reading.text);
    device.inFlight.set(packetId, reading);
    this.#send(device, reading);
  }

  /** PUBREL for every PUBREC that has arrived. */
  confirm(index: number): void {
    const device = this.#device(index);
    if (!this.isOnline(index)) return;
    for (const reading of device.inFlight.values()) {
      if (reading.phase === 'received') this.#send(device, reading);
    }
  }

  isOnline(index: number): boolean {
    return this.#device(index).connection !== undefined && this.#requests.size === 0;
  }

  /** Persists the oldest write of one log. @returns false if nothing waited. */
  step(queue: number): boolean {
    const write = this.#queues[queue % 3]?.shift();
    if (write === undefined) return false;
    write.done(write.persist());
    return true;
  }

  drain(): void {
    while ([0, 1, 2].some((queue) => this.step(queue)));
  }

  /** The node dies; of what waits for each log the first `kept` writes are durable all the same. */
  crash(kept: readonly number[]): void {
    this.#queues.forEach((queue, i) => {
      for (const write of queue.splice(0).slice(0, kept[i] ?? 0)) write.persist();
    });
    this.#publishes.clear();
    this.#requests.clear();
    for (const device of this.devices) device.connection = undefined;
    this.#core = this.#start();
  }

  /** Bytes below a hole are gone: the partition forgets what it knew of every producer (L6). */
  rot(): void {
    this.#producers.clear();
  }

  /** A session that is clean at one end takes nothing along [MQTT-3.1.2-6]. */
  #giveUp(device: Device): void {
    for (const reading of device.inFlight.values()) this.givenUp.add(reading.text);
    device.inFlight.clear();
  }

  #device(index: number): Device {
    return this.devices[index % this.devices.length] as Device;
  }

  #send(device: Device, reading: Reading): void {
    const connection = device.connection;
    if (connection === undefined) return;
    const publishId = ++this.#lastId;
    const { clientId } = device;
    const { packetId } = reading;
    const isPublish = reading.phase === 'published';
    if (!isPublish) reading.phase = 'released';
    this.#publishes.set(publishId, () => {
      if (device.connection === connection) this.#answered(device, reading, isPublish);
    });
    const released = { publishId, connection: connectionId(connection), clientId, packetId };
    if (!isPublish) return this.#core.identifierReleased(released);
    this.#core.identifierReceived({
      ...{ publishId, connection: connectionId(connection), clientId, packetId },
      ...{ mqttTopic: reading.text, payload: new Uint8Array(), qos: 2, retain: false },
    });
  }

  #answered(device: Device, reading: Reading, isPublish: boolean): void {
    if (!isPublish) {
      if (device.inFlight.get(reading.packetId) === reading)
        device.inFlight.delete(reading.packetId);
      return;
    }
    this.received.add(reading.text);
    if (!this.stored.has(reading.text)) throw new Error(`PUBREC before ${reading.text} is stored`);
    if (reading.phase === 'published') reading.phase = 'received';
  }

  #start(): Qos2Sessions {
    const core: Qos2Sessions = new Qos2Sessions({
      log: {
        commit: (changes, done) =>
          changes.forEach(({ key, value }, i) => {
            this.#queues[0]?.push({
              persist: () => {
                if (value === undefined) this.sessions.delete(utf8Decode(key));
                else this.sessions.set(utf8Decode(key), value);
                return 'committed';
              },
              done: () => {
                core.apply(utf8Decode(key), value);
                if (i === changes.length - 1) done();
              },
            });
          }),
      },
      producer: {
        produce: (target, publish, done) =>
          this.#queues[1 + target.partition]?.push({
            persist: () => this.#append(target, publish.mqttTopic),
            done,
          }),
      },
      allocateProducerId: () => BigInt(++this.#lastProducerId),
      locate: ({ mqttTopic }) => ({ topicId, partition: Number(mqttTopic.slice(1)) % 2 }),
      release: (publishId) => this.#take(this.#publishes, publishId)?.(),
      unrouted: (publishId) => this.#take(this.#publishes, publishId)?.(),
      reject: (publishId, _close, reason) => {
        this.rejections.push(reason);
        this.#publishes.delete(publishId);
      },
      sessionAnswered: (requestId, open) => this.#take(this.#requests, requestId)?.(open),
    });
    for (const [key, value] of this.sessions) core.apply(key, value);
    return core;
  }

  #take<T>(map: Map<number, T>, id: number): T | undefined {
    const taken = map.get(id);
    map.delete(id);
    return taken;
  }

  /** Kafka's rule for idempotent producers, strict about the first sequence. */
  #append(target: TripleTarget, text: string): TripleOutcome {
    const key = `${target.partition}/${target.producerId}`;
    const known = this.#producers.get(key);
    const last = known?.epoch === target.producerEpoch ? known.last : -1;
    if (known !== undefined && target.producerEpoch < known.epoch) {
      return { error: 'INVALID_PRODUCER_EPOCH' };
    }
    if (target.baseSequence <= last) {
      return last - target.baseSequence < 5 ? 'committed' : { error: 'DUPLICATE_SEQUENCE_NUMBER' };
    }
    if (target.baseSequence !== last + 1) return { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' };
    this.#producers.set(key, { epoch: target.producerEpoch, last: target.baseSequence });
    this.stored.set(text, (this.stored.get(text) ?? 0) + 1);
    return 'committed';
  }
}
