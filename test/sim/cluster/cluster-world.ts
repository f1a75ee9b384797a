import { Prng } from '../../../src/base/prng.ts';
import type { Partition } from '../../../src/core/partition.ts';
import type { WorldPlan } from './cluster-shape.ts';
import { CommittedLogs, Violation } from './committed-logs.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { Machine, MachineCounts } from './machine.ts';
import { MqttClient } from './mqtt-client.ts';
import { ReadingLedger } from './reading-ledger.ts';
import { SimCentral } from './sim-central.ts';
import { SimTcp } from './sim-tcp.ts';
import { TraceHash } from './trace-hash.ts';
import { VirtualTime } from './virtual-time.ts';

const firstClientHost = 100;
const firstProducerHost = 200;
const lookMs = 200;
const restMs = 2_000;

/** A whole cluster with everything around it, on one virtual clock. */
export class ClusterWorld {
  readonly time = new VirtualTime();
  readonly net: SimTcp;
  readonly ledger = new ReadingLedger();
  readonly trace = new TraceHash();
  readonly counts = new MachineCounts();
  readonly committed: CommittedLogs;
  readonly machines: readonly Machine[];
  readonly clients: readonly (MqttClient | KafkaProducer)[];
  readonly central: SimCentral | undefined;

  constructor(seed: number, plan: WorldPlan, say: (text: string) => void = () => undefined) {
    const random = new Prng(seed);
    const { time, trace, counts, ledger } = this;
    const own = (): Prng => new Prng(random.below(2 ** 31));
    this.net = new SimTcp(time, own());
    const { net } = this;
    const { shape } = plan;
    const central = shape.isForwarded ? new SimCentral(time, net, own()) : undefined;
    this.central = central;
    const told = (text: string): void => say(`${(time.nowMs / 1_000).toFixed(3)} ${text}`);
    this.committed = new CommittedLogs((record) => {
      const { topic, partition, offset, producer, value } = record;
      told(`committed ${topic}-${partition}@${offset} of ${producer}: ${value}`);
      ledger.committed(record);
      central?.committed(record);
    });
    const { committed } = this;
    const world = { time, net, shape, committed, trace, counts, say: told };
    this.machines = shape.nodes.map(({ nodeId }) => new Machine(nodeId, world, own()));
    const nodes = shape.nodes.filter(({ isWitness }) => !isWitness).map(({ nodeId }) => nodeId);
    const sensors = plan.clients.map((client, i) => {
      const host = firstClientHost + i;
      const around = { time, net, random: own(), ledger, host, nodes, say: told };
      return new MqttClient({ ...client, ...around });
    });
    const producers = plan.producers.map((producer, i) => {
      const host = firstProducerHost + i;
      return new KafkaProducer({ ...producer, time, net, random: own(), ledger, host, nodes });
    });
    this.clients = [...sensors, ...producers];
  }

  /** Runs until all is whole; the reason why it is not, if it takes longer. */
  async untilWhole(msMax: number): Promise<string | undefined> {
    const { time } = this;
    const endMs = time.nowMs + msMax;
    while (time.nowMs < endMs) {
      await time.run(time.nowMs + lookMs);
      if (this.unwhole !== undefined) continue;
      // What was known of may still be on its way to the disks.
      await time.run(time.nowMs + restMs);
      if (this.unwhole === undefined) return undefined;
    }
    return this.unwhole;
  }

  /** Every node runs, follows, and has all that is committed; or why not, for people. */
  get unwhole(): string | undefined {
    for (const machine of this.machines) {
      if (!machine.isReady) return `node ${machine.nodeId} is not ready`;
    }
    const leaders = this.#leaders();
    for (const machine of this.machines) {
      for (const partition of machine.partitions) {
        const problem = problemOf(machine, partition, leaders);
        if (problem !== undefined) return problem;
      }
    }
    for (const client of this.clients) if (!client.isIdle) return client.state;
    return this.central?.missing;
  }

  checkAtRest(): void {
    const [missing] = this.ledger.unacknowledged;
    if (missing !== undefined) throw new Violation(`${missing} was never acknowledged`);
    for (const machine of this.machines) machine.checkFiles();
  }

  #leaders(): Map<string, Partition> {
    const leaders = new Map<string, Partition>();
    for (const machine of this.machines) {
      for (const partition of machine.partitions) {
        if (partition.isLeader) leaders.set(nameOf(partition), partition);
      }
    }
    return leaders;
  }
}

const nameOf = ({ topic, partition }: Partition): string => `${topic}-${partition}`;

function problemOf(
  { nodeId }: Machine,
  partition: Partition,
  leaders: ReadonlyMap<string, Partition>,
): string | undefined {
  const name = nameOf(partition);
  const leader = leaders.get(name);
  if (leader === undefined) return `nobody leads ${name}`;
  const { highWatermark, logEndOffset } = leader;
  if (highWatermark !== logEndOffset) return `${name} commits ${highWatermark} of ${logEndOffset}`;
  const [hole] = partition.holes;
  if (hole !== undefined) return `node ${nodeId} lacks ${hole.from} to ${hole.to} of ${name}`;
  if (partition.highWatermark !== highWatermark) {
    return `node ${nodeId} knows ${partition.highWatermark} of ${highWatermark} of ${name}`;
  }
  const inSync = leader.inSyncIds;
  if (leader.replicaIds.includes(nodeId) && !inSync.includes(nodeId)) {
    return `node ${nodeId} is not in sync in ${name}`;
  }
  return undefined;
}
