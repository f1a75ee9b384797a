import { readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { Prng } from '../../src/base/prng.ts';
import { decodeMeta, encodeMeta } from '../../src/log/data-directory.ts';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import { fakeClock, type FakeClock } from '../integration/harness/fake-clock.ts';
import { runShorelog } from '../integration/harness/run-shorelog.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { TestAuthority, type CertificateFiles } from '../support/certificates.ts';
import { requireTools } from '../support/require-tool.ts';
import { lastWordsOf } from './last-words.ts';
import { BadScene, configOf, sectionWithout, type ClusteredConfig } from './bad-scene.ts';

const waitMsMax = 30_000;
const testMsMax = 240_000;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const prepare = async (options: Parameters<typeof BadScene.prepare>[0]): Promise<BadScene> => {
  const scene = await BadScene.prepare(options);
  closers.push(() => scene.close());
  return scene;
};

/** Connections to a node's peer port that say one thing, or nothing, and stay. */
const strangers = (scene: BadScene, count: number, said?: Uint8Array): readonly Socket[] => {
  const { host, ports } = scene.cluster.node(1).place;
  return Array.from({ length: count }, () => {
    const socket = connectTcp(ports.peer, host);
    socket.on('error', () => undefined);
    if (said !== undefined) socket.once('connect', () => socket.write(said));
    scene.onClose(() => socket.destroy());
    return socket;
  });
};

const areClosed = (sockets: readonly Socket[]) =>
  waitUntil('their end', waitMsMax, () => sockets.every(({ destroyed }) => destroyed));

const peerOn = ([, kafka, , peer]: readonly number[]) => ({
  ...{ id: 4, peer: `127.0.0.1:${peer}`, kafka: `127.0.0.1:${kafka}` },
});

const random = new Prng(4);
const noFrames: readonly (readonly [string, Uint8Array])[] = [
  ['random bytes', Uint8Array.from({ length: 500 }, () => 128 + random.below(128))],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
  ['a Kafka client', Uint8Array.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0])],
  ['a frame of 2 GB', Uint8Array.from([0x7f, 255, 255, 255, 1])],
  ['a vote of nobody', Uint8Array.from([0, 0, 0, 11, 0, 52, 0, 2, 0, 0, 0, 1, 255, 255, 0])],
];

it(
  'strangers, twins, copies and nodes of other clusters change nothing, with a line each',
  async (context) => {
    requireTools(context, 'kcat');
    const folder = BadScene.folder('bad');
    const scene = await prepare({ folder });
    await scene.begin();
    for (const [, said] of noFrames) await areClosed(strangers(scene, 10, said));
    expect(scene.clusterLines()).toEqual([expect.stringContaining('keep all but nodes off')]);
    await scene.goesOn();

    // They take all places of node 1's port, and stay: nodes get theirs nevertheless.
    strangers(scene, 1_000);
    strangers(scene, 1_000, Uint8Array.from([0, 0, 1, 0, 1]));
    await delay(500);
    await scene.goesOn();
    const three = scene.cluster.node(3).process;
    const names = (text: string) => expect.stringContaining(text);
    const twin = await scene.intruder('twin');
    twin.spawn();
    const refused = await waitUntil('both refusals of the twin', waitMsMax, () => {
      const { length } = readFileSync(twin.outputFile, 'utf8').split('is there twice');
      return length > 2 ? scene.lines(twin) : undefined;
    });
    expect(refused).toEqual([
      names('node 3 is there twice: the one at 127.0.0.1:'),
      names('is refused; give it another node.id, or stop it'),
    ]);
    const rejoin = await runShorelog(twin, ['rejoin']);
    expect([rejoin.code, rejoin.error]).toEqual([1, names('node 3 is there twice')]);
    await twin.kill();

    const copy = await scene.intruder('copy', undefined, three.dataDir);
    const alone = await launchNode({ folder: join(folder, 'alone'), config: { node: { id: 3 } } });
    await alone.stop();
    const foreign = await scene.intruder('foreign', undefined, alone.dataDir);
    const named = await scene.intruder('named', (config) => ({
      ...config,
      cluster: { ...config.cluster, id: 'other' },
    }));
    const fourth = await scene.intruder('fourth', (config, ports) => ({
      ...config,
      node: { id: 4 },
      cluster: {
        ...config.cluster,
        peers: [...config.cluster.peers, peerOn(ports)],
      },
    }));
    scene.clusterLines();
    for (const [intruder, why] of [
      [copy, 'never start both'],
      [foreign, 'another cluster that has the same name'],
      [named, 'cluster.id must be the same on all nodes'],
      [fourth, 'is not listed in cluster.peers'],
    ] as const) {
      intruder.spawn();
      await waitUntil(`a line: ${why}`, waitMsMax, () =>
        readFileSync(intruder.outputFile, 'utf8').includes(why),
      );
      await waitUntil(`a line of node 1: ${why}`, waitMsMax, () =>
        scene.lines(scene.cluster.node(1).process).some((line) => line.includes(why)),
      );
    }
    await delay(2_000);
    // Four come again and again: what they are refused for was said.
    expect(scene.lines(scene.cluster.node(1).process)).toEqual([]);
    await scene.goesOn();
    for (const intruder of [copy, foreign, named, fourth]) {
      expect(scene.lines(intruder).length).toBeLessThanOrEqual(3);
      await intruder.kill();
    }
    expect(await scene.expectAll()).toEqual([]);
    await scene.cluster.untilSettled();
    expect(scene.lines(three).filter((line) => line.includes('twice'))).toEqual([]);
  },
  testMsMax,
);

