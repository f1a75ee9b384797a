import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaBroker } from '../../../edge/cli/demo/kafka-launcher.ts';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { DataTransactions } from './data-transactions.ts';
import {
  forwardedTotal,
  forwarderPid,
  forwarderSettingsOf,
  killForwarder,
  untilAllForwarded,
  untilForwardMoves,
} from './forward-progress.ts';
import { readEdge, tallyForwarded } from './forward-tally.ts';
import type { ForwardTally } from './forward-tally.ts';
import type { KafkaApi } from './kafka-api-keys.ts';
import { producesTo } from './kafka-fault-proxy.ts';
import type { KafkaFaultProxy, KafkaRequestFrame } from './kafka-fault-proxy.ts';
import { KcatFeeder } from './kcat-feeder.ts';
import { LoadPublisher } from './load-publisher.ts';
import { RivalForwarder } from './rival-forwarder.ts';
import { waitUntil } from './wait-until.ts';

/** Names and sizes that node, broker and scenario share. The counts differ on purpose. */
export const exactlyOnceTopics = {
  edge: 'sensors',
  edgePartitions: 4,
  central: 'readings',
  centralPartitions: 3,
  cursors: 'cursors',
} as const;

export interface ExactlyOnceWorld {
  readonly node: NodeProcess;
  readonly broker: KafkaBroker;
  /** Between the node's forwarder and the broker. */
  readonly proxy: KafkaFaultProxy;
  readonly folder: string;
}

export interface ExactlyOnceSize {
  /** At least; a tenth of them over MQTT. */
  readonly records: number;
  /** While faults go on; what is left then comes at full speed. */
  readonly recordsPerSecond: number;
  readonly kills: number;
  /** Lost answers of each kind of request. */
  readonly drops: number;
  /** How long the second forwarder fights. */
  readonly fightMs: number;
}

export interface Fight {
  ms: number;
  /** Takeovers forced while the other one was at work, or frozen. */
  rounds: number;
  forwardedByRival: number;
  forwardedInAll: number;
  rivalFenced: number;
  /** States of the node's own partitions as seen meanwhile. */
  readonly ownStates: Set<string>;
}

export interface ExactlyOnceReport extends ForwardTally {
  readonly overMqtt: number;
  readonly kills: number;
  /** Answers lost by kind of request. */
  readonly drops: Readonly<Record<string, number>>;
  readonly brokerRestarts: number;
  readonly fight: Fight;
  /** Of the backlog that a frozen forwarder left when all faults were over. */
  readonly drainedPerSecond: number;
  /** Seconds of each part. */
  readonly took: Readonly<Record<string, number>>;
}

interface Drop {
  readonly name: string;
  /** Sent only by a forwarder that takes over, which the end of its connection makes it do. */
  readonly isTakeover?: true;
  readonly api: KafkaApi;
  readonly when?: (request: KafkaRequestFrame) => boolean;
}

const dropsAt = (proxy: KafkaFaultProxy): readonly Drop[] => {
  const { central, cursors } = exactlyOnceTopics;
  const { has } = new DataTransactions(proxy, central);
  const toCursors = producesTo(cursors);
  return [
    { name: 'FindCoordinator', isTakeover: true, api: 'FindCoordinator' },
    { name: 'InitProducerId', isTakeover: true, api: 'InitProducerId' },
    { name: 'ListOffsets', isTakeover: true, api: 'ListOffsets' },
    { name: 'Fetch', isTakeover: true, api: 'Fetch' },
    { name: 'AddPartitionsToTxn', api: 'AddPartitionsToTxn', when: has },
    { name: 'Produce data', api: 'Produce', when: producesTo(central) },
    { name: 'Produce cursor', api: 'Produce', when: (r) => toCursors(r) && has(r) },
    { name: 'EndTxn', api: 'EndTxn', when: has },
  ];
};

