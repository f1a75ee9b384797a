import { connectionId, type ConnectionId, type Uuid } from '../src/base/brand.ts';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import { formatAddress, type Address } from '../src/config/address.ts';
import { isWitness, peerListen } from '../src/config/cluster-nodes.ts';
import type { Config } from '../src/config/config.ts';
import { nodeAddresses } from '../src/config/node-addresses.ts';
import { clusterTopicName, sessionsTopicName } from '../src/core/cluster/cluster-state.ts';
import type { ClusterStatus } from '../src/core/cluster-status.ts';
import type { ClusterReport } from '../src/core/cluster/describe-cluster.ts';
import type { Event } from '../src/core/event.ts';
import type { ForwarderSettings } from '../src/core/forward/settings.ts';
import type { ForwardPartition } from '../src/core/forward/supervision.ts';
import { Node } from '../src/core/node.ts';
import { toleratingNoSpace } from '../src/log/files.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { AdminPort } from './admin-port.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { productVersion } from './cli/product.ts';
import { clockNode } from './clock-node.ts';
import { connectionPlaces } from './connection-places.ts';
import { coreOptions } from './core-options.ts';
import { describeDiskFault, isDiskFault } from './disk-fault.ts';
import { Executor } from './execute.ts';
import { ForwardMarks } from './forward-marks.ts';
import { forwarderSettings } from './forwarder-settings.ts';
import { PeerExecutor } from './peer-executor.ts';
import { peerSettings, type PeerSettings } from './peer-settings.ts';
import { KafkaListener } from './kafka-listener.ts';
import { Loop } from './loop.ts';
import { MqttFront } from './mqtt-aedes.ts';
import type { NodeFacts } from './node-report.ts';
import { openNodeStorage, type OpenedStorage } from './node-storage.ts';
import { portProblem } from './port-problem.ts';
import type { RunningNode, StartError } from './running-node.ts';
import { ScrubTimer } from './scrub-timer.ts';
import { Supervisor } from './supervisor.ts';

export interface NodeDeps {
  readonly telemetry: Telemetry;
  /** Settles when the node is to stop; it may wait long for the others to be ready. */
  readonly stopAsked?: Promise<unknown>;
}

/**
 * Starts a node: data directory, recovery, core, then the listeners. Resolves when all of it is
 * open.
 */
export async function startNode(
  config: Config,
  deps: NodeDeps,
): Promise<Result<RunningNode, StartError>> {
  const settings = await forwarderSettings(config);
  if (!settings.ok) return settings;
  const peers = await peerSettings(config);
  if (!peers.ok) return peers;
  const opened = await openNodeStorage(config, deps.telemetry);
  if (!opened.ok) return opened;
  const node = new NodeProcess({
    ...{ config, ...deps, opened: opened.value },
    ...{ settings: settings.value, peers: peers.value },
  });
  return node.start();
}

const stoppedEarly: StartError = {
  exitCode: exitCodes.ok,
  text: 'it was told to stop before it was ready',
};

/** How often the logs are held against disk.budgetBytes, and lagging marks are looked for. */
const diskMeasureMs = 500;

interface NodeParts extends NodeDeps {
  readonly config: Config;
  readonly opened: OpenedStorage;
  readonly settings: ForwarderSettings | undefined;
  readonly peers: PeerSettings | undefined;
}

class NodeProcess implements RunningNode {
  readonly ended: Promise<StartError>;
  readonly #config: Config;
  readonly #telemetry: Telemetry;
  readonly #stopAsked: Promise<unknown> | undefined;
  readonly #opened: OpenedStorage;
  readonly #core: Node;
  readonly #loop: Loop;
  readonly #executor: Executor;
  readonly #kafka: KafkaListener;
  readonly #mqtt: MqttFront;
  readonly #peers: PeerExecutor | undefined;
  readonly #supervisor: Supervisor | undefined = undefined;
  readonly #marks: ForwardMarks;
  readonly #admin: AdminPort;
  #diskTimer: NodeJS.Timeout | undefined;
  #scrub: ScrubTimer | undefined;
  #nextConnectionId = 1;
  #kafkaAddress: Address | undefined;
  #mqttAddress: Address | undefined;
  #isServing = false;
  #forwardPartitions: readonly ForwardPartition[] = [];
  #end: (end: StartError) => void = () => undefined;
  #becameReady: (problem: StartError | undefined) => void = () => undefined;
  #mayStop: () => void = () => undefined;