it(
  'a restored disk is refused, however often it is started, and comes back empty',
  async (context) => {
    requireTools(context, 'kcat');
    const folder = BadScene.folder('restored');
    const scene = await prepare({ folder });
    await scene.begin();
    const three = scene.cluster.node(3).process;
    const backup = join(folder, 'backup');
    await three.stop();
    cpSync(three.dataDir, backup, { recursive: true });
    await three.start();
    await scene.goesOn();
    // As a kernel delivers it after a cut: nobody waits for the answer to what an older start said.
    const { host, ports } = scene.cluster.node(1).place;
    const late = connectTcp(ports.peer, host);
    late.on('error', () => undefined).resume();
    late.end(lastWordsOf(backup, configOf(three).cluster.id));
    await areClosed([late]);
    await delay(2 * limits.peerLastWordsMsMax);
    const isOfCopies = (line: string): boolean => line.includes('a copy of its data directory');
    expect(scene.clusterLines().filter(isOfCopies)).toEqual([]);
    await three.kill();
    rmSync(three.dataDir, { recursive: true });
    cpSync(backup, three.dataDir, { recursive: true });
    for (let start = 1; start <= 2; start++) {
      three.spawn();
      await waitUntil('two refusals', waitMsMax, () => {
        const { length } = readFileSync(three.outputFile, 'utf8').split('refuses: node 3 runs on');
        return length > 2 * start;
      });
      for (const line of scene.lines(three)) {
        expect(line).toContain(
          'move its data directory away, start it, then run `shorelog rejoin`',
        );
      }
      await scene.goesOn();
      await three.kill();
    }
    for (const id of [1, 2]) expect(scene.lines(scene.cluster.node(id).process)).toHaveLength(2);

    // What a later version wrote is left alone.
    for (const name of ['meta.json', 'meta.copy.json']) {
      const meta = decodeMeta(readFileSync(join(three.dataDir, name)));
      if (meta === undefined) throw new Error('the identity cannot be read');
      writeFileSync(join(three.dataDir, name), encodeMeta({ ...meta, formatVersion: 2 }));
    }
    const printed = three.output().length;
    expect((await three.spawn().exited).code).not.toBe(0);
    expect(three.output().slice(printed)).toContain(
      'has format 2, this version reads up to format 1',
    );

    rmSync(three.dataDir, { recursive: true });
    three.spawn();
    await waitUntil('a node beside the cluster', waitMsMax, async () => {
      const status = await three.status().catch(() => undefined);
      return status?.cluster?.state === 'waiting';
    });
    expect(await runShorelog(three, ['rejoin'])).toMatchObject({ code: 0, error: '' });
    await three.waitUntilReady();
    expect(await scene.expectAll()).toEqual([]);
  },
  testMsMax,
);