/**
 * Issue 2, "Exactly once": records come in the whole time while the forwarder is killed, answers
 * are lost, the broker dies and a second forwarder fights; then central is compared with the log.
 */
export const runExactlyOnce = async (
  world: ExactlyOnceWorld,
  size: ExactlyOnceSize,
): Promise<ExactlyOnceReport> => {
  const { node, broker } = world;
  const load = new Load(world, size);
  const took: Record<string, number> = {};
  const timed = async <T>(name: string, part: Promise<T>): Promise<T> => {
    const begin = Date.now();
    const result = await part;
    took[name] = (Date.now() - begin) / 1_000;
    return result;
  };
  const underLoad = async <T>(name: string, part: Promise<T>): Promise<T> =>
    (await timed(name, Promise.all([part, load.wave()])))[0];
  try {
    const kills = await underLoad('kills', killOften(world, size.kills));
    const dropped = await underLoad('drops', dropAnswers(world, size.drops));
    await underLoad(
      'restart',
      broker.restart('kill').then(() => untilForwardMoves(node)),
    );
    const fight = await underLoad('fight', fightOver(world, size.fightMs));
    const drainedPerSecond = await timed('drain', drainRest(world, load));
    const result = await timed('tally', tally(world));
    return {
      ...result,
      overMqtt: load.overMqtt,
      kills: kills + fight.rounds,
      drops: dropped,
      brokerRestarts: 1,
      fight,
      drainedPerSecond,
      took,
    };
  } finally {
    await load.kill();
  }
};

/** kcat at a steady pace, and waves over MQTT. */
class Load {
  readonly #feeder: KcatFeeder;
  readonly #node: NodeProcess;
  readonly #size: ExactlyOnceSize;
  readonly #waves: LoadPublisher[] = [];
  readonly #pacing: Promise<void>;
  #isPaced = true;

  constructor({ node }: ExactlyOnceWorld, size: ExactlyOnceSize) {
    const { bootstrap } = node;
    this.#feeder = new KcatFeeder({ bootstrap, topic: exactlyOnceTopics.edge, name: 'feed' });
    this.#node = node;
    this.#size = size;
    this.#pacing = this.#pace();
    // Told by `finish`.
    this.#pacing.catch(() => {});
  }

  get overMqtt(): number {
    return this.#waves.reduce((sum, { acked }) => sum + acked.size, 0);
  }

  /** A fortieth of all records over MQTT at once. */
  async wave(): Promise<void> {
    const publisher = new LoadPublisher({
      port: this.#node.ports.mqtt,
      name: `wave${this.#waves.length}`,
      connections: 2,
      inFlight: 100,
      payloadBytes: 64,
      ackedMax: this.#size.records / 40,
    });
    this.#waves.push(publisher);
    await publisher.finished();
    if (publisher.uncertain.size > 0) throw new Error('the node dropped a publisher');
  }

  /** What is missing, as fast as it goes; settles when the node has acknowledged everything. */
  async finish(): Promise<void> {
    this.#isPaced = false;
    await this.#pacing;
    while (this.#feeder.sent + this.overMqtt < this.#size.records) await this.#feeder.send(1_000);
    await this.#feeder.finish(120_000);
  }

  async kill(): Promise<void> {
    this.#isPaced = false;
    this.#feeder.kill();
    await Promise.all(this.#waves.map((publisher) => publisher.stop(0)));
  }

  async #pace(): Promise<void> {
    while (this.#isPaced) {
      await this.#feeder.send(Math.ceil(this.#size.recordsPerSecond / 20));
      await delay(50);
    }
  }
}

const killOften = async ({ node }: ExactlyOnceWorld, times: number): Promise<number> => {
  for (let killed = 0; killed < times; killed += 1) {
    await untilForwardMoves(node);
    await delay(killed * 70);
    await killForwarder(node);
  }
  await untilForwardMoves(node);
  return times;
};

/** One kind after the other: with all at once the pauses between attempts would grow long. */
const dropAnswers = async (
  { node, proxy }: ExactlyOnceWorld,
  times: number,
): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { name, api, when, isTakeover } of dropsAt(proxy)) {
    const rule = proxy.dropReplies({ api, times, ...(when && { when }) });
    if (isTakeover) proxy.disconnectAll();
    await waitUntil(`${times} lost answers to ${name}`, 120_000, () => rule.dropped >= times);
    counts[name] = rule.dropped;
    await untilForwardMoves(node);
  }
  return counts;
};

