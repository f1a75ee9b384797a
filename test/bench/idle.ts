import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import { childPids, residentBytes } from '../integration/harness/child-pids.ts';
import { MqttRawClient } from '../integration/harness/mqtt-raw-client.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { Figure } from './figure.ts';
import { CpuMeter } from './process-cost.ts';
import { median } from './statistics.ts';

export interface IdleOptions {
  readonly folder: string;
  readonly runs: number;
  /** How long it rests before it is weighed. */
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** What stands around the node that has nothing to do. */
interface Surroundings {
  readonly name: 'idle' | 'idleForward' | 'idleConnections';
  readonly connections: number;
  readonly hasForwarder: boolean;
}

interface Rest {
  readonly nodeMebibytes: number;
  readonly forwarderMebibytes: number;
  /** CPU seconds an hour, of the node and its forwarder. */
  readonly nodeCpu: number;
  readonly forwarderCpu: number;
}

const mebibyte = 1024 * 1024;
/**
 * What a start leaves to be done: the reserve, the last marks, and V8's one collection of garbage
 * for a process that has become quiet. That comes mostly within half a minute, takes 85 ms of CPU
 * and 15 MiB off the memory: in 15 measured seconds it stands for 20 s an hour that nobody spends.
 */
const settleMs = 45_000;
const surroundings: readonly Surroundings[] = [
  { name: 'idle', connections: 0, hasForwarder: false },
  { name: 'idleForward', connections: 0, hasForwarder: true },
  { name: 'idleConnections', connections: 100, hasForwarder: false },
];

/**
 * Resident memory and CPU of a node that has nothing to do: alone, with a forwarder that has
 * nothing to forward, with silent MQTT connections. A bare Node process is the baseline. The runs
 * of a case rest beside each other: what sleeps disturbs nobody.
 */
export async function* measureIdle(options: IdleOptions): AsyncGenerator<Figure> {
  const bareNode = await bareNodeMebibytes(options);
  for (const around of surroundings) {
    options.say(`${around.name}: ${options.runs} at once`);
    const folders = Array.from({ length: options.runs }, (_, run) =>
      join(options.folder, `${around.name}-${run}`),
    );
    const rests = await Promise.all(folders.map((folder) => restOnce(options, around, folder)));
    const nodes = rests.map(({ nodeMebibytes }) => nodeMebibytes);
    yield {
      figure: around.name,
      value: median(nodes),
      unit: 'MiB RSS',
      runs: nodes,
      baselines: { bareNode },
      details: {
        restedSeconds: options.seconds,
        connections: around.connections,
        forwarderMebibytes: median(rests.map(({ forwarderMebibytes }) => forwarderMebibytes)),
        nodeCpuSecondsPerHour: median(rests.map(({ nodeCpu }) => nodeCpu)),
        nodeCpuRuns: rests.map(({ nodeCpu }) => nodeCpu),
        forwarderCpuSecondsPerHour: median(rests.map(({ forwarderCpu }) => forwarderCpu)),
      },
    };
  }
}

const restOnce = async (
  { seconds }: IdleOptions,
  { connections, hasForwarder }: Surroundings,
  folder: string,
): Promise<Rest> => {
  mkdirSync(folder);
  const central = hasForwarder ? await launchCentral(join(folder, 'central')) : undefined;
  const config = central === undefined ? {} : forwardingTo(central);
  const node = await launchNode({ folder, config });
  const clients: MqttRawClient[] = [];
  try {
    for (let i = 0; i < connections; i += 1) {
      const clientId = `silent-${i}`;
      clients.push((await MqttRawClient.connect({ port: node.ports.mqtt, clientId })).client);
    }
    const forwarder = hasForwarder ? await idleForwarder(node) : undefined;
    await delay(settleMs);
    const pids = { node: node.pid, ...(forwarder === undefined ? {} : { forwarder }) };
    const meter = new CpuMeter(pids);
    await delay(seconds * 1_000);
    const cpu = meter.seconds();
    const perHour = (name: string): number => Math.round(((cpu[name] ?? 0) * 3_600) / seconds);
    return {
      nodeMebibytes: mebibytesOf(node.pid),
      forwarderMebibytes: forwarder === undefined ? 0 : mebibytesOf(forwarder),
      nodeCpu: perHour('node'),
      forwarderCpu: perHour('forwarder'),
    };
  } finally {
    for (const client of clients) client.destroy();
    await node.stop();
    await central?.stop();
  }
};

const cursorTopic = 'cursors';

/** Another node: what the forwarder weighs does not hang on what it speaks to. */
const launchCentral = (folder: string): Promise<NodeProcess> => {
  const topics: NodeConfig['topics'] = [
    { name: 'sensors', partitions: 4 },
    { name: cursorTopic, partitions: 1 },
  ];
  return launchNode({ folder, config: { topics } });
};

const forwardingTo = (central: NodeProcess): NodeConfig => ({
  forward: {
    central: { bootstrap: [central.bootstrap] },
    delivery: 'atLeastOnce',
    cursorTopic,
    routes: [{ from: 'sensors', to: 'sensors' }],
  },
});

/** Its process id, once it has claimed every partition and waits for records. */
const idleForwarder = async (node: NodeProcess): Promise<number> => {
  await waitUntil('an idle forwarder', 30_000, async () => {
    const { forward } = await node.status();
    return forward.length > 0 && forward.every(({ state }) => state === 'idle');
  });
  const [pid] = childPids(node.pid);
  if (pid === undefined) throw new Error('the node has no forwarder process');
  return pid;
};

const bareNodeMebibytes = async ({ folder, seconds }: IdleOptions): Promise<number> => {
  const args = ['-e', 'setInterval(() => {}, 60000)'];
  const outputFile = join(folder, 'bare-node.txt');
  const bare = spawnOwned({ command: process.execPath, args, outputFile });
  try {
    await delay(Math.min(seconds, 2) * 1_000);
    return mebibytesOf(bare.pid);
  } finally {
    await bare.kill();
  }
};

const mebibytesOf = (pid: number): number => Math.round((residentBytes(pid) / mebibyte) * 10) / 10;
