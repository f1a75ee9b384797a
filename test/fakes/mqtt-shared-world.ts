import { connectionId, monotonicMs, uuid } from '../../src/base/brand.ts';
import { utf8Decode } from '../../src/base/bytes.ts';
import type { TripleOutcome } from '../../src/core/mqtt/qos2-options.ts';
import { Qos2Sessions } from '../../src/core/mqtt/qos2-sessions.ts';
import { reduceSessionChange } from '../../src/core/mqtt/reduce-session-change.ts';
import type { TripleTarget } from '../../src/core/mqtt/triple-target.ts';
import type { ViewChange } from '../../src/ports/state-view.ts';

const topicId = uuid('00000000-0000-4000-8000-000000000001');
const openMsMax = 10_000;

/** A record of `__mqtt_sessions`, and what its place in the log tells who wrote it. */
interface LogRecord {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly appliedAt: { readonly process: Process; readonly done: () => void } | undefined;
}

/** A record on its way to a data partition. */
interface Write {
  readonly process: Process;
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
  /** Where it is connected, as it believes. */
  at: { readonly process: Process; readonly connection: number } | undefined;
  isAccepted: boolean;
  clean: boolean;
  /** It keeps asking for a clean session until it has seen one begin. */
  needsClean: boolean;
  /**
   * It has had a clean session at a node that may not have known of an older one: a session that is
   * present may be that.
   */
  mayHaveOlder: boolean;
  readonly inFlight: Map<number, Reading>;
}

/** One life of one node. */
class Process {
  readonly values = new Map<string, Uint8Array>();
  /** Records of the log that it has applied. */
  applied = 0;
  isDead = false;
  /** By client, identifiers that its front end answers by itself: PUBREC was sent for them. */
  readonly received = new Map<string, Set<number>>();
  readonly connections = new Map<number, Device>();
  readonly core: Qos2Sessions;

  constructor(core: (process: Process) => Qos2Sessions) {
    this.core = core(this);
  }
}

/**
 * Nodes that share one committed log of sessions and two data partitions, each as far behind as a
 * script says; what a node has sent may arrive after its death. Devices follow MQTT 3.1.1 and go
 * from node to node without telling the one they leave.
 */
export class SharedWorld {
  /** Readings in the log, and how often. */
  readonly stored = new Map<string, number>();
  readonly sent = new Set<string>();
  /** Readings that a device gave up by beginning a clean session. */
  readonly givenUp = new Set<string>();
  readonly complaints: string[] = [];
  readonly rejections: string[] = [];
  readonly devices: readonly Device[];
  readonly nodes: Process[];
  readonly #log: LogRecord[] = [];
  /** Changes that were sent and are not in the log, by node; those of the dead too. */
  readonly #commits: LogRecord[][];
  /** By node and partition. */
  readonly #writes: Write[][];
  readonly #producers = new Map<string, { epoch: number; last: number }>();
  readonly #publishes = new Map<number, () => void>();
  readonly #requests = new Map<number, (open: readonly number[], isResumed: boolean) => void>();
  #lastId = 0;
  #lastProducerId = 0;
  #starts = 0;
  nowMs = 0;

  constructor(nodeCount: number, deviceCount: number) {
    const nodes = Array.from({ length: nodeCount }, (_, node) => node);
    this.#commits = nodes.map(() => []);
    this.#writes = nodes.flatMap(() => [[], []]);
    this.nodes = nodes.map((node) => this.#start(node));
    this.devices = Array.from({ length: deviceCount }, (_, i) => ({
      ...{ clientId: `dev/${i}`, at: undefined, isAccepted: false, clean: false },
      ...{ needsClean: false, mayHaveOlder: false, inFlight: new Map() },
    }));
  }

  /** Records of sessions that are committed. */
  get logLength(): number {
    return this.#log.length;
  }

  /** To a node; the one it leaves does not hear of it. */
  connect(index: number, node: number, wantsClean: boolean): void {
    const device = this.#device(index);
    const process = this.#node(node);
    const clean = wantsClean || device.needsClean;
    if (clean || device.clean) giveUp(device, this.givenUp);
    const [connection, requestId] = [++this.#lastId, ++this.#lastId];
    this.#closeEarlier(process, device);
    Object.assign(device, { needsClean: clean, clean, isAccepted: false });
    device.at = { process, connection };
    process.connections.set(connection, device);
    if (clean) process.received.delete(device.clientId);
    this.#requests.set(requestId, (open, isResumed) => {
      if (!isResumed) process.received.delete(device.clientId);
      if (device.at?.connection === connection) this.#accepted(device, open);
    });
    const { clientId } = device;
    const opened = { requestId, connection: connectionId(connection), clientId, clean };
    process.core.sessionOpened(opened);
  }

