import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../edge/cli/demo/owned-process.ts';
import { requireTools } from '../support/require-tool.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import {
  MqttRawClient,
  packetTypes,
  publishPacket,
} from '../integration/harness/mqtt-raw-client.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { NamespaceNetwork, networkTools } from './network/namespace-network.ts';
import { openNetwork } from './network/open-network.ts';
import type { ClusterNetwork } from './network/cluster-network.ts';
import { SlowDisk } from './slow-disk.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const newFolder = (): string => {
  const folder = makeTempFolder('harness');
  closers.push(() => removeTempFolder(folder));
  return folder;
};

/** Skips where namespaces are not allowed; what they take has to be installed in CI. */
const requireNamespaces = (context: TestContext): void => {
  requireTools(context, ...networkTools);
  const refusal = NamespaceNetwork.refusal();
  if (refusal !== undefined) context.skip(refusal);
};

const openNamespaces = async (folder: string): Promise<NamespaceNetwork> => {
  const network = await NamespaceNetwork.open(folder, [1, 2]);
  closers.push(() => network.close());
  return network;
};

const port = 5_000;

const echoServer = (network: ClusterNetwork, node: number, folder: string): OwnedProcess => {
  const { host, runUnder } = network.place(node);
  const program =
    `require('net').createServer((s) => s.on('data', (d) => s.write(d)).on('error', () => {}))` +
    `.listen(${port}, '${host}')`;
  const [command, ...args] = [...runUnder, process.execPath, '-e', program];
  const server = spawnOwned({ command, args, outputFile: join(folder, `echo-${node}.txt`) });
  closers.push(() => server.kill());
  return server;
};

/** A client in a node's namespace that sends a number every 50 ms and prints each echo. */
const pulse = (network: ClusterNetwork, from: number, to: number, folder: string): OwnedProcess => {
  const program =
    `let n = 0; const s = require('net').connect(${port}, '${network.place(to).host}');` +
    `s.on('connect', () => setInterval(() => s.write((n++) + ' '), 50));` +
    `s.on('data', (d) => process.stdout.write(d)).on('error', (e) => console.log(e.code))`;
  const { runUnder } = network.place(from);
  const [command, ...args] = [...runUnder, process.execPath, '-e', program];
  const client = spawnOwned({ command, args, outputFile: join(folder, `pulse-${from}.txt`) });
  closers.push(() => client.kill());
  return client;
};

const connected = async (host: string): Promise<Socket> => {
  const socket = connect(port, host);
  closers.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect', { signal: AbortSignal.timeout(2_000) });
  return socket;
};

const echoes = async (socket: Socket, text: string, msMax: number): Promise<boolean> => {
  socket.write(text);
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(msMax) });
    return true;
  } catch {
    return false;
  }
};

const moves = async (client: OwnedProcess): Promise<boolean> => {
  const before = client.output().length;
  await delay(500);
  return client.output().length > before;
};

it('a link is cut without a word, one way or both, for nodes and for us, and heals', async (context) => {
  requireNamespaces(context);
  const folder = newFolder();
  const network = await openNamespaces(folder);
  for (const node of [1, 2]) echoServer(network, node, folder);
  const there = await waitUntil('the echo', 20_000, () =>
    connected(network.place(1).host).catch(() => undefined),
  );
  expect(await echoes(there, 'a', 10_000)).toBe(true);
  const pulses = { to2: pulse(network, 1, 2, folder), to1: pulse(network, 2, 1, folder) };
  for (const client of Object.values(pulses)) {
    await waitUntil('a pulse', 20_000, () => client.output().length > 0);
  }

  // One way only: what 1 sends does not arrive, neither requests nor answers; we still reach both.
  network.cut(1, 2);
  for (const client of Object.values(pulses)) {
    // What had arrived may still have to be printed.
    await waitUntil('the pulse to stand still', 10_000, async () => !(await moves(client)));
  }
  expect(await echoes(there, 'b', 10_000)).toBe(true);
  network.heal(1, 2);
  // TCP waits ever longer between its tries: a cut of seconds is over up to as long again later.
  for (const client of Object.values(pulses)) {
    await waitUntil('the pulse after the cut', 30_000, () => moves(client));
  }
  // The connection outlived it, and TCP sent again what was lost.
  const beats = pulses.to2.output().trim().split(' ').map(Number);
  expect(beats).toEqual(beats.map((_, index) => index));

  network.cut('outside', 1);
  network.cut('outside', 1);
  expect(await echoes(there, 'c', 500)).toBe(false);
  await expect(connected(network.place(1).host)).rejects.toThrow();
  await waitUntil('the pulse between nodes', 10_000, () => moves(pulses.to1));
  network.heal('outside', 1);
  await expect(connected(network.place(1).host)).rejects.toThrow();
  network.healAll();
  expect(await waitUntil('us', 30_000, () => echoes(there, 'd', 1_000))).toBe(true);
}, 150_000);