  constructor({ config, telemetry, stopAsked, opened, settings, peers }: NodeParts) {
    this.#stopAsked = stopAsked;
    this.#config = config;
    this.#telemetry = telemetry;
    this.#opened = opened;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const post = (event: Event): void => this.#loop.post(event);
    const nextConnectionId = (): ConnectionId => connectionId(this.#nextConnectionId++);
    const addresses = nodeAddresses(config);
    this.#core = new Node(coreOptions(config, opened));
    this.#admin = new AdminPort({
      ...{ telemetry, post, facts: () => this.#facts() },
      isReady: () => {
        const { isReady, isStranded } = this.#core.view;
        return isReady && !isStranded && this.#isServing;
      },
    });
    const places = connectionPlaces();
    this.#kafka = new KafkaListener({
      address: addresses.kafka,
      connectionsMax: places.kafka,
      ...{ post, nextConnectionId },
    });
    this.#peers =
      peers &&
      new PeerExecutor({ settings: peers, telemetry, clock: clockNode, post, nextConnectionId });
    const { packetBytesMax } = config.mqtt;
    this.#mqtt = new MqttFront({
      settings: { ...addresses.mqtt, packetBytesMax, connectionsMax: places.mqtt },
      accepted: () => this.#loop.awaitMore(),
      ...{ post, nextConnectionId, telemetry },
    });
    if (settings !== undefined && !isWitness(config)) {
      const clusterId = (): Uuid => opened.storage.meta.clusterId;
      const nodeId = config.node.id;
      this.#supervisor = new Supervisor({ settings, clusterId, nodeId, telemetry, post });
    }
    this.#marks = new ForwardMarks(opened.storage.journal, (error) => this.#condemned(error));
    this.#executor = new Executor({
      storage: opened.storage,
      views: opened.views,
      budgetBytes: config.disk.budgetBytes,
      telemetry,
      connections: this.#peers?.connections(this.#kafka) ?? this.#kafka,
      links: (effect) => this.#peers?.run(effect),
      mqtt: this.#mqtt,
      forwardMarks: this.#marks,
      answerForwarder: (askId, isAllowed) => this.#supervisor?.answer(askId, isAllowed),
      describeForwarding: (partitions) => this.#describeForwarding(partitions),
      post,
      answerAdmin: (requestId, answer) => this.#admin.answered(requestId, answer),
      answerCluster: (requestId, led) => this.#admin.ledTold(requestId, led),
      ready: () => this.#becameReady(undefined),
      mayStop: () => this.#mayStop(),
      stopNode: (text, isDiskFault) =>
        this.#becameReady({
          exitCode: isDiskFault ? exitCodes.diskCondemned : exitCodes.problem,
          text,
        }),
      condemned: (error) => this.#condemned(error),
    });
    this.#loop = new Loop({
      core: this.#core,
      clock: clockNode,
      execute: this.#executor.execute,
      failed: (error, event) => this.#coreFailed(error, event),
    });
  }

  get addresses(): RunningNode['addresses'] {
    const configured = nodeAddresses(this.#config);
    return {
      mqtt: this.#mqttAddress ?? configured.mqtt,
      kafka: this.#kafkaAddress ?? configured.kafka,
      admin: this.#admin.address ?? configured.admin,
    };
  }

  async start(): Promise<Result<RunningNode, StartError>> {
    const problem =
      (await this.#listenAdmin()) ??
      (await this.#listenPeers()) ??
      (await this.#boot()) ??
      (await this.#serve());
    if (problem === undefined) return ok(this);
    await this.stop();
    return fail(problem);
  }

  async stop(): Promise<void> {
    clearInterval(this.#diskTimer);
    await this.#handOver();
    await this.#scrub?.stop();
    await this.#mqtt.stop(this.#peers !== undefined);
    await this.#supervisor?.stop();
    await this.#kafka.stop();
    await this.#executor.settled(limits.handOverMsMax);
    await this.#peers?.stop();
    // Until then other nodes may have sent batches for what nobody else can lead (L5).
    await this.#executor.settled();
    this.#loop.stop();
    await this.#admin.close();
    await this.#close();
  }

  /** The core lets go of what it leads, while its sockets are open; a stopped core does not. */
  #handOver(): Promise<unknown> {
    const mayStop = new Promise<void>((resolve) => {
      this.#mayStop = resolve;
    });
    this.#loop.post({ type: 'StopRequested' });
    return Promise.race([mayStop, this.ended]);
  }

  /** The admin port opens first: /healthz and /readyz speak during a long recovery. */
  async #listenAdmin(): Promise<StartError | undefined> {
    const { admin: address } = nodeAddresses(this.#config);
    const listening = await this.#admin.listen(address);
    if (listening.ok) return undefined;
    return portProblem('admin.listen', formatAddress(address), listening.error);
  }

  /** Before the core runs: it becomes part of a cluster only with the others. */
  async #listenPeers(): Promise<StartError | undefined> {
    const listening = await this.#peers?.listen();
    if (listening === undefined || listening.ok) return undefined;
    return portProblem('cluster.listen', peerListen(this.#config) ?? '', listening.error);
  }

  /** Runs the core until all that it has is led, here or elsewhere. */
  async #boot(): Promise<StartError | undefined> {
    const { storage, views } = this.#opened;
    const booted = new Promise<StartError | undefined>((resolve) => {
      this.#becameReady = resolve;
    });
    for (const topic of [clusterTopicName, sessionsTopicName]) {
      // Without one the log is replayed (L5).
      const view = await views.load(topic).catch(() => undefined);
      if (view !== undefined) this.#loop.post({ type: 'ViewLoaded', topic, ...view });
    }
    this.#loop.post({
      type: 'NodeStarted',
      logs: this.#executor.adopt(storage.logs),
      votes: storage.journal.votes(),
      ...ForwardMarks.restore(storage.journal.entries()),
    });
    const stopped = this.#stopAsked?.then(() => stoppedEarly) ?? booted;
    return Promise.race([booted, this.ended, stopped]);
  }

  /** A witness serves no clients: its ports stay closed. */
  async #serve(): Promise<StartError | undefined> {
    if (!isWitness(this.#config)) {
      const problem = await this.#listen();
      if (problem !== undefined) return problem;
    }
    this.#isServing = true;
    this.#executor.refillReserve();
    const { storage } = this.#opened;
    const { scrubBytesPerSecond } = this.#config.disk;
    this.#scrub = new ScrubTimer(() => storage.logs, scrubBytesPerSecond, this.#telemetry);
    this.#diskTimer = setInterval(() => {
      this.#executor.measureDisk();
      this.#executor.writeMarksIfDue();
    }, diskMeasureMs);
    return undefined;
  }

  async #listen(): Promise<StartError | undefined> {
    const kafka = await this.#kafka.listen();
    const { kafka: kafkaConfig, mqtt: mqttConfig } = this.#config;
    if (!kafka.ok) return portProblem('kafka.listen', kafkaConfig.listen, kafka.error);
    this.#kafkaAddress = { host: kafka.value.address, port: kafka.value.port };
    const mqtt = await this.#mqtt.listen();
    if (!mqtt.ok) return portProblem('mqtt.listen', mqttConfig.listen, mqtt.error.code);
    this.#mqttAddress = mqtt.value;
    this.#describeForwarding();
    return undefined;
  }

  /** The forwarder reads from this node: it is told what there is once the Kafka port is open. */
  #describeForwarding(partitions = this.#forwardPartitions): void {
    this.#forwardPartitions = partitions;
    if (this.#kafkaAddress === undefined) return;
    // No process for a node that never led anything; one that runs must hear that it leads nothing.
    if (partitions.length === 0 && this.#supervisor?.isBegun !== true) return;
    this.#supervisor?.describe(reachable(this.#kafkaAddress), partitions);
  }

  #facts(): NodeFacts {
    const { storage } = this.#opened;
    const core = this.#core.view;
    return {
      nodeId: this.#config.node.id,
      version: productVersion(),
      clusterId: storage.meta.clusterId,
      core,
      peers: this.#peers?.facts,
      cluster: core.cluster && withAddresses(core.cluster, this.#config),
      mqttConnections: this.#mqtt.connections,
      kafkaConnections: this.#kafka.connections,
      kafka: this.#kafka.counters,
      mqtt: this.#mqtt.counters,
      mqttCrowd: { ...this.#mqtt.crowd.counters, ...this.#mqtt.crowd.bytes },
      usedBytes: storage.bytes,
      budgetBytes: this.#executor.budgetBytes,
      isForwarderUp: this.#supervisor?.isUp,
      forward: [...(this.#supervisor?.statuses ?? [])],
      fsync: this.#executor.fsyncs,
      damaged: storage.logs.filter(({ rot }) => rot.length > 0),
      scrub: { bytesRead: this.#scrub?.bytesRead ?? 0, rounds: this.#scrub?.rounds ?? 0 },
    };
  }

  /** L8: nothing is answered any more; the process ends and its service manager starts it anew. */
  #condemned(error: unknown): void {
    this.#loop.stop();
    const text = isDiskFault(error)
      ? describeDiskFault(error)
      : `A bug, while the disk was at work: ${describeBug(error)}`;
    this.#end({ exitCode: isDiskFault(error) ? exitCodes.diskCondemned : exitCodes.bug, text });
  }

  #coreFailed(error: unknown, event: Event): void {
    const text = `A bug: ${describeBug(error)} at ${event.type}.`;
    this.#end({ exitCode: exitCodes.bug, text });
  }

  async #close(): Promise<void> {
    const { storage, views, lock } = this.#opened;
    await toleratingNoSpace(() => this.#marks.stop());
    await this.#executor.close((id) => this.#core.producerSnapshot(id));
    await storage.close();
    await views.close();
    await lock.release();
  }
}

function withAddresses(report: ClusterReport, { cluster }: Config): ClusterStatus {
  const addressOf = (id: number): string =>
    cluster?.peers.find((peer) => peer.id === id)?.peer ?? '';
  return {
    ...report,
    nodes: report.nodes.map((node) => ({ ...node, address: addressOf(node.id) })),
  };
}

/** Where a process of this machine reaches a listener. */
function reachable({ host, port }: Address): string {
  if (host === '0.0.0.0') return formatAddress({ host: '127.0.0.1', port });
  return formatAddress({ host: host === '::' ? '::1' : host, port });
}

const describeBug = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
