import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaBroker } from '../../../edge/cli/demo/kafka-launcher.ts';
import { readWithKcat } from '../../../edge/cli/demo/kcat-reader.ts';
import type { NodeConfig } from '../../../edge/cli/demo/node-launcher.ts';
import { Prng } from '../../../src/base/prng.ts';
import { hasKafkaPython } from '../../integration/harness/kafka-python.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';
import type { CentralCheck } from '../history/central-check.ts';
import { ClientHistory } from '../history/client-history.ts';
import { HistoryCheck } from '../history/history-check.ts';
import type { HistoryVerdict } from '../history/history-check.ts';
import { identityOf } from '../history/identity.ts';
import { ClusterLoad } from '../load/cluster-load.ts';
import type { ClientKind } from '../load/cluster-load.ts';
import { openNetwork } from '../network/open-network.ts';
import { readDiskLog } from '../read/disk-log.ts';
import { readEverythingWithKafkaPython, readEverythingWithKcat } from '../read/read-everything.ts';
import { TailReader } from '../read/tail-reader.ts';
import { idsOf, TestCluster } from '../test-cluster.ts';
import type { NodeRole } from '../test-cluster.ts';
import { ChaosFaults } from './chaos-faults.ts';
import { isOfLinks, planChaos } from './chaos-plan.ts';
import type { ChaosKind } from './chaos-plan.ts';

export interface ChaosOptions {
  /** Must exist; holds data and output of everything. */
  readonly folder: string;
  readonly roles: readonly NodeRole[];
  readonly seconds: number;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly kinds: readonly ChaosKind[];
  readonly without: readonly ClientKind[];
  readonly say: (text: string) => void;
  /** Present: what is committed is forwarded to it. It listens at the network's outside. */
  readonly openCentral: ((host: string) => Promise<KafkaBroker>) | undefined;
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  readonly seed: number;
  readonly nodes: string;
  readonly seconds: number;
  readonly faultsDone: Partial<Record<ChaosKind, number>>;
  readonly linksCannotBeCut: string | undefined;
  readonly verdict: HistoryVerdict;
  /** By whom: writers that were told something wrong, nodes that ended by themselves. */
  readonly complaints: readonly string[];
  readonly atCentral: number | undefined;
  readonly settledMs: number;
}

const topic = 'sensors';
const partitions = 6;
const finishMsMax = 90_000;
const settleMsMax = 90_000;
const readMsMax = 120_000;

/** Whether a run found nothing. */
export const isClean = ({ verdict, complaints }: ChaosResult): boolean =>
  verdict.acked > 0 && Object.keys(verdict.faults).length === 0 && complaints.length === 0;

/**
 * Random faults on real nodes under load by a plan that its seed makes; then everything heals, and
 * what clients did and were told is held against what every node and central have.
 */
