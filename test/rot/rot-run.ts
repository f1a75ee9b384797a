import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '../../src/base/prng.ts';
import type { Offset } from '../../src/base/brand.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { Storage } from '../../src/log/storage.ts';
import { scanBatches } from '../../src/wire/kafka/batch-scan.ts';
import { clockNode } from '../../edge/clock-node.ts';
import { NodeDisk } from '../../edge/disk-node.ts';
import { randomNode } from '../../edge/random-node.ts';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { KafkaRawClient, batchOf } from '../integration/harness/kafka-raw-client.ts';
import { LoadPublisher } from '../integration/harness/load-publisher.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { filesOf, kindOf, newestSegments, truthOf } from './data-files.ts';
import type { Truth } from './data-files.ts';
import { flipBit, randomFlip } from './flip.ts';
import type { Flip } from './flip.ts';
import { judge } from './judge.ts';
import type { Range, Served } from './judge.ts';
import { readNode } from './read-node.ts';

export interface RotOptions {
  readonly seed: number;
  /** Flips of a stopped node's files that the storage then opens, in this process. */
  readonly stored: number;
  /** Flips of a stopped node's files that the node then starts on. */
  readonly stopped: number;
  /** Flips under a running node, which is restarted afterwards. */
  readonly running: number;
  readonly say: (line: string) => void;
}

export interface KindCount {
  flips: number;
  /** Nothing is missing. */
  whole: number;
  /** Named by its exact offsets, the rest served. */
  holes: number;
  failed: number;
}

export interface RotResult {
  readonly kinds: ReadonlyMap<string, KindCount>;
  readonly failures: readonly string[];
}

const segmentBytes = 8_192;
const config: NodeConfig = {
  log: { segmentBytes },
  // Round after round within seconds; see ScrubSchedule.
  disk: { reserveBytes: 65_536, scrubBytesPerSecond: 8 * 1024 ** 3 },
  topics: [{ name: 'sensors', partitions: 2, keepUnforwarded: false }],
};

/** Flips one bit after the other, each on a fresh copy of one data directory. */
export async function runRot(options: RotOptions): Promise<RotResult> {
  const folder = makeTempFolder('rot');
  const kinds = new Map<string, KindCount>();
  const failures: string[] = [];
  try {
    const node = await prepareNode({ folder, config });
    await fillNode(node);
    const template = join(folder, 'template');
    cpSync(node.dataDir, template, { recursive: true });
    const run = new Run({ node, template, prng: new Prng(options.seed) });
    const ways = [
      ['stored', options.stored],
      ['stopped', options.stopped],
      ['running', options.running],
    ] as const;
    for (const [way, count] of ways) {
      for (let done = 0; done < count; done++) {
        const outcome = await run.flip(way, done);
        const kind = kinds.get(outcome.kind) ?? { flips: 0, whole: 0, holes: 0, failed: 0 };
        kinds.set(outcome.kind, kind);
        kind.flips++;
        if (outcome.failure !== undefined) {
          kind.failed++;
          failures.push(outcome.failure);
          options.say(`FAILED ${outcome.failure}`);
        } else if (outcome.gone > 0) kind.holes++;
        else kind.whole++;
      }
      options.say(`${way}: ${count} flips done`);
    }
    return { kinds, failures };
  } finally {
    removeTempFolder(folder);
  }
}

/** Some lives of a node, so that there are segments, leader epochs, sessions and views to rot. */
async function fillNode(node: NodeProcess): Promise<void> {
  for (let life = 0; life < 3; life++) {
    await node.start();
    const publisher = new LoadPublisher({
      ...{ port: node.ports.mqtt, name: `life${life}`, connections: 2, inFlight: 20 },
      ...{ payloadBytes: 60, ackedMax: 500 },
      mqttTopicOf: (connection, sequence) => `plant/${connection}/${sequence % 7}`,
    });
    await publisher.finished();
    await node.stop();
  }
}

type Way = 'stored' | 'stopped' | 'running';

interface Outcome {
  readonly kind: string;
  readonly gone: number;
  readonly failure?: string;
}

class Run {
  readonly #node: NodeProcess;
  readonly #template: string;
  readonly #prng: Prng;
  readonly #truth: Truth;
  readonly #files = new Map<string, string[]>();

  constructor(parts: { node: NodeProcess; template: string; prng: Prng }) {
    this.#node = parts.node;
    this.#template = parts.template;
    this.#prng = parts.prng;
    this.#truth = truthOf(parts.template);
    const files = filesOf(parts.template);
    const newest = newestSegments(files);
    for (const path of files) {
      const kind = kindOf(path, newest);
      this.#files.set(kind, [...(this.#files.get(kind) ?? []), path]);
    }
  }

