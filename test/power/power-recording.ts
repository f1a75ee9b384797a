import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { Prng } from '../../src/base/prng.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { BlockImage } from './block-image.ts';
import { runTool } from './run-tool.ts';
import { LoopFileSystem } from './loop-file-system.ts';
import type { Ext4Kind } from './loop-file-system.ts';
import { powerConfig, segmentSizes } from './power-config.ts';
import { slowSyncs } from './slow-syncs.ts';
import { PowerLoad } from './power-load.ts';
import { nothingPromised, promisedTogether } from './promised.ts';
import type { Promised } from './promised.ts';
import { startEarlyWriteback } from './early-writeback.ts';
import { RecordedDevice } from './recorded-device.ts';
import type { WriteLogEntry, WriteLogFile } from './write-log.ts';

/** A part of the node's life, from an entry of the write log on. */
export interface Phase {
  readonly name: string;
  readonly from: number;
}

/** A node's life on a device, with every write that the device got. */
export interface Recording {
  readonly kind: Ext4Kind;
  readonly config: NodeConfig;
  /** The device before the first entry. */
  readonly initialImage: string;
  readonly log: WriteLogFile;
  readonly entries: readonly WriteLogEntry[];
  readonly phases: readonly Phase[];
  readonly acked: number;
  /** Logs whose beginning was let go meanwhile, by retention or by rewriting. */
  readonly logStarts: ReadonlyMap<string, number>;
  /** What had been promised when everything before this entry was durable. */
  promisedBy(durable: number): Promised;
}

/** A content to begin with, and what holds for it: what a power cut left of another recording. */
export interface RecordingStart {
  readonly image: string;
  readonly kind: Ext4Kind;
  readonly promised: Promised;
}

export interface RecordingOptions {
  readonly name: string;
  /** Of its own; takes a few hundred MiB. */
  readonly folder: string;
  /** A kind: on a new file system. */
  readonly from: Ext4Kind | RecordingStart;
  readonly random: Prng;
  /** Of load between a start and an end. */
  readonly loadMs: number;
}

export const recordedDiskBytes = 96 * 1024 * 1024;

/** The ways in which a start of the recorded node ends. */
type End = 'kill' | 'stop';

/**
 * Runs a node on a recorded device: its first start, load, SIGKILL, recovery, load, a clean stop, a
 * clean start, load, SIGKILL. On what a power cut left: recovery, load, SIGKILL, recovery.
 */
export const recordPower = async (options: RecordingOptions): Promise<Recording> => {
  const { folder, from } = options;
  const isNew = !('image' in from);
  const kind = isNew ? from : from.kind;
  const [disk, initialImage] = [join(folder, 'disk'), join(folder, 'initial')];
  if (isNew) {
    writeFileSync(disk, '');
    truncateSync(disk, recordedDiskBytes);
  } else copyFileSync(from.image, disk);
  await runTool('cp', ['--sparse=always', disk, initialImage]);
  const device = await RecordedDevice.open(disk, folder);
  const life = new RecordedLife(options, device);
  try {
    await life.run(kind, isNew);
    await device.stop();
    const entries = device.log.entries();
    await assertReplays(disk, initialImage, device.log, entries);
    const base = isNew ? nothingPromised() : from.promised;
    return {
      ...{ kind, initialImage, entries, log: device.log, phases: life.phases },
      config: life.config,
      logStarts: life.logStarts,
      acked: life.loads.reduce((sum, load) => sum + load.acked, 0),
      promisedBy: (durable) =>
        life.loads.map((load) => load.promisedAt(durable)).reduce(promisedTogether, base),
    };
  } catch (error) {
    await device.close();
    throw error;
  }
};

/** The starts and ends of one node while its device is recorded. */
class RecordedLife {
  readonly phases: Phase[] = [];
  readonly loads: PowerLoad[] = [];
  readonly logStarts = new Map<string, number>();
  readonly config: NodeConfig;
  readonly #options: RecordingOptions;
  readonly #device: RecordedDevice;
  readonly #folder: string;

  constructor(options: RecordingOptions, device: RecordedDevice) {
    this.#options = options;
    this.#device = device;
    this.#folder = join(options.folder, 'node');
    mkdirSync(this.#folder);
    this.config = powerConfig(options.random.pick(segmentSizes));
  }

  async run(kind: Ext4Kind, isNew: boolean): Promise<void> {
    const { folder, random } = this.#options;
    const mountPoint = join(folder, 'mount');
    const mounted = await LoopFileSystem.open(this.#device.path, mountPoint, kind, isNew);
    const node = await prepareNode({
      folder: this.#folder,
      config: { ...this.config, node: { dataDir: join(mounted.folder, 'data') } },
      env: slowSyncs(this.#folder),
    });
    const writeback = startEarlyWriteback(node.dataDir, this.#folder, random.below(2 ** 31));
    try {
      const ends: readonly End[] = isNew ? ['kill', 'stop', 'kill'] : ['kill', 'kill'];
      for (const [index, end] of ends.entries()) await this.#live(node, index, end);
    } finally {
      await writeback.kill();
      if (node.isRunning) await node.kill();
      await mounted.close();
    }
  }

  async #live(node: NodeProcess, index: number, end: End): Promise<void> {
    const { name, random, loadMs } = this.#options;
    this.#begin(`start ${index}`);
    await node.start();
    this.#begin(`load ${index}`);
    const load = new PowerLoad(node, `${name}.${index}`, random, () => this.#device.mark());
    this.loads.push(load);
    await waitUntil('load', 20_000, () => load.acked > 100);
    await delay(loadMs);
    await this.#noteLogStarts(node);
    if (end === 'kill') await node.kill();
    else {
      this.#begin(`stop ${index}`);
      await node.stop();
    }
    await load.end();
    if (load.misplacedAcks > 0) throw new Error('PUBACKs came out of order');
  }

  async #noteLogStarts(node: NodeProcess): Promise<void> {
    const { partitions } = await node.status();
    for (const { topic, partition, logStartOffset } of partitions) {
      if (logStartOffset > 0) this.logStarts.set(`${topic}-${partition}`, logStartOffset);
    }
  }

  #begin(name: string): void {
    this.phases.push({ name, from: this.#device.mark() });
  }
}

/** Played to its end, the log has to give the very disk: or states made from it mean nothing. */
const assertReplays = async (
  disk: string,
  initialImage: string,
  log: WriteLogFile,
  entries: readonly WriteLogEntry[],
): Promise<void> => {
  const path = `${disk}.replayed`;
  await runTool('cp', ['--sparse=always', initialImage, path]);
  const image = new BlockImage(path, log, entries);
  try {
    image.advance(entries.length);
    const at = image.firstDifference(disk);
    if (at !== undefined) throw new Error(`the write log gives another byte ${at} than the disk`);
  } finally {
    image.close();
    await runTool('rm', ['-f', path, disk]);
  }
};