export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { folder, roles } = options;
  const network = await openNetwork(folder, idsOf(roles));
  let central: KafkaBroker | undefined;
  let cluster: TestCluster | undefined;
  try {
    central = await options.openCentral?.(network.outsideHost);
    const config = chaosConfig(central?.bootstrap);
    mkdirSync(join(folder, 'nodes'));
    cluster = await TestCluster.prepare({ folder: join(folder, 'nodes'), roles, network, config });
    await cluster.start();
    return await new ChaosRun(options, cluster, central).go();
  } finally {
    await cluster?.kill();
    await central?.kill();
    await network.close();
  }
};

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #cluster: TestCluster;
  readonly #central: KafkaBroker | undefined;
  readonly #history = new ClientHistory();
  readonly #check = new HistoryCheck(this.#history);
  readonly #timeline: string[] = [];
  readonly #startMs = performance.now();

  constructor(options: ChaosOptions, cluster: TestCluster, central: KafkaBroker | undefined) {
    this.#options = options;
    this.#cluster = cluster;
    this.#central = central;
  }

  async go(): Promise<ChaosResult> {
    const { folder, seconds, seed, roles, signal } = this.#options;
    await this.#cluster.untilSettled(settleMsMax);
    const { cannotCut } = this.#cluster.network;
    const say = (text: string): void => this.#say(text);
    const faults = new ChaosFaults({ cluster: this.#cluster, folder, say });
    const { complaints, settledMs } = await this.#underLoad(async () => {
      const kinds = this.#options.kinds.filter(
        (kind) => cannotCut === undefined || !isOfLinks(kind),
      );
      const random = new Prng(seed);
      const nodes = idsOf(roles);
      await faults.run(planChaos({ random, nodes, ms: seconds * 1_000, kinds }), signal);
    });
    await this.#readBack();
    // Nodes that stop in turn elect again, and what the last ones append then the first never see.
    await this.#cluster.kill();
    this.#readDisks();
    const atCentral = this.#central && (await this.#readCentral(this.#central));
    return {
      ...{ seed, seconds, nodes: roles.join(' '), atCentral, settledMs },
      faultsDone: faults.counts,
      linksCannotBeCut: cannotCut,
      verdict: this.#check.finish(),
      complaints: [...faults.complaints, ...complaints],
    };
  }

  /** Settles when everything has healed, the writers have their answers and central is level. */
  async #underLoad(
    disturb: () => Promise<void>,
  ): Promise<{ readonly complaints: readonly string[]; readonly settledMs: number }> {
    const history = this.#history;
    const { ratePerSecond, without } = this.#options;
    const load = new ClusterLoad({
      ...{ cluster: this.#cluster, history, topic, partitions, ratePerSecond, without },
    });
    const tails = this.#cluster.dataNodes.map(
      (node) =>
        new TailReader({
          ...{ node, topic, partitions, history: this.#check.reader(`tail of node ${node.id}`) },
        }),
    );
    try {
      await disturb();
      this.#say('healed');
      const healedMs = performance.now();
      const unanswered = await load.finish(finishMsMax);
      await this.#cluster.untilSettled(settleMsMax);
      const settledMs = Math.round(performance.now() - healedMs);
      this.#say(`settled after ${settledMs} ms`);
      if (this.#central !== undefined) await this.#untilForwarded();
      return { complaints: [...load.complaints, ...unanswered], settledMs };
    } finally {
      await Promise.all(tails.map((tail) => tail.stop()));
      await load.abandon();
    }
  }

  async #readBack(): Promise<void> {
    const options = { topic, msMax: readMsMax };
    for (const { id, process } of this.#cluster.dataNodes) {
      const history = this.#check.reader(`kcat at node ${id}`, true);
      await readEverythingWithKcat({ ...options, bootstrap: process.bootstrap, history });
    }
    if (!hasKafkaPython()) return;
    const history = this.#check.reader('kafka-python', true);
    await readEverythingWithKafkaPython({ ...options, history, bootstrap: this.#bootstrap(0) });
  }

  #bootstrap(index: number): string {
    return this.#cluster.dataNodes[index]?.process.bootstrap ?? '';
  }

  #readDisks(): void {
    for (const { id, process } of this.#cluster.dataNodes) {
      for (let partition = 0; partition < partitions; partition++) {
        this.#check.beginLog(id, partition);
        for (const entry of readDiskLog(process.dataDir, topic, partition)) {
          this.#check.entry(entry);
        }
        this.#check.endLog();
      }
    }
  }

  async #readCentral({ bootstrap }: KafkaBroker): Promise<number> {
    const checks: CentralCheck[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      checks.push(this.#check.central(partition));
    }
    await readWithKcat({ bootstrap, topic, msMax: readMsMax }, ({ partition, value }) =>
      checks[partition]?.take(identityOf((value ?? '').toString())),
    );
    for (const check of checks) check.end();
    return checks.reduce((sum, { count }) => sum + count, 0);
  }

  /** By what those say who forward. */
  async #untilForwarded(): Promise<void> {
    await waitUntil('central to be level', settleMsMax, async () => {
      const lags = new Map<number, number>();
      for (const { forward } of (await this.#cluster.statuses()).values()) {
        for (const one of forward) if (one.lag !== undefined) lags.set(one.partition, one.lag);
      }
      return lags.size === partitions && [...lags.values()].every((lag) => lag === 0);
    });
  }

  #say(text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1_000).toFixed(3);
    this.#timeline.push(`${seconds} ${text}`);
    writeFileSync(join(this.#options.folder, 'timeline.txt'), `${this.#timeline.join('\n')}\n`);
    this.#options.say(`${seconds} ${text}`);
  }
}

const chaosConfig = (central: string | undefined): NodeConfig => ({
  log: { segmentBytes: 262_144 },
  disk: { reserveBytes: 1_048_576 },
  topics: [{ name: topic, partitions, retentionMs: 'unlimited' }],
  ...(central === undefined ? {} : { forward: forwardTo(central) }),
});

const forwardTo = (bootstrap: string): NonNullable<NodeConfig['forward']> => ({
  central: { bootstrap: [bootstrap] },
  lingerMs: 100,
  routes: [{ from: topic, to: topic }],
});

/** What central must have before the nodes start. */
export const centralTopics = [
  { name: topic, partitions },
  { name: 'shorelog-cursors', partitions: 1, configs: { 'cleanup.policy': 'compact' } },
] as const;