it(
  'without a certificate of the cluster nobody gets in, and a node without TLS says so',
  async (context) => {
    requireTools(context, 'kcat', 'openssl');
    const folder = BadScene.folder('tls');
    const authority = new TestAuthority(join(folder, 'ca'));
    const ofNode = (id: number) => authority.issue(`node-${id}`, `DNS:node-${id}`);
    const scene = await prepare({
      folder,
      change: (config, id) => ({ ...config, cluster: { ...config.cluster, tls: ofNode(id) } }),
    });
    await scene.begin();
    const one = scene.cluster.node(1);
    const callers: readonly (readonly [string, CertificateFiles | undefined])[] = [
      ['shows no certificate', undefined],
      [
        'is not signed by the authority',
        new TestAuthority(join(folder, 'other')).issue('node-3', 'DNS:node-3'),
      ],
      ['names no node of `cluster.peers`', authority.issue('sensor', 'DNS:sensor-9')],
      ['has expired', authority.issue('old', 'DNS:node-3', -1)],
    ];
    for (const [why, files] of callers) {
      for (let i = 0; i < 20; i++) {
        const { host, ports } = one.place;
        const shown = files && {
          cert: readFileSync(files.certFile),
          key: readFileSync(files.keyFile),
        };
        const socket = connectTls({ host, port: ports.peer, rejectUnauthorized: false, ...shown });
        socket.on('error', () => undefined);
        scene.onClose(() => socket.destroy());
      }
      const lines: string[] = [];
      await waitUntil(
        `a line: ${why}`,
        waitMsMax,
        () => lines.push(...scene.lines(one.process)) > 0,
      );
      expect(lines).toEqual([expect.stringContaining(why)]);
    }
    for (const [, said] of noFrames) await areClosed(strangers(scene, 10, said));
    strangers(scene, 1_000);
    await delay(500);
    await scene.goesOn();
    expect(scene.lines(one.process)).toEqual([expect.stringContaining('speaks without TLS')]);

    const three = scene.cluster.node(3).process;
    await three.stop();
    const secured = configOf(three);
    three.configure({ ...secured, cluster: sectionWithout(secured, 'tls') });
    three.spawn();
    const two = scene.cluster.node(2).process;
    const said = { two: [] as string[], three: [] as string[] };
    const listen = (): void => {
      said.two.push(...scene.lines(two));
      said.three.push(...scene.lines(three));
    };
    await waitUntil('a line of each', waitMsMax, () => {
      listen();
      return said.two.length > 0 && said.three.length > 0;
    });
    await delay(2_000);
    await scene.goesOn();
    listen();
    expect(said).toEqual({
      two: [expect.stringContaining('give every node of the cluster `cluster.tls`')],
      three: [expect.stringContaining('cluster.tls')],
    });
    expect(await scene.expectAll()).toEqual([]);
  },
  testMsMax,
);

it(
  'clocks that are fifty years apart, and jump, delete nothing and stop nobody',
  async (context) => {
    requireTools(context, 'kcat');
    const folder = BadScene.folder('clocks');
    const fiftyYears = 50 * 365 * 86_400;
    const clock: FakeClock = fakeClock(context, folder, fiftyYears);
    const scene = await prepare({
      ...{ folder, envOf: (id: number) => (id === 1 ? clock.env : {}) },
      config: {
        topics: [{ name: 'sensors', partitions: 1, retentionMs: 3_600_000 }],
        log: { segmentBytes: 4_096 },
      },
    });
    // Node 1 leads all that is new: the lowest of equals.
    await scene.begin([2, 3]);
    const one = scene.cluster.node(1).process;
    const stateOf = async () => (await one.status()).clock;
    await waitUntil('a clock apart', waitMsMax, async () => (await stateOf()).state === 'apart');
    expect(
      readFileSync(one.outputFile, 'utf8').split('is ahead of those of the other nodes'),
    ).toHaveLength(2);
    for (const seconds of [fiftyYears, -fiftyYears, 0]) {
      clock.set(seconds);
      await scene.goesOn(80);
      // Retention looks each second.
      await delay(1_500);
    }
    await waitUntil(
      'a clock that is right',
      waitMsMax,
      async () => (await stateOf()).apartMs === undefined,
    );
    for (const { process } of scene.cluster.nodes) {
      const { partitions } = await process.status();
      for (const { logStartOffset } of partitions.filter(({ topic }) => topic === 'sensors')) {
        expect(logStartOffset).toBe(0);
      }
    }
    for (const id of [2, 3]) expect(scene.lines(scene.cluster.node(id).process)).toEqual([]);
    expect(await scene.expectAll()).toEqual([]);
  },
  testMsMax,
);

it.for([
  ['members', 'other cluster.peers (1, 2, 3) than node 1 (1, 2, 3, 4)'],
  ['addresses', 'answers at the address of node'],
] as const)('lists of %s that disagree keep a cluster from beginning', async ([kind, why]) => {
  const folder = BadScene.folder(`lists-${kind}`);
  const peer = peerOn([1, 2, 3, 4]);
  const change = (config: ClusteredConfig, id: number): ClusteredConfig => {
    const { peers } = config.cluster;
    const swapped = peers.map((each) => {
      const other = peers.find((node) => node.id === 5 - each.id);
      return each.id === 1 ? each : { ...each, peer: other?.peer ?? each.peer };
    });
    if (id !== 1) return config;
    const lists = { members: [...peers, peer], addresses: swapped };
    return { ...config, cluster: { ...config.cluster, peers: lists[kind] } };
  };
  const scene = await prepare({ folder, change });
  const { nodes } = scene.cluster;
  for (const { process } of nodes) process.spawn();
  const one = scene.cluster.node(1).process;
  const lines: string[] = [];
  const ofThat = (): number => lines.filter((line) => line.includes(why)).length;
  await waitUntil('two lines of node 1', waitMsMax, () => {
    lines.push(...scene.lines(one));
    return ofThat() >= 2;
  });
  expect(ofThat()).toBe(2);
  await delay(2_000);
  expect(scene.lines(one)).toEqual([]);
  for (const { cluster } of (await scene.cluster.statuses()).values()) {
    expect(cluster?.state).toBe('forming');
  }
});