it('nothing of it stays, also where the test is killed', async (context) => {
  requireNamespaces(context);
  const folder = newFolder();
  const links = (): string[] =>
    (
      spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout.match(/slhub\d+/g) ?? []
    ).toSorted();
  const before = links();
  const source = new URL('network/namespace-network.ts', import.meta.url).pathname;
  const program =
    `import { NamespaceNetwork, networkTools } from '${source}';` +
    `await NamespaceNetwork.open('${folder}', [1, 2]); console.log('up'); setInterval(() => {}, 1e3);`;
  const test = spawnOwned({
    command: process.execPath,
    args: ['--import', 'tsx', '--input-type=module', '-e', program],
    outputFile: join(folder, 'killed.txt'),
  });
  await waitUntil('its network', 30_000, () => test.output().includes('up'));
  const own = links().filter((link) => !before.includes(link));
  expect(own.length).toBeGreaterThan(0);
  await test.kill();
  await waitUntil('its links to go', 30_000, () => !links().some((link) => own.includes(link)));
}, 150_000);

it('a disk is slow for as long as it is held', async (context) => {
  requireTools(context, 'strace');
  const folder = newFolder();
  const program =
    `const fs = require('fs'); const fd = fs.openSync('${join(folder, 'sync.bin')}', 'w');` +
    `const once = () => { const b = performance.now(); fs.writeSync(fd, 'x'); fs.fdatasync(fd, () => {` +
    ` console.log(Math.round(performance.now() - b)); setTimeout(once, 5); }); }; once();`;
  const syncs = spawnOwned({
    ...{ command: process.execPath, args: ['-e', program] },
    outputFile: join(folder, 'syncs.txt'),
  });
  closers.push(() => syncs.kill());
  const newest = (): number => Number(syncs.output().trim().split('\n').at(-1));
  await waitUntil('a fast sync', 30_000, () => syncs.output().length > 10 && newest() < 150);
  const slow = new SlowDisk(syncs.pid, 200, join(folder, 'strace.txt'));
  closers.push(() => slow.release());
  await waitUntil('a slow sync', 30_000, () => newest() >= 200);
  await slow.release();
  await waitUntil('a fast sync again', 30_000, () => newest() < 150);
  expect(syncs.isRunning()).toBe(true);
}, 150_000);

it.for(['namespaces', 'loopback'] as const)(
  'a cluster of one on %s is started, killed, stopped for a while, and settles',
  { timeout: 180_000 },
  async (kind, context) => {
    requireTools(context, 'kcat', ...networkTools);
    const folder = newFolder();
    const network =
      kind === 'loopback'
        ? await LoopbackNetwork.open([1], 'only loopback is asked for')
        : await openNetwork(folder, [1]);
    closers.push(() => network.close());
    const config = { topics: [{ name: 'sensors', partitions: 2 }] };
    const cluster = await TestCluster.prepare({ folder, roles: ['data'], network, config });
    closers.push(() => cluster.kill());
    await cluster.start();
    const node = cluster.node(1);
    const { host, ports } = node.place;
    const publish = async (payload: string): Promise<void> => {
      const { client } = await MqttRawClient.connect({ host, port: ports.mqtt, clientId: 'one' });
      client.send(publishPacket({ topic: 'a', payload, qos: 1, packetId: 1 }));
      await client.receive(packetTypes.puback, 1);
      client.destroy();
    };
    await publish('before');
    await node.process.restart('kill');
    node.process.signal('SIGSTOP');
    await delay(300);
    node.process.signal('SIGCONT');
    await publish('after');
    await cluster.untilSettled();
    expect(await cluster.leaderOf('sensors', 1)).toBe(1);
    const { bootstrap } = cluster;
    const log = await readAllWithKcat({ bootstrap, topic: 'sensors', msMax: 20_000 });
    expect(log.map(({ value }) => value?.toString())).toEqual(['before', 'after']);
    await cluster.stop();
    expect(node.process.isRunning).toBe(false);
  },
);
