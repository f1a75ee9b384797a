import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Prng } from '../../src/base/prng.ts';
import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import { ClientHistory } from '../cluster/history/client-history.ts';
import { ClusterLoad } from '../cluster/load/cluster-load.ts';
import { LoopbackNetwork } from '../cluster/network/loopback-network.ts';
import { TestCluster } from '../cluster/test-cluster.ts';
import type { NodeRole } from '../cluster/test-cluster.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { ClusterReader } from './cluster-reader.ts';
import { ClusterCopies, namesOf } from './cluster-copies.ts';
import { flipBit } from './flip.ts';
import { planFlips } from './flip-plan.ts';
import type { PlannedFlip } from './flip-plan.ts';
import { damagedFiles } from './found-by.ts';
import type { FoundBy } from './found-by.ts';

export interface ClusterRotOptions {
  readonly seed: number;
  readonly flips: number;
  readonly flipsPerRound: number;
  readonly say: (line: string) => void;
}

interface DoneFlip extends PlannedFlip {
  /** The byte as it is since then. */
  readonly flipped: number;
  /** Of a file that is only ever written whole: all of it. */
  readonly content: Buffer | undefined;
}

export type Way = 'stopped' | 'running';
type KindCount = Record<FoundBy | Way, number>;

export interface ClusterRotResult {
  readonly flips: number;
  readonly seconds: number;
  readonly kinds: ReadonlyMap<string, KindCount>;
  /** Batches that readers compared. */
  readonly compared: number;
  readonly acked: number;
  readonly failures: readonly string[];
}

const roles: readonly NodeRole[] = ['data', 'data', 'data'];
const topic = 'sensors';
const partitions = 4;
const payloadBytes = 64;
const ratePerSecond = 120;
const fillMs = 4_000;
const healMsMax = 90_000;
const readMsMax = 60_000;
const linesTold = 30;

const config: NodeConfig = {
  log: { segmentBytes: 8_192 },
  // A round of the scrub each 8 s: readers find some of it first; see ScrubSchedule.
  disk: { reserveBytes: 65_536, scrubBytesPerSecond: 512 * 1024 ** 2 },
  topics: [{ name: topic, partitions, retentionMs: 'unlimited' }],
};

/** Flips bits of three nodes under load, round by round, until all of it is found and mended. */
export async function runClusterRot(options: ClusterRotOptions): Promise<ClusterRotResult> {
  const folder = makeTempFolder('cluster-rot');
  const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
  const cluster = await TestCluster.prepare({ folder, roles, network, config });
  const run = new ClusterRot(options, cluster);
  try {
    await cluster.start();
    await cluster.untilSettled();
    return await run.go();
  } finally {
    run.close();
    await cluster.kill();
    await network.close();
    removeTempFolder(folder);
  }
}

class ClusterRot {
  readonly #options: ClusterRotOptions;
  readonly #cluster: TestCluster;
  readonly #prng: Prng;
  readonly #history = new ClientHistory();
  readonly #reader: ClusterReader;
  readonly #copies: ClusterCopies;
  readonly #kinds = new Map<string, KindCount>();
  readonly #failures: string[] = [];
  /** Of this round. */
  #flips: readonly DoneFlip[] = [];
  readonly #startMs = Date.now();

