import { readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readAllWithKcat } from '../../../edge/cli/demo/kcat-reader.ts';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  inFlightMin,
  killConfig,
  killLogDir,
  killPartitions,
  openKillScene,
} from './kill-scene.ts';
import type { KillScene } from './kill-scene.ts';
import { accountOf } from './log-account.ts';
import type { LogAccount } from './log-account.ts';
import type { UnsyncedBytes } from './power-cut.ts';
import { waitUntil } from './wait-until.ts';

/** A moment to kill the node at. */
type Moment = 'load' | 'roll' | 'recovery';

const cuts: readonly UnsyncedBytes[] = ['all', 'none', 'some'];
const segmentSizes = [1_024, 16_384, 1_024, 131_072] as const;
const partitions = Array.from({ length: killPartitions }, (_, partition) => partition);

export interface KillRunOptions {
  /** For the node and its data; must exist. */
  readonly folder: string;
  /** At least: up to twice as many until one was in a roll and one in a recovery. */
  readonly kills: number;
  readonly seed: number;
}

/** What many kills of one node came to. */
export interface KillReport {
  readonly kills: number;
  /** Of the kills: found a roll unfinished, ended a start before it was ready. */
  readonly rolls: number;
  readonly recoveries: number;
  readonly pubacks: number;
  readonly produceAnswers: number;
  readonly uncertain: number;
  readonly misplacedAcks: number;
  readonly account: LogAccount;
  /** The idempotent Kafka producer gave up a record. */
  readonly failure: Error | undefined;
  readonly unsyncedBytesCut: number;
  readonly inFlightAtKill: readonly number[];
  /** From the start of the process to ready, after each kill but those in a recovery. */
  readonly recoveriesMs: readonly number[];
  readonly files: number;
  /** All that the node printed. */
  readonly output: string;
}

/**
 * Kills a node under load at random moments, in rolls and in recoveries too, cuts what was not
 * synced as a power cut would, and reads the whole log at the end with kcat.
 */
export const runKills = async (options: KillRunOptions): Promise<KillReport> => {
  const scene = await openKillScene(options.folder);
  try {
    const run = new KillRun(scene, new Prng(options.seed));
    const { kills } = options;
    let done = 0;
    while (done < kills || (run.hasMissed && done < 2 * kills)) await run.kill(done++);
    return await run.report(done);
  } finally {
    await scene.close();
  }
};

class KillRun {
  readonly #scene: KillScene;
  readonly #random: Prng;
  readonly #recoveriesMs: number[] = [];
  readonly #inFlightAtKill: number[] = [];
  #rolls = 0;
  #recoveries = 0;

  constructor(scene: KillScene, random: Prng) {
    this.#scene = scene;
    this.#random = random;
  }

  /** A busy machine may be late for each roll, or early for each recovery. */
  get hasMissed(): boolean {
    return this.#rolls === 0 || this.#recoveries === 0;
  }

  async kill(number: number): Promise<void> {
    const { node, power } = this.#scene;
    const moment = momentOf(number);
    if (moment === 'recovery') await this.#killRecovering();
    else await this.#killLoaded(moment);
    power.cut(cuts[number % cuts.length] ?? 'all', () => this.#random.next());
    node.configure(killConfig(segmentSizes[number % segmentSizes.length] ?? 1_024));
  }

  async report(kills: number): Promise<KillReport> {
    const { node, power, load, kafka } = this.#scene;
    await this.#startTimed();
    await load.stop();
    const failure = await kafka.finish(60_000);
    const log = await readAllWithKcat({
      ...{ bootstrap: node.bootstrap, topic: 'sensors', msMax: 60_000 },
    });
    return {
      kills,
      rolls: this.#rolls,
      recoveries: this.#recoveries,
      pubacks: load.acked.size,
      produceAnswers: kafka.acked.size,
      uncertain: load.uncertain.size,
      misplacedAcks: load.misplacedAcks,
      account: accountOf(log, new Set([...load.acked, ...kafka.acked]), load.uncertain),
      failure,
      unsyncedBytesCut: power.bytesCut,
      inFlightAtKill: this.#inFlightAtKill,
      recoveriesMs: this.#recoveriesMs,
      files: partitions.flatMap((partition) => readdirSync(killLogDir(node, partition))).length,
      output: node.output(),
    };
  }

  async #killRecovering(): Promise<void> {
    const { node } = this.#scene;
    const ready = readies(node);
    await killInRecovery(node, this.#random.below(80));
    if (readies(node) === ready) this.#recoveries += 1;
  }

  async #killLoaded(moment: 'load' | 'roll'): Promise<void> {
    const { node, load } = this.#scene;
    if (!node.isRunning) await this.#startTimed();
    const acked = load.acked.size;
    await waitUntil(
      'load',
      40_000,
      () => load.isConnected && load.inFlight > inFlightMin && load.acked.size > acked + 1_000,
    );
    await delay(this.#random.below(100));
    this.#inFlightAtKill.push(load.inFlight);
    if (moment === 'roll') await killInRoll(node);
    else await node.kill();
    if (hasUnfinishedRoll(node)) this.#rolls += 1;
  }

  async #startTimed(): Promise<void> {
    const begin = Date.now();
    await this.#scene.node.start();
    this.#recoveriesMs.push(Date.now() - begin);
  }
}

const momentOf = (kill: number): Moment => {
  if (kill % 4 === 3) return 'recovery';
  return kill % 2 === 0 ? 'load' : 'roll';
};

/** Kills as soon as a new segment file is there: its roll is not finished. */
const killInRoll = async (node: NodeProcess): Promise<void> => {
  const watchers = partitions.map((partition) => watch(killLogDir(node, partition)));
  const kill = (_event: string, name: string | null): void => {
    if (name?.endsWith('.log') === true) node.signal('SIGKILL');
  };
  for (const watcher of watchers) watcher.on('change', kill);
  const limit = setTimeout(() => node.signal('SIGKILL'), 5_000);
  await node.exited();
  clearTimeout(limit);
  for (const watcher of watchers) watcher.close();
};

/** A partition whose newest segment holds nothing yet. */
const hasUnfinishedRoll = (node: NodeProcess): boolean =>
  partitions.some((partition) => {
    const folder = killLogDir(node, partition);
    const logs = readdirSync(folder).filter((file) => file.endsWith('.log'));
    const newest = logs.sort().at(-1);
    return logs.length > 1 && newest !== undefined && statSync(join(folder, newest)).size === 0;
  });

const startsCounted = (node: NodeProcess): number =>
  statSync(join(node.dataDir, 'meta.json')).mtimeMs;

/** Starts the node and kills it once it has counted its start, that is, within its recovery. */
const killInRecovery = async (node: NodeProcess, msMax: number): Promise<void> => {
  const before = startsCounted(node);
  node.spawn();
  await waitUntil('the start to be counted', 40_000, () => startsCounted(node) !== before);
  await delay(msMax);
  await node.kill();
};

const readies = (node: NodeProcess): number => node.output().split('"text":"ready"').length - 1;
