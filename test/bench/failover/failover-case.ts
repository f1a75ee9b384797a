import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EntranceRing } from '../../cluster/load/entrance-ring.ts';
import type { Entrance } from '../../cluster/load/load-writer.ts';
import { LoopbackNetwork } from '../../cluster/network/loopback-network.ts';
import { idsOf, TestCluster } from '../../cluster/test-cluster.ts';
import type { ClusterNode, NodeRole } from '../../cluster/test-cluster.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';
import { partitionTopics } from './partition-topics.ts';
import { Probe } from './probe.ts';

/** Whom a case takes away: by SIGKILL, or the leader by SIGTERM. */
export type Victim = 'leader' | 'follower' | 'witness' | 'plannedStop';

export interface FailoverCase {
  readonly victim: Victim;
  readonly roles: readonly NodeRole[];
  readonly partitions: number;
  readonly kills: number;
  readonly replicaLagTimeMaxMs: number;
}

/** What one fault cost, over the probes that it concerned. */
export interface FailoverSample {
  /** To the first new PUBACK of any partition that the victim led; -1: it led none. */
  readonly firstMs: number;
  /** To the first new PUBACK of the last of them. */
  readonly allMs: number;
  /** The longest wait for a PUBACK of any partition that it did not lead. */
  readonly otherStallMs: number;
  /** Of those that it led. */
  readonly ledStallMs: number;
}

const topic = 'sensors';
const recoveryMsMax = 30_000;
/** How long the others are watched after a fault. */
const watchMs = 2_500;

/** Takes a node away again and again under probes of every partition. */
export const runFailoverCase = async (
  folder: string,
  one: FailoverCase,
  say: (text: string) => void,
): Promise<readonly FailoverSample[]> => {
  const { roles, partitions, replicaLagTimeMaxMs } = one;
  mkdirSync(folder);
  const network = await LoopbackNetwork.open(idsOf(roles), 'nobody cuts links here');
  const config = { topics: [{ name: topic, partitions }] };
  const cluster = await TestCluster.prepare({
    ...{ folder, roles, network, config, replicaLagTimeMaxMs },
  });
  const probes: Probe[] = [];
  try {
    await cluster.start();
    await cluster.untilSettled();
    probes.push(...openProbes(cluster, partitions));
    const samples: FailoverSample[] = [];
    for (let kill = 0; kill < one.kills; kill++) {
      samples.push(await takeAway(cluster, probes, one));
      say(`${one.victim}, ${partitions} partitions: ${kill + 1} of ${one.kills}`);
    }
    return samples;
  } finally {
    await Promise.all(probes.map((probe) => probe.stop()));
    await cluster.kill();
  }
};

const openProbes = (cluster: TestCluster, partitions: number): Probe[] => {
  const entrances = cluster.dataNodes.map(({ id, place }): Entrance => ({
    ...{ node: id, host: place.host, port: place.ports.mqtt },
  }));
  return partitionTopics(partitions).map((mqttTopic, partition) => {
    const ring = new EntranceRing(entrances, partition);
    return new Probe({ name: `probe-${partition}`, entrances: ring, mqttTopic, partition });
  });
};

const takeAway = async (
  cluster: TestCluster,
  probes: readonly Probe[],
  { victim }: FailoverCase,
): Promise<FailoverSample> => {
  const { node, led } = await choose(cluster, victim);
  await waitUntil('all probes at work', recoveryMsMax, () =>
    probes.every((probe) => probe.acked > 0 && probe.view.waitingMs < 300),
  );
  for (const probe of probes) probe.mark();
  const ended = victim === 'plannedStop' ? node.process.stop() : node.process.kill();
  // A cluster of one has nobody else: it is measured by its own start.
  if (cluster.nodes.length === 1) await ended.then(() => node.process.spawn());
  const concerned = probes.filter(({ partition }) => led.has(partition));
  await waitUntil('a new PUBACK of each partition', recoveryMsMax, () =>
    probes.every((probe) => probe.view.firstMs >= 0),
  );
  await delay(watchMs);
  const firsts = concerned.map((probe) => probe.view.firstMs);
  const stallOf = (list: readonly Probe[]): number =>
    Math.max(0, ...list.map((probe) => probe.view.stallMs));
  const sample = {
    firstMs: firsts.length === 0 ? -1 : Math.min(...firsts),
    allMs: Math.max(-1, ...firsts),
    ledStallMs: stallOf(concerned),
    otherStallMs: stallOf(probes.filter(({ partition }) => !led.has(partition))),
  };
  await ended;
  if (!node.process.isRunning) await node.process.start();
  return sample;
};

/** The node to take away, and the partitions that it leads. */
const choose = async (
  cluster: TestCluster,
  victim: Victim,
): Promise<{ readonly node: ClusterNode; readonly led: ReadonlySet<number> }> => {
  await waitUntilInSync(cluster);
  const leaders = new Map<number, Set<number>>(cluster.nodes.map(({ id }) => [id, new Set()]));
  const [status] = (await cluster.statuses()).values();
  for (const { topic: name, partition, leader } of status?.partitions ?? []) {
    if (name === topic && leader !== undefined) leaders.get(leader)?.add(partition);
  }
  const ledBy = (id: number): ReadonlySet<number> => leaders.get(id) ?? new Set();
  const byLoad = cluster.dataNodes.toSorted((a, b) => ledBy(a.id).size - ledBy(b.id).size);
  const node =
    victim === 'witness'
      ? cluster.nodes.find(({ role }) => role === 'witness')
      : victim === 'follower'
        ? byLoad[0]
        : byLoad.at(-1);
  if (node === undefined) throw new Error(`no ${victim} in this cluster`);
  return { node, led: ledBy(node.id) };
};

/** Under load log ends differ, so this asks for less than `untilSettled`. */
const waitUntilInSync = (cluster: TestCluster): Promise<true> =>
  waitUntil('every data node in sync', recoveryMsMax, async () => {
    const statuses = await cluster.statuses();
    if (statuses.size < cluster.nodes.length) return false;
    // Only the leader knows who is in sync.
    return [...statuses].every(([id, { partitions }]) =>
      partitions.every(
        ({ leader, inSync }) =>
          leader !== undefined && (leader !== id || inSync.length >= cluster.dataNodes.length),
      ),
    );
  });