  async flip(way: Way, number: number): Promise<Outcome> {
    // The storage alone opens neither of these.
    const kinds = [...this.#files.keys()].filter(
      (one) => way !== 'stored' || (one !== 'state/' && one !== 'lock/'),
    );
    // Every second one in a log of records, the others in all kinds in turn.
    const kind =
      number % 2 === 0
        ? `topic .log ${this.#prng.below(2) === 0 ? 'active' : 'sealed'}`
        : (kinds[(number >> 1) % kinds.length] as string);
    const paths = this.#files.get(kind) ?? [];
    const path = paths[this.#prng.below(paths.length)] as string;
    const flip = randomFlip(this.#prng, this.#template, path);
    rmSync(this.#node.dataDir, { recursive: true, force: true });
    mkdirSync(this.#node.dataDir);
    cpSync(this.#template, this.#node.dataDir, { recursive: true });
    try {
      return { kind, gone: await this.#judged(way, flip) };
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const at = `${flip.path} byte ${flip.position} bit ${flip.bit}`;
      return { kind, gone: 0, failure: `${way}, ${at}: ${what}` };
    } finally {
      if (way !== 'stored' && this.#node.isRunning) await this.#node.kill();
    }
  }

  async #judged(way: Way, flip: Flip): Promise<number> {
    const { dataDir } = this.#node;
    if (way === 'stored') {
      flipBit(dataDir, flip);
      return this.#openStorage();
    }
    if (way === 'stopped') flipBit(dataDir, flip);
    await this.#node.start();
    if (way === 'running') {
      await this.#flipUnderIt(flip);
      const gone = await this.#readNode();
      await this.#node.restart('stop');
      return Math.max(gone, await this.#readNode());
    }
    return this.#readNode();
  }

  /** A file that the start has shortened or replaced is flipped where it is now. */
  async #flipUnderIt(flip: Flip): Promise<void> {
    const { dataDir } = this.#node;
    if (!filesOf(dataDir).includes(flip.path)) return;
    const now = randomFlip(new Prng(flip.position), dataDir, flip.path);
    flipBit(dataDir, now.position > flip.position ? flip : now);
    await Promise.resolve();
  }

  async #openStorage(): Promise<number> {
    const opened = await Storage.open(new NodeDisk(this.#node.dataDir), {
      ...{ nodeId: 1, random: randomNode, clock: clockNode },
      config: { segmentBytes, indexIntervalBytes: 4_096, reserveBytes: 0 },
    });
    if (!opened.ok) throw new Error(`refused: ${opened.error.code}`);
    const storage = opened.value;
    let gone = 0;
    for (const [folder, stored] of this.#truth) {
      const log = storage.logs.find((one) => `${one.topic}-${one.partition}` === folder);
      if (log === undefined) throw new Error(`${folder} is not served`);
      const served = await readLog(log);
      gone += judge(stored, served, log.rot);
    }
    for (const log of storage.logs) await log.close({ clean: false });
    await storage.close();
    return gone;
  }

  /** Everything, as consumers get it; what is missing must be in the status by then. */
  async #readNode(): Promise<number> {
    const client = await KafkaRawClient.connect(this.#node.ports.kafka);
    try {
      const topics = [0, 1].map((partition) => ({ topic: 'sensors', partition }));
      let gone = 0;
      for (const { topic, partition } of topics) {
        const start = await this.#startOf(topic, partition);
        const served = await readNode(client, topic, partition, start);
        const stored = this.#truth.get(`${topic}-${partition}`) ?? new Map<number, Uint8Array>();
        const { damaged } = await this.#node.status();
        const named: Range[] = damaged.filter(
          (one) => one.topic === topic && one.partition === partition,
        );
        gone += judge(stored, served, named);
      }
      const produced = await client.produce('sensors', batchOf('still alive'));
      if (produced.errorCode !== 0) throw new Error(`takes nothing: ${produced.errorCode}`);
      return gone;
    } finally {
      client.destroy();
    }
  }

  #startOf(topic: string, partition: number): Promise<number> {
    return waitUntil(`${topic}-${partition} to be served`, 10_000, async () => {
      const { partitions } = await this.#node.status();
      const found = partitions.find((one) => one.topic === topic && one.partition === partition);
      return found?.logStartOffset;
    });
  }
}

async function readLog(log: PartitionLog): Promise<Served> {
  const batches = new Map<number, Uint8Array>();
  const { logStartOffset, logEndOffset } = log;
  for (let at: number = logStartOffset; at < logEndOffset;) {
    const read = await log.read({ from: at as Offset, to: logEndOffset, bytesMax: 65_536 });
    if (!read.ok) break;
    const { headers } = scanBatches(read.value);
    if (headers.length === 0) throw new Error(`silently empty at offset ${at}`);
    for (const { baseOffset, lastOffset, position, totalBytes } of headers) {
      batches.set(baseOffset, read.value.slice(position, position + totalBytes));
      at = lastOffset + 1;
    }
  }
  return { batches, logStartOffset };
}