  constructor(options: ClusterRotOptions, cluster: TestCluster) {
    this.#options = options;
    this.#cluster = cluster;
    this.#prng = new Prng(options.seed);
    this.#copies = new ClusterCopies(cluster);
    this.#reader = new ClusterReader({
      ...{ cluster, payloadBytes },
      truth: (name) => this.#copies.truth(name),
      complain: (what) => this.#fail(what),
    });
  }

  close(): void {
    this.#reader.close();
  }

  async go(): Promise<ClusterRotResult> {
    await this.#underLoad(() => new Promise((resolve) => setTimeout(resolve, fillMs)));
    await this.#copies.untilWhole(healMsMax);
    let done = 0;
    for (let round = 0; done < this.#options.flips && this.#failures.length === 0; round++) {
      const way: Way = round % 2 === 0 ? 'running' : 'stopped';
      const count = Math.min(this.#options.flipsPerRound, this.#options.flips - done);
      const startMs = Date.now();
      try {
        await this.#round(way, count);
      } catch (error) {
        this.#fail(`round ${round}, ${way}: ${error instanceof Error ? error.message : 'failed'}`);
        await this.#tellAll();
      }
      done += count;
      this.#options.say(`${done} flips, ${way}: ${Math.round((Date.now() - startMs) / 1_000)} s`);
    }
    const seconds = Math.round((Date.now() - this.#startMs) / 1_000);
    const { ackedCount: acked } = this.#history;
    const { batches: compared } = this.#reader.counts;
    const [kinds, failures] = [this.#kinds, this.#failures];
    return { flips: done, seconds, kinds, compared, acked, failures };
  }

  async #round(way: Way, count: number): Promise<void> {
    const printed = this.#outputs();
    await this.#underLoad(async () => {
      this.#flips = [];
      await (way === 'running' ? this.#flipRunning(count) : this.#flipStopped(count));
      await this.#readAll();
    });
    await this.#copies.untilWhole(healMsMax);
    const flips = this.#flips;
    await this.#untilRewritten(flips);
    // What only a start reads, and what it does then.
    if (way === 'running') {
      const read = flips.find(({ path }) => !path.startsWith('logs/') && !path.startsWith('lock/'));
      if (read !== undefined) await this.#cluster.node(read.node).process.restart('stop');
      await this.#copies.untilWhole(healMsMax);
    }
    await this.#readAll();
    this.#count(way, flips, printed);
  }

  #flipRunning(count: number): void {
    const { nodes } = this.#cluster;
    const dirs = new Map(nodes.map(({ id, process }) => [id, process.dataDir]));
    this.#flips = this.#flip(planFlips({ prng: this.#prng, count, dirs }));
  }

  async #flipStopped(count: number): Promise<void> {
    const { id, process } = this.#prng.pick(this.#cluster.nodes);
    await (this.#prng.below(2) === 0 ? process.stop() : process.kill());
    const dirs = new Map([[id, process.dataDir]]);
    this.#flips = this.#flip(planFlips({ prng: this.#prng, count, dirs }));
    await process.start();
  }

  /** A file that was removed meanwhile has no such byte any more. */
  #flip(flips: readonly PlannedFlip[]): DoneFlip[] {
    return flips.flatMap((flip) => {
      const { dataDir } = this.#cluster.node(flip.node).process;
      if (!existsSync(join(dataDir, flip.path))) return [];
      const flipped = flipBit(dataDir, flip);
      const content = isDerived(flip) ? readFileSync(join(dataDir, flip.path)) : undefined;
      return [{ ...flip, flipped, content }];
    });
  }

  async #underLoad(work: () => Promise<unknown>): Promise<void> {
    const load = new ClusterLoad({
      ...{ cluster: this.#cluster, history: this.#history, topic, partitions, ratePerSecond },
      without: ['mqttjs', 'kafkajs', 'kcat'],
    });
    try {
      await work();
      for (const text of await load.finish(readMsMax)) this.#fail(text);
    } finally {
      await load.abandon();
      for (const text of load.complaints) this.#fail(text);
    }
  }

  async #readAll(): Promise<void> {
    for (const name of namesOf(await this.#cluster.statuses())) {
      if (!name.topic.startsWith('__')) await this.#reader.readAll(name, readMsMax);
    }
  }

  /** Files derived from sealed segments are rewritten by the scrub. */
  async #untilRewritten(flips: readonly DoneFlip[]): Promise<void> {
    let left: readonly DoneFlip[] = flips.filter(isDerived);
    const isOpen = (flip: DoneFlip): boolean => this.#isSealed(flip) && this.#isFlipped(flip);
    await waitUntil('derived files to be rewritten', healMsMax, () => {
      left = left.filter(isOpen);
      return Promise.resolve(left.length === 0);
    }).catch((error: unknown) => {
      throw new Error(`${left[0]?.path} stays damaged`, { cause: error });
    });
  }

  /** Its segment is there, and a newer one. */
  #isSealed({ node, path }: DoneFlip): boolean {
    const dir = join(this.#cluster.node(node).process.dataDir, dirname(path));
    const own = basename(path).replace(/\..*/, '.log');
    const logs = existsSync(dir) ? readdirSync(dir).filter((name) => /^\d+\.log$/.test(name)) : [];
    return logs.includes(own) && logs.some((name) => name > own);
  }

  /** Written anew a file may have that byte by chance. */
  #isFlipped({ node, path, position, flipped, content }: DoneFlip): boolean {
    const file = join(this.#cluster.node(node).process.dataDir, path);
    if (!existsSync(file)) return false;
    const now = readFileSync(file);
    return content === undefined ? now[position] === flipped : now.equals(content);
  }

  #count(way: Way, flips: readonly DoneFlip[], printed: ReadonlyMap<number, number>): void {
    const damaged = new Map(
      this.#cluster.nodes.map(({ id, process }) => [
        id,
        damagedFiles(process.output().slice(printed.get(id))),
      ]),
    );
    for (const flip of flips) {
      const kind = this.#kinds.get(flip.kind) ?? noKind();
      this.#kinds.set(flip.kind, kind);
      kind[way]++;
      const told = damaged.get(flip.node)?.get(flip.path);
      kind[told ?? (this.#isFlipped(flip) ? 'unread' : 'replaced')]++;
    }
  }

  #outputs(): ReadonlyMap<number, number> {
    return new Map(this.#cluster.nodes.map(({ id, process }) => [id, process.output().length]));
  }

  /** What the nodes know and have printed, for whoever looks for the cause. */
  async #tellAll(): Promise<void> {
    for (const [id, { cluster, partitions: led }] of await this.#cluster.statuses()) {
      this.#options.say(`node ${id} knows: ${JSON.stringify({ cluster, led })}`);
    }
    for (const flip of this.#flips) {
      const { node, path, position, bit } = flip;
      this.#options.say(`node ${node}: ${path} byte ${position} bit ${bit}`);
    }
    for (const { id, process } of this.#cluster.nodes) {
      const lines = process.output().trimEnd().split('\n').slice(-linesTold);
      this.#options.say(`node ${id} prints:\n${lines.join('\n')}`);
    }
  }

  #fail(what: string): void {
    this.#failures.push(what);
    this.#options.say(`FAILED ${what}`);
  }
}

const isDerived = ({ path }: PlannedFlip): boolean => /\d\.(index|timeindex|digest)$/.test(path);

const noKind = (): KindCount => ({
  ...{ stopped: 0, running: 0 },
  ...{ read: 0, scrub: 0, start: 0, replaced: 0, unread: 0 },
});
