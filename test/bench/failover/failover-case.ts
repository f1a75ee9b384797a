import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EntranceRing } from '../../cluster/load/entrance-ring.ts';
import type { Entrance } from '../../cluster/load/load-writer.ts';
import { LoopbackNetwork } from '../../cluster/network/loopback-network.ts';
import { idsOf, TestCluster } from '../../cluster/test-cluster.ts';
import type { NodeRole } from '../../cluster/test-cluster.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';
import { median } from '../statistics.ts';
import { partitionTopics } from './partition-topics.ts';
import { Probe } from './probe.ts';
import { Turns, type Victim } from './turns.ts';

export interface FailoverCase {
  readonly victim: Victim;
  readonly roles: readonly NodeRole[];
  readonly partitions: number;
  readonly kills: number;
  readonly replicaLagTimeMaxMs: number;
}

/** Of all probes together: more than a node has to do on most days, less than it can. */
const readingsPerSecond = 250;

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
  /** The usual wait for a PUBACK, just before. */
  readonly calmMs: number;
}

const topic = 'sensors';
const recoveryMsMax = 30_000;
/**
 * Leaders gather on the node that stays, which would see the same followers fall twice within a
 * minute and keep them out of sync (C4): after each node once there is a new cluster.
 */
const followerKillsMax = 3;

/** Takes a node away again and again under probes of every partition. */
export const runFailoverCase = async (
  folder: string,
  one: FailoverCase,
  say: (text: string) => void,
): Promise<readonly FailoverSample[]> => {
  mkdirSync(folder);
  const samples: FailoverSample[] = [];
  while (samples.length < one.kills) {
    const left = one.kills - samples.length;
    const kills = one.victim === 'follower' ? Math.min(left, followerKillsMax) : left;
    const round = join(folder, `${samples.length}`);
    const before = samples.length;
    const told = (kill: number, text: string): void =>
      say(`${one.victim}, ${one.partitions} partitions: ${before + kill} of ${one.kills}, ${text}`);
    samples.push(...(await runRound(round, { ...one, kills }, told)));
    rmSync(round, { recursive: true, force: true });
  }
  return samples;
};

const runRound = async (
  folder: string,
  one: FailoverCase,
  say: (kill: number, text: string) => void,
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
    const turns = new Turns(cluster, topic, one.victim);
    for (let kill = 0; kill < one.kills; kill++) {
      const startedMs = performance.now();
      const sample = await takeAway(cluster, probes, { ...one, turns });
      samples.push(sample);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      say(kill + 1, `${seconds} s: ${JSON.stringify(sample)}`);
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
    const pauseMs = (1_000 * partitions) / readingsPerSecond;
    return new Probe({
      name: `probe-${partition}`,
      entrances: ring,
      mqttTopic,
      partition,
      pauseMs,
    });
  });
};

const takeAway = async (
  cluster: TestCluster,
  probes: readonly Probe[],
  { victim, turns, replicaLagTimeMaxMs }: FailoverCase & { readonly turns: Turns },
): Promise<FailoverSample> => {
  await waitUntilInSync(cluster);
  const { node, led } = await turns.next();
  await waitUntil('all probes at work', recoveryMsMax, () =>
    probes.every((probe) => probe.acked > 0 && probe.view.waitingMs < 300),
  );
  const calmMs = median(probes.map((probe) => probe.lastMs));
  for (const probe of probes) probe.mark();
  // Whoever is still counted as in sync may stall the others for that long.
  const watched = delay(replicaLagTimeMaxMs);
  const ended = victim === 'plannedStop' ? node.process.stop() : node.process.kill();
  await waitUntil('a new PUBACK of each partition', recoveryMsMax, () =>
    probes.every((probe) => probe.view.firstMs >= 0),
  );
  await watched;
  // Who is sent away late waits late.
  await ended;
  const acked = probes.map((probe) => probe.acked);
  await waitUntil('another PUBACK of each', recoveryMsMax, () =>
    probes.every((probe, index) => probe.acked > (acked[index] ?? 0)),
  );
  const concerned = probes.filter(({ partition }) => led.has(partition));
  const firsts = concerned.map((probe) => probe.view.firstMs);
  const stallOf = (list: readonly Probe[]): number =>
    Math.max(0, ...list.map((probe) => probe.view.stallMs));
  const sample = {
    firstMs: firsts.length === 0 ? -1 : Math.min(...firsts),
    allMs: Math.max(-1, ...firsts),
    ledStallMs: stallOf(concerned),
    otherStallMs: stallOf(probes.filter(({ partition }) => !led.has(partition))),
    calmMs,
  };
  await node.process.start();
  return sample;
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