  /** The socket ends, and both sides know. */
  close(index: number): void {
    const device = this.#device(index);
    const { at } = device;
    if (at === undefined) return;
    device.at = undefined;
    this.#closed(at.process, at.connection);
  }

  /** A new reading under the lowest free identifier of three. */
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
    const device = this.#device(index);
    return device.at !== undefined && device.isAccepted;
  }

  /** The next change of a node, living or dead, is committed; `isTwice`: its place was lost. */
  commit(node: number, isTwice = false): boolean {
    const record = this.#commits[node % this.#commits.length]?.shift();
    if (record === undefined) return false;
    if (isTwice) this.#log.push({ ...record, appliedAt: undefined });
    this.#log.push(record);
    return true;
  }

  /** A node learns of the next committed record. */
  apply(node: number): boolean {
    const process = this.#node(node);
    const record = this.#log[process.applied];
    if (record === undefined) return false;
    process.applied++;
    this.#see(process, record);
    if (record.appliedAt?.process === process) record.appliedAt.done();
    return true;
  }

  /** The next record of a node for a partition is stored; `isTwice`: its answer was lost. */
  persist(node: number, partition: number, isTwice = false): boolean {
    const write = this.#writes[2 * (node % this.nodes.length) + (partition % 2)]?.shift();
    if (write === undefined) return false;
    if (isTwice) write.persist();
    const outcome = write.persist();
    if (!write.process.isDead) write.done(outcome);
    return true;
  }

  drain(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const node of this.nodes.keys()) {
        const steps = [this.commit(node), this.persist(node, 0), this.persist(node, 1)];
        while (this.apply(node)) isBusy = true;
        isBusy ||= steps.includes(true);
      }
    }
  }

  /** Dies and starts; `kept` of its changes are still on their way, and all of its records. */
  crash(node: number, kept: number): void {
    const index = node % this.nodes.length;
    const dead = this.#node(index);
    dead.isDead = true;
    this.#commits[index]?.splice(kept);
    for (const device of this.devices) {
      if (device.at?.process === dead) device.at = undefined;
    }
    this.nodes[index] = this.#start(index);
  }

  /** Bytes of time pass on every node. */
  tick(ms: number): void {
    this.nowMs += ms;
    for (const { core } of this.nodes) core.tick(monotonicMs(this.nowMs));
  }

  /** What each node holds once it has applied all; and one that begins with a rewrite of it. */
  views(): string[] {
    const text = (values: ReadonlyMap<string, Uint8Array>): string =>
      [...values]
        .map(([key, value]) => `${key}=${value.join()}`)
        .toSorted()
        .join(' ');
    return this.nodes.flatMap(({ values }) => {
      const rewritten = new Map<string, Uint8Array>();
      for (const [key, value] of [...values].reverse()) reduceInto(rewritten, key, value);
      return [text(values), text(rewritten)];
    });
  }

  get values(): ReadonlyMap<string, Uint8Array> {
    return this.#node(0).values;
  }

  #accepted(device: Device, open: readonly number[]): void {
    device.isAccepted = true;
    device.needsClean = false;
    if (device.clean) device.mayHaveOlder = true;
    const strange = open.filter((packetId) => !device.inFlight.has(packetId));
    if (strange.length > 0) return this.#meetStrange(device, strange);
    if (!device.clean) device.mayHaveOlder = false;
    for (const { phase, packetId, text } of device.inFlight.values()) {
      const isLost = phase === 'received' && !open.includes(packetId);
      if (isLost) this.complaints.push(`${text} was received and its identifier is not open`);
    }
    for (const reading of device.inFlight.values()) this.#send(device, reading);
  }

  /** [MQTT-3.2.2-2]: it has no such session, so it asks for a clean one. */
  #meetStrange(device: Device, open: readonly number[]): void {
    if (!device.mayHaveOlder) {
      this.complaints.push(`${device.clientId}: ${open.join()} should not be open`);
    }
    this.close(this.devices.indexOf(device));
    device.needsClean = true;
  }

  /** A node has one connection of a client: its front end closes the older one first. */
  #closeEarlier(process: Process, device: Device): void {
    for (const [connection, one] of process.connections) {
      if (one === device) this.#closed(process, connection);
    }
  }

  #closed(process: Process, connection: number): void {
    const device = process.connections.get(connection);
    if (device?.clean === true) process.received.delete(device.clientId);
    process.connections.delete(connection);
    process.core.connectionClosed(connectionId(connection));
  }

  #node(node: number): Process {
    return this.nodes[node % this.nodes.length] as Process;
  }

  #device(index: number): Device {
    return this.devices[index % this.devices.length] as Device;
  }

  #send(device: Device, reading: Reading): void {
    const { at, clientId } = device;
    if (at === undefined || !at.process.connections.has(at.connection)) return;
    const publishId = ++this.#lastId;
    const { packetId } = reading;
    const isPublish = reading.phase === 'published';
    const received = at.process.received.get(clientId) ?? new Set<number>();
    at.process.received.set(clientId, received);
    if (isPublish && received.has(packetId)) return this.#answered(device, reading, true);
    if (!isPublish) {
      reading.phase = 'released';
      received.delete(packetId);
    }
    this.#publishes.set(publishId, () => {
      if (isPublish) received.add(packetId);
      if (device.at === at) this.#answered(device, reading, isPublish);
    });
    const from = { publishId, connection: connectionId(at.connection), clientId, packetId };
    if (!isPublish) return at.process.core.identifierReleased(from);
    at.process.core.identifierReceived({
      ...from,
      ...{ mqttTopic: reading.text, payload: new Uint8Array(), qos: 2, retain: false },
    });
  }

  #answered(device: Device, reading: Reading, isPublish: boolean): void {
    const isCurrent = device.inFlight.get(reading.packetId) === reading;
    if (!isPublish) {
      if (isCurrent) device.inFlight.delete(reading.packetId);
      return;
    }
    if (!this.stored.has(reading.text)) {
      this.complaints.push(`PUBREC before ${reading.text} is stored`);
    }
    if (reading.phase === 'published') reading.phase = 'received';
  }

  #start(node: number): Process {
    this.#starts++;
    const process = new Process((own) => this.#newCore(node, own));
    return process;
  }

  #newCore(node: number, process: Process): Qos2Sessions {
    const startCounter = this.#starts;
    return new Qos2Sessions({
      log: { commit: (changes, done) => this.#sendChanges(node, process, changes, done) },
      producer: {
        produce: (target, publish, done) => {
          const persist = (): TripleOutcome => this.#append(target, publish.mqttTopic);
          this.#writes[2 * node + target.partition]?.push({ process, persist, done });
        },
      },
      allocateProducerId: () => BigInt(++this.#lastProducerId),
      locate: ({ mqttTopic }) => ({ topicId, partition: Number(mqttTopic.slice(1)) % 2 }),
      release: (publishId) => this.#take(this.#publishes, publishId)?.(),
      unrouted: (publishId) => this.#take(this.#publishes, publishId)?.(),
      reject: (publishId, _close, reason) => {
        this.rejections.push(reason);
        this.#publishes.delete(publishId);
      },
      sessionAnswered: (requestId, open, isResumed) =>
        this.#take(this.#requests, requestId)?.(open, isResumed),
      sharing: {
        ...{ nodeId: node + 1, startCounter, openMsMax },
        now: () => monotonicMs(this.nowMs),
        closeConnection: (connection) => {
          for (const device of this.devices) {
            if (device.at?.connection === connection) device.at = undefined;
          }
          this.#closed(process, connection);
        },
      },
    });
  }

  #sendChanges(
    node: number,
    process: Process,
    changes: readonly ViewChange[],
    done: () => void,
  ): void {
    for (const [i, { key, value }] of changes.entries()) {
      const appliedAt = i === changes.length - 1 ? { process, done } : undefined;
      this.#commits[node]?.push({ key: utf8Decode(key), value, appliedAt });
    }
  }

  #see({ values, core }: Process, { key, value }: LogRecord): void {
    const before = values.get(key);
    const kept = reduceInto(values, key, value);
    if (kept !== before) core.apply(key, kept);
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

/** A session that is clean at one end takes nothing along [MQTT-3.1.2-6]. */
function giveUp({ inFlight }: Device, givenUp: Set<string>): void {
  for (const { text } of inFlight.values()) givenUp.add(text);
  inFlight.clear();
}

function reduceInto(
  values: Map<string, Uint8Array>,
  key: string,
  value: Uint8Array | undefined,
): Uint8Array | undefined {
  const kept = reduceSessionChange(key, value, (other) => values.get(other));
  if (kept === undefined) values.delete(key);
  else values.set(key, kept);
  return kept;
}
