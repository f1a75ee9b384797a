import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SlowDisk } from '../slow-disk.ts';
import type { Place } from '../network/cluster-network.ts';
import type { ClusterNode, TestCluster } from '../test-cluster.ts';
import { isOfLinks } from './chaos-plan.ts';
import type { ChaosKind, ChaosStep } from './chaos-plan.ts';

export interface ChaosFaultsOptions {
  readonly cluster: TestCluster;
  readonly folder: string;
  readonly say: (text: string) => void;
}

/** How long a start may take while other nodes are away: it need not be ready to go on. */
const stopMsMax = 20_000;

/** Does to a cluster what a plan says, and undoes it. */
export class ChaosFaults {
  readonly counts: Partial<Record<ChaosKind, number>> = {};
  /** Nodes that ended by themselves, which none may. */
  readonly complaints: string[] = [];
  readonly #cluster: TestCluster;
  readonly #folder: string;
  readonly #say: (text: string) => void;
  /** Nodes that are down on purpose. */
  readonly #down = new Set<number>();
  /** The newest trouble of each node's process. */
  readonly #troubles = new Map<number, Promise<void>>();
  #traces = 0;

  constructor({ cluster, folder, say }: ChaosFaultsOptions) {
    this.#cluster = cluster;
    this.#folder = folder;
    this.#say = say;
  }

  /** Settles when the last fault is over; every link is whole and every node was started. */
  async run(plan: readonly ChaosStep[], signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const watch = this.#watch(signal);
    const running: Promise<void>[] = [];
    for (const step of plan) {
      await delay(Math.max(0, startMs + step.atMs - performance.now()));
      if (signal.aborted) break;
      running.push(this.#step(step));
    }
    await Promise.all(running);
    this.#cluster.network.healAll();
    await watch.stop();
  }

  async #step(step: ChaosStep): Promise<void> {
    const { kind, node, other, forMs } = step;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#say(`${kind} node ${node}${other === node ? '' : ` (${other})`} for ${forMs} ms`);
    if (isOfLinks(kind)) return this.#cut(waysOf(step, this.#cluster.nodes), forMs);
    // One at a time, also where a stop takes longer than the plan has for it.
    const before = this.#troubles.get(node);
    const trouble = (async (): Promise<void> => {
      await before;
      await this.#disturb(this.#cluster.node(node), step);
    })();
    this.#troubles.set(node, trouble);
    return trouble;
  }

  async #disturb(node: ClusterNode, step: ChaosStep): Promise<void> {
    const { kind, forMs } = step;
    if (kind === 'kill' || kind === 'stop') await this.#restart(node, kind, forMs);
    else if (kind === 'pause') await this.#pause(node, forMs);
    else await this.#slow(node, step);
  }

  async #restart(
    { id, process }: ClusterNode,
    kind: 'kill' | 'stop',
    forMs: number,
  ): Promise<void> {
    this.#down.add(id);
    if (kind === 'kill') await process.kill();
    else await Promise.race([process.stop(), delay(stopMsMax)]);
    await delay(forMs);
    process.spawn();
    this.#down.delete(id);
  }

  async #pause({ process }: ClusterNode, forMs: number): Promise<void> {
    process.signal('SIGSTOP');
    await delay(forMs);
    process.signal('SIGCONT');
  }

  async #slow({ process }: ClusterNode, { forMs, syncMs }: ChaosStep): Promise<void> {
    const file = join(this.#folder, `strace-${this.#traces++}.txt`);
    const slow = new SlowDisk(process.pid, syncMs, file);
    await delay(forMs);
    await slow.release();
  }

  async #cut(ways: readonly (readonly [Place, Place])[], forMs: number): Promise<void> {
    const { network } = this.#cluster;
    for (const [from, to] of ways) network.cut(from, to);
    await delay(forMs);
    for (const [from, to] of ways) network.heal(from, to);
  }

  /** A node that ends by itself is started again, as its service manager would, and counted. */
  #watch(signal: AbortSignal): { stop(): Promise<void> } {
    const end = new AbortController();
    const run = async (): Promise<void> => {
      while (!end.signal.aborted && !signal.aborted) {
        for (const { id, process } of this.#cluster.nodes) {
          if (process.isRunning || this.#down.has(id)) continue;
          const { code, signal: by } = await process.exited();
          this.complaints.push(`node ${id} ended by itself: ${code ?? by}`);
          this.#say(this.complaints.at(-1) ?? '');
          process.spawn();
        }
        await delay(200);
      }
    };
    const running = run();
    return {
      stop: (): Promise<void> => {
        end.abort();
        return running;
      },
    };
  }
}

/** The directed links that a fault takes away. */
const waysOf = (
  { kind, node, other }: ChaosStep,
  nodes: readonly ClusterNode[],
): readonly (readonly [Place, Place])[] => {
  const others: Place[] = nodes.map(({ id }) => id).filter((id) => id !== node);
  const both = (to: Place): (readonly [Place, Place])[] => [
    [node, to],
    [to, node],
  ];
  if (kind === 'cutOneWay') return [[node, other]];
  if (kind === 'cutBothWays') return both(other);
  if (kind === 'isolate') return others.flatMap(both);
  if (kind === 'deafen') return others.map((from) => [from, node] as const);
  return [...others, 'outside' as const].flatMap(both);
};
