import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { spawnOwned } from '../../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../../edge/cli/demo/owned-process.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';
import type { ClusterNetwork, NodePlace, Place } from './cluster-network.ts';

const ports = { mqtt: 1_883, kafka: 9_092, admin: 9_640, peer: 9_094 } as const;
const networksMax = 100;

/** Programs that it takes (Debian: iproute2, util-linux). */
export const networkTools = ['ip', 'unshare', 'nsenter'] as const;

/**
 * A network namespace for each node and one more, the hub, that routes between them and to us. A
 * cut link is a blackhole route in the hub: packets vanish without an answer, as on a broken cable.
 *
 * The namespaces have no names: each is held by a sleeping process that ends with us, also when we
 * are killed, and the kernel takes namespaces and links away after the last process in them.
 */
export class NamespaceNetwork implements ClusterNetwork {
  readonly cannotCut = undefined;
  readonly outsideHost: string;
  readonly #subnet: number;
  readonly #link: string;
  readonly #hub: OwnedProcess;
  readonly #nodes: ReadonlyMap<number, OwnedProcess>;
  readonly #cuts = new Map<string, number>();

  private constructor(parts: {
    readonly subnet: number;
    readonly hub: OwnedProcess;
    readonly nodes: ReadonlyMap<number, OwnedProcess>;
  }) {
    this.#subnet = parts.subnet;
    this.#link = linkName(parts.hub);
    this.#hub = parts.hub;
    this.#nodes = parts.nodes;
    this.outsideHost = address(parts.subnet, 0, 1);
  }

  /**
   * Why there are no namespaces here; undefined where there are. A container often may not make
   * them, and no package gives it that right.
   */
  static refusal(): string | undefined {
    if (process.platform !== 'linux') return 'network namespaces need Linux';
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const tried = spawnSync('unshare', ['--net', 'ip', 'rule', 'add', 'blackhole'], {
      encoding: 'utf8',
    });
    if (tried.error !== undefined) return 'network namespaces need unshare and ip';
    return tried.status === 0 ? undefined : `no network namespace: ${tried.stderr.trim()}`;
  }

  /** `ids` are node ids from 1 to 200. `folder` takes what the holders print. */
  static async open(folder: string, ids: readonly number[]): Promise<NamespaceNetwork> {
    const hold = (name: string): OwnedProcess =>
      spawnOwned({
        command: 'unshare',
        args: ['--net', 'sleep', 'infinity'],
        outputFile: join(folder, `${name}.txt`),
      });
    const hub = hold('hub');
    const nodes = new Map(ids.map((id) => [id, hold(`net-${id}`)]));
    const holders = [hub, ...nodes.values()];
    try {
      await waitUntil('the namespaces', 10_000, () => holders.every(isApart));
      const subnet = joinUs(hub);
      for (const [id, holder] of nodes) joinNode(hub, subnet, { id, holder });
      return new NamespaceNetwork({ subnet, hub, nodes });
    } catch (error) {
      await Promise.all(holders.map((holder) => holder.kill()));
      throw error;
    }
  }

