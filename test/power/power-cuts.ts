import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { exitCodes } from '../../edge/cli/exit-codes.ts';
import type { Prng } from '../../src/base/prng.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { ext4Kinds, LoopFileSystem } from './loop-file-system.ts';
import { checkAfterCut } from './power-check.ts';
import { powerConfig, segmentSizes } from './power-config.ts';
import { slowSyncs } from './slow-syncs.ts';
import { PowerLoad } from './power-load.ts';
import { nothingPromised, promisedTogether } from './promised.ts';
import type { Promised } from './promised.ts';
import { addVerdict } from './power-tally.ts';
import type { PowerTally } from './power-tally.ts';

export interface PowerCutOptions {
  readonly folder: string;
  readonly cuts: number;
  readonly random: Prng;
  readonly say: (text: string) => void;
}

/** Cuts on one file system before it is made anew. */
const cutsOfADisk = 8;
const diskBytes = 256 * 1024 * 1024;
const loadMsMax = 1_200;
/**
 * What meets the node at the moment of a PUBACK: death, then the power goes; or it is stopped, does
 * nothing more until the power is gone, and then finds its disk dead; or its own clean stop, and
 * death and power cut within it.
 */
const ends = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
/** About what a clean stop takes. */
const stopMs = 120;
/** About what a start takes, as long as none was measured. */
const startMs = 500;

/**
 * Recipe A: the real program on ext4 over a loop device under load; the power goes by the shutdown
 * ioctl of the file system, before or after the node is killed; then the file system is mounted,
 * its journal replayed, and the node started on what is there.
 */
export const runPowerCuts = async (options: PowerCutOptions, tally: PowerTally): Promise<void> => {
  const { folder, random } = options;
  for (let disk = 0; tally.cuts < options.cuts; disk += 1) {
    const image = join(folder, `disk${disk}`);
    writeFileSync(image, '');
    truncateSync(image, diskBytes);
    const kind = ext4Kinds[disk % ext4Kinds.length] ?? random.pick(ext4Kinds);
    const fileSystem = await LoopFileSystem.open(image, join(folder, 'mount'), kind, true);
    const work = join(folder, `node${disk}`);
    mkdirSync(work);
    const config = nodeConfig(fileSystem, random);
    const node = await prepareNode({ folder: work, config, env: slowSyncs(work) });
    try {
      const rounds = Math.min(cutsOfADisk, options.cuts - tally.cuts);
      await new CutRounds(node, fileSystem, options, tally).run(rounds);
    } finally {
      if (node.isRunning) await node.kill();
      await fileSystem.close();
      rmSync(image);
    }
  }
};

const nodeConfig = (fileSystem: LoopFileSystem, random: Prng) => ({
  ...powerConfig(random.pick(segmentSizes)),
  node: { dataDir: join(fileSystem.folder, 'data') },
});

/** The cuts of one file system, one after the other. */
class CutRounds {
  readonly #node: NodeProcess;
  readonly #fileSystem: LoopFileSystem;
  readonly #options: PowerCutOptions;
  readonly #tally: PowerTally;
  #promised: Promised = nothingPromised();

  constructor(
    node: NodeProcess,
    fileSystem: LoopFileSystem,
    options: PowerCutOptions,
    tally: PowerTally,
  ) {
    this.#node = node;
    this.#fileSystem = fileSystem;
    this.#options = options;
    this.#tally = tally;
  }

  async run(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      // The first start of a disk, and every third cut after it, does not get to its end.
      if (round % 3 === 0) await this.#cutInStart();
      else await this.#cutUnderLoad();
      this.#tally.cuts += 1;
    }
    await this.#check();
  }

  /** Within recovery, or within the founding of the directory, or right behind it. */
  async #cutInStart(): Promise<void> {
    this.#node.spawn();
    await delay(this.#options.random.below(this.#tally.startsMs.at(-1) ?? startMs));
    await this.#cut(this.#node.isRunning && this.#options.random.chance(0.5));
    this.#tally.cutsInStart += 1;
  }

  async #cutUnderLoad(): Promise<void> {
    const { random } = this.#options;
    await this.#check();
    const load = new PowerLoad(this.#node, `cut${this.#tally.cuts}`, random, () => 0);
    await waitUntil('load', 20_000, () => load.acked > 200);
    await delay(random.below(loadMsMax));
    const end = random.pick(ends);
    await load.atNextAck(() => {
      this.#tally.inFlight.push(load.inFlight);
      this.#node.signal(end);
    });
    if (end === 'SIGTERM') {
      await delay(random.below(stopMs));
      this.#tally.cutsInStop += 1;
    }
    await this.#cut(end === 'SIGSTOP' && this.#node.isRunning);
    await load.end();
    if (load.misplacedAcks > 0) this.#tally.faults.push(`${load.misplacedAcks} misplaced PUBACKs`);
    this.#tally.acked += load.acked;
    this.#promised = promisedTogether(this.#promised, load.promisedAt(0));
  }

  /** Starts the node and holds it to its promises; clients that went on are done with. */
  async #check(): Promise<void> {
    const promised = this.#promised;
    const verdict = await checkAfterCut(this.#node, promised);
    addVerdict(this.#tally, `cut ${this.#tally.cuts}`, verdict);
    this.#options.say(
      `cut ${this.#tally.cuts}: ${verdict.required} required, ${verdict.records} read, ` +
        `start ${verdict.startMs.toFixed(0)} ms, ${verdict.faults.length} faults`,
    );
    this.#promised = { ...promised, sessions: [], producers: [] };
  }

  /** Kill first, or power first: then the node has to end by itself, with code 74 (L8). */
  async #cut(isPowerFirst: boolean): Promise<void> {
    const node = this.#node;
    if (!isPowerFirst) await node.kill();
    await this.#fileSystem.cut();
    if (isPowerFirst) {
      node.signal('SIGCONT');
      await this.#endOf(node);
    }
    await this.#fileSystem.unmount();
    await this.#fileSystem.mount();
  }

  async #endOf(node: NodeProcess): Promise<void> {
    const exit = await Promise.race([node.exited(), delay(5_000)]);
    if (exit === undefined) {
      this.#tally.stillRunning += 1;
      await node.kill();
    } else if (exit.code === exitCodes.diskCondemned) this.#tally.condemned += 1;
    else this.#tally.otherEnds.push(`${exit.code ?? exit.signal}`);
  }
}
