import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { freePorts } from '../../edge/cli/demo/free-ports.ts';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { NodeProcess, type NodeConfig } from '../../edge/cli/demo/node-launcher.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { Sensor } from './sensor.ts';
import { TestCluster, type ClusterOptions } from './test-cluster.ts';

export type ClusterSection = NonNullable<NodeConfig['cluster']>;
export type ClusteredConfig = NodeConfig & { readonly cluster: ClusterSection };

export interface SceneOptions extends Pick<ClusterOptions, 'envOf'> {
  readonly folder: string;
  /** Changes what a node's config says. */
  readonly change?: (config: ClusteredConfig, id: number) => NodeConfig;
  readonly config?: NodeConfig;
}

export const configOf = ({ configFile }: NodeProcess): ClusteredConfig =>
  parse(readFileSync(configFile, 'utf8')) as ClusteredConfig;

/** What a config says of the cluster, but for one key. */
export const sectionWithout = (
  { cluster }: ClusteredConfig,
  left: keyof ClusterSection,
): ClusterSection =>
  Object.fromEntries(Object.entries(cluster).filter(([key]) => key !== left)) as ClusterSection;

/** Three nodes, a sensor that publishes all the time, and somebody who does not belong there. */
export class BadScene {
  readonly cluster: TestCluster;
  readonly folder: string;
  readonly #closers: (() => unknown)[] = [];
  readonly #read = new Map<string, number>();
  #sensor: Sensor | undefined;
  #publishing: Promise<void> = Promise.resolve();
  #isClosing = false;

  private constructor(cluster: TestCluster, folder: string) {
    this.cluster = cluster;
    this.folder = folder;
  }

  static folder = (name: string): string => makeTempFolder(name);

  /** Starts nothing. */
  static async prepare(options: SceneOptions): Promise<BadScene> {
    const { folder, change, config, envOf } = options;
    const network = await LoopbackNetwork.open([1, 2, 3], 'nobody cuts links here');
    const cluster = await TestCluster.prepare({
      ...{ folder, roles: ['data', 'data', 'data'], network },
      ...(envOf === undefined ? {} : { envOf }),
      config: {
        topics: [{ name: 'sensors', partitions: 1 }],
        disk: { reserveBytes: 1_048_576 },
        ...config,
      },
    });
    for (const { id, process } of cluster.nodes) {
      const now = configOf(process);
      // The addresses are loopback: nothing has to be allowed.
      const plain = { ...now, cluster: sectionWithout(now, 'insecure') };
      process.configure(change === undefined ? plain : change(plain, id));
    }
    return new BadScene(cluster, folder);
  }

  /** All nodes, settled, and a sensor at those that are named. */
  async begin(sensorAt: readonly number[] = [1, 2]): Promise<void> {
    await this.cluster.start();
    await this.cluster.untilSettled();
    for (const { process } of this.cluster.nodes) this.lines(process);
    const sensor = new Sensor(sensorAt.map((id) => this.cluster.node(id)));
    this.#sensor = sensor;
    this.#publishing = (async () => {
      while (!this.#isClosing) {
        await sensor.publish();
        await delay(5);
      }
    })();
    // Told by `expectAll`.
    this.#publishing.catch(() => undefined);
  }

  /** New warnings and errors that a node printed since it was asked last. */
  lines({ outputFile }: NodeProcess): string[] {
    const printed = readFileSync(outputFile, 'utf8');
    const from = this.#read.get(outputFile) ?? 0;
    this.#read.set(outputFile, printed.length);
    return printed
      .slice(from)
      .split('\n')
      .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
      .map((line) => (JSON.parse(line) as { readonly text: string }).text);
  }

  /** Those of nodes 1, 2 and 3 together. */
  clusterLines(): string[] {
    return this.cluster.nodes.flatMap(({ process }) => this.lines(process));
  }

  /** A process elsewhere that takes itself for a node, on a copy of a data directory or on none. */
  async intruder(
    name: string,
    change: (config: ClusteredConfig, ports: readonly number[]) => NodeConfig = (config) => config,
    copyOf?: string,
  ): Promise<NodeProcess> {
    const [mqtt = 0, kafka = 0, admin = 0, peer = 0] = await freePorts(4);
    const folder = join(this.folder, name);
    mkdirSync(folder);
    if (copyOf !== undefined) cpSync(copyOf, join(folder, 'data'), { recursive: true });
    const { node, cluster, topics, disk } = configOf(this.cluster.node(3).process);
    const base = {
      ...{ topics, disk, node: { id: node?.id ?? 3 } },
      cluster: { ...cluster, listen: `127.0.0.1:${peer}` },
    } as ClusteredConfig;
    const ports = { mqtt, kafka, admin };
    const config = change(base, [mqtt, kafka, admin, peer]);
    const process = new NodeProcess({ folder, config }, ports);
    this.onClose(() => (process.isRunning ? process.kill() : undefined));
    return process;
  }

  /** The sensor goes on: so many readings more are acknowledged. */
  async goesOn(count = 20): Promise<void> {
    const { acked } = this.#sensor ?? { acked: [] };
    const wanted = acked.length + count;
    await waitUntil('readings meanwhile', 40_000, () => acked.length >= wanted);
  }

  /** Everything that was acknowledged is stored. */
  async expectAll(): Promise<readonly string[]> {
    this.#isClosing = true;
    await this.#publishing;
    const { acked } = this.#sensor ?? { acked: [] };
    const { bootstrap } = this.cluster.node(1).process;
    const log = await readAllWithKcat({ bootstrap, topic: 'sensors', msMax: 20_000 });
    const stored = new Set(log.map(({ value }) => value?.toString().trimEnd()));
    return acked.filter((payload) => !stored.has(payload));
  }

  onClose(close: () => unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const close of this.#closers.splice(0).toReversed()) await close();
    await this.cluster.kill();
    await this.#publishing.catch(() => undefined);
    this.#sensor?.close();
    removeTempFolder(this.folder);
  }
}