  place(node: number): NodePlace {
    const holder = this.#nodes.get(node);
    if (holder === undefined) throw new Error(`no namespace for node ${node}`);
    const runUnder = ['nsenter', `--net=${namespaceOf(holder)}`];
    return { host: this.#addressOf(node), ports, runUnder };
  }

  cut(from: Place, to: Place): void {
    const way = this.#way(from, to);
    const count = this.#cuts.get(way) ?? 0;
    this.#cuts.set(way, count + 1);
    if (count === 0) this.#rule('add', way);
  }

  heal(from: Place, to: Place): void {
    const way = this.#way(from, to);
    const count = this.#cuts.get(way) ?? 0;
    if (count === 1) this.#rule('del', way);
    if (count <= 1) this.#cuts.delete(way);
    else this.#cuts.set(way, count - 1);
  }

  healAll(): void {
    for (const way of this.#cuts.keys()) this.#rule('del', way);
    this.#cuts.clear();
  }

  async close(): Promise<void> {
    await Promise.all([this.#hub, ...this.#nodes.values()].map((holder) => holder.kill()));
    // The kernel takes the hub's namespace away by and by, and our end of the link with it.
    spawnSync('ip', ['link', 'del', this.#link], { stdio: 'ignore' });
  }

  #way(from: Place, to: Place): string {
    return `from ${this.#addressOf(from)} to ${this.#addressOf(to)}`;
  }

  #addressOf(place: Place): string {
    return place === 'outside' ? this.outsideHost : address(this.#subnet, place, 2);
  }

  #rule(verb: 'add' | 'del', way: string): void {
    inside(this.#hub, 'ip', ['rule', verb, ...way.split(' '), 'blackhole']);
  }
}

const address = (subnet: number, net: number, host: number): string =>
  `10.${subnet}.${net}.${host}`;

const namespaceOf = (holder: OwnedProcess): string => `/proc/${holder.pid}/ns/net`;

const linkName = (hub: OwnedProcess): string => `slhub${hub.pid}`;

/** Whether it is in a namespace other than ours already. */
const isApart = (holder: OwnedProcess): boolean => {
  if (!holder.isRunning()) throw new Error(`no namespace: ${holder.output()}`);
  const names = [namespaceOf(holder), '/proc/self/ns/net'].map(
    (path) => spawnSync('readlink', [path], { encoding: 'utf8' }).stdout,
  );
  return names[0] !== '' && names[0] !== names[1];
};

/** Links hub and us in a 10.x network that nobody has here, and returns x. */
const joinUs = (hub: OwnedProcess): number => {
  const link = linkName(hub);
  ip(['link', 'add', link, 'type', 'veth', 'peer', 'name', 'outside', 'netns', `${hub.pid}`]);
  ip(['link', 'set', link, 'up']);
  const subnet = claimSubnet(link);
  ip(['address', 'add', `${address(subnet, 0, 1)}/24`, 'dev', link]);
  inside(hub, 'ip', ['address', 'add', `${address(subnet, 0, 2)}/24`, 'dev', 'outside']);
  inside(hub, 'ip', ['link', 'set', 'outside', 'up']);
  inside(hub, 'sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
  ip(['route', 'replace', `10.${subnet}.0.0/16`, 'via', address(subnet, 0, 2)]);
  return subnet;
};

/** Adding a route that is there already fails, so of two runs at once only one gets a network. */
const claimSubnet = (link: string): number => {
  for (let tries = 0; tries < networksMax; tries++) {
    const subnet = 130 + Math.floor(Math.random() * networksMax);
    const args = ['route', 'add', `10.${subnet}.0.0/16`, 'dev', link];
    if (spawnSync('ip', args, { stdio: 'ignore' }).status === 0) return subnet;
  }
  throw new Error('no free 10.x network');
};

const joinNode = (
  hub: OwnedProcess,
  subnet: number,
  { id, holder }: { readonly id: number; readonly holder: OwnedProcess },
): void => {
  const link = `node${id}`;
  const veth = ['type', 'veth', 'peer', 'name', 'uplink', 'netns', `${holder.pid}`];
  inside(hub, 'ip', ['link', 'add', link, ...veth]);
  inside(hub, 'ip', ['address', 'add', `${address(subnet, id, 1)}/24`, 'dev', link]);
  inside(hub, 'ip', ['link', 'set', link, 'up']);
  inside(holder, 'ip', ['link', 'set', 'lo', 'up']);
  inside(holder, 'ip', ['address', 'add', `${address(subnet, id, 2)}/24`, 'dev', 'uplink']);
  inside(holder, 'ip', ['link', 'set', 'uplink', 'up']);
  inside(holder, 'ip', ['route', 'add', 'default', 'via', address(subnet, id, 1)]);
};

const inside = (holder: OwnedProcess, command: string, args: readonly string[]): void =>
  run('nsenter', [`--net=${namespaceOf(holder)}`, command, ...args]);

const ip = (args: readonly string[]): void => run('ip', args);

const run = (command: string, args: readonly string[]): void => {
  const { status, stderr } = spawnSync(command, [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
};