/**
 * In each round a second forwarder takes over (from one that is frozen, every other time), and is
 * fenced by the node's own one that was killed and started again.
 */
const fightOver = async ({ node, folder }: ExactlyOnceWorld, msMin: number): Promise<Fight> => {
  const fight: Fight = {
    ms: 0,
    rounds: 0,
    forwardedByRival: 0,
    forwardedInAll: 0,
    rivalFenced: 0,
    ownStates: new Set(),
  };
  const begin = Date.now();
  const before = await forwardedTotal(node);
  const settings = await ownSettings(node);
  while (Date.now() - begin < msMin) {
    const outputFile = join(folder, `rival-${fight.rounds}.txt`);
    const rival = await RivalForwarder.start({
      node,
      settings,
      topic: exactlyOnceTopics.edge,
      outputFile,
    });
    try {
      await fightOnce(node, rival, fight);
    } finally {
      await rival.kill();
    }
    const { forwarded, fenced } = rival.report();
    fight.rounds += 1;
    fight.forwardedByRival += forwarded;
    fight.rivalFenced += fenced;
  }
  await untilForwardMoves(node);
  fight.ms = Date.now() - begin;
  fight.forwardedInAll = (await forwardedTotal(node)) - before;
  return fight;
};

const fightOnce = async (node: NodeProcess, rival: RivalForwarder, fight: Fight): Promise<void> => {
  const own = await waitUntil('a forwarder process', 40_000, () => forwarderPid(node));
  const isFrozen = fight.rounds % 2 === 1;
  if (isFrozen) process.kill(own, 'SIGSTOP');
  try {
    await waitUntil('the rival at work', 60_000, () => rival.report().transactions >= 8);
  } finally {
    if (isFrozen) process.kill(own, 'SIGCONT');
  }
  await waitUntil('the own forwarder fenced', 60_000, async () => {
    const { forward } = await node.status();
    for (const { state } of forward) fight.ownStates.add(state);
    return forward.some(({ state }) => state === 'fenced');
  });
  process.kill(own, 'SIGKILL');
  await waitUntil('the rival fenced', 60_000, () => rival.report().fenced > 0);
};

const ownSettings = async (node: NodeProcess): Promise<string> =>
  forwarderSettingsOf(await waitUntil('a forwarder process', 40_000, () => forwarderPid(node)));

/** Loads the rest before a frozen forwarder, thaws it and measures: records a second. */
const drainRest = async ({ node }: ExactlyOnceWorld, load: Load): Promise<number> => {
  const own = await waitUntil('a forwarder process', 40_000, () => forwarderPid(node));
  const before = await forwardedTotal(node);
  process.kill(own, 'SIGSTOP');
  try {
    await load.finish();
  } finally {
    process.kill(own, 'SIGCONT');
  }
  const begin = Date.now();
  await untilAllForwarded(node, 120_000);
  const gained = (await forwardedTotal(node)) - before;
  return Math.round((gained * 1_000) / (Date.now() - begin));
};

const tally = async ({ node, broker }: ExactlyOnceWorld): Promise<ForwardTally> => {
  const { edge, central, centralPartitions: partitions } = exactlyOnceTopics;
  const records = await readEdge({ bootstrap: node.bootstrap, topic: edge });
  return tallyForwarded(records, { bootstrap: broker.bootstrap, topic: central, partitions });
};
