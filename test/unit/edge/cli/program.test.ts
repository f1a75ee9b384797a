import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { AdminServer } from '../../../../edge/admin-server.ts';
import { startAdminServer } from '../../../../edge/admin-server.ts';
import type { ForwardRequest } from '../../../../edge/admin-http.ts';
import { runCli } from '../../../../edge/cli/program.ts';
import { formatAddress } from '../../../../src/config/address.ts';
import type { OperatorRequest } from '../../../../src/core/cluster/operator-request.ts';
import type { NodeStatus } from '../../../../src/core/node-status.ts';
import { capturedTerminal } from '../../../support/captured-terminal.ts';

const partition = {
  topic: 'sensors',
  topicId: 'id-1',
  partition: 0,
  role: 'leader',
  leader: 1,
  leaderEpoch: 3,
  logStartOffset: 10,
  logEndOffset: 25,
  highWatermark: 20,
  replicas: [1],
  inSync: [1],
  atRisk: false,
} as const;
const status: NodeStatus = {
  health: 'degraded',
  node: { id: 1, version: '0.1.0', clusterId: 'c' },
  topics: [
    {
      ...{ topic: 'sensors', topicId: 'id-1', partitions: 2, replicas: 'auto' },
      ...{ minInsyncReplicas: 2, retentionMs: 7_200_000, retentionBytes: 1_536 },
      keepUnforwarded: true,
    },
  ],
  partitions: [partition, { ...partition, partition: 1 }],
  mqtt: { connections: 2 },
  clock: { state: 'ok', jumps: 0, lastJumpMs: 0 },
  disk: { usedBytes: 2048, budgetBytes: 1 << 30, droppedRecords: 7, droppedQos0: 0 },
  damaged: [{ topic: 'sensors', partition: 1, from: 7, to: 9, reason: 'crc' }],
  forward: [{ topic: 'sensors', partition: 0, state: 'stopped', lastError: 'not equal' }],
};

const decided: ForwardRequest[] = [];
const operated: OperatorRequest[] = [];
let server: AdminServer | undefined;
let admin = '';
let nobody = '';

beforeAll(async () => {
  const started = await startAdminServer(
    { host: '127.0.0.1', port: 0 },
    {
      telemetry: { write: () => undefined },
      status: () => Promise.resolve(status),
      isReady: () => true,
      metrics: () => [],
      operate: (request) => {
        operated.push(request);
        const isKnown = request.type !== 'alterTopic' || request.topic === 'sensors';
        return Promise.resolve(isKnown ? { ok: true } : { ok: false, text: 'no such topic' });
      },
      decideForward: (request) => {
        decided.push(request);
        const isKnown = request.topic === 'sensors';
        return Promise.resolve(isKnown ? { ok: true } : { ok: false, text: 'no such topic' });
      },
    },
  );
  if (!started.ok) throw new Error(started.error);
  server = started.value;
  admin = formatAddress(server.address);
  nobody = `127.0.0.1:${await unusedPort()}`;
});
afterAll(() => server?.close());

const unusedPort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

async function run(...argv: string[]) {
  const captured = capturedTerminal();
  const code = await runCli({ terminal: captured.terminal, env: {} }, argv);
  return { code, out: captured.out.join('\n'), error: captured.error.join('\n') };
}

describe('usage', () => {
  it('shows help and version', async () => {
    const help = await run('--help');
    expect(help.code).toBe(0);
    for (const command of ['start', 'status', 'topics', 'consume', 'publish', 'check', 'forward']) {
      expect(help.out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
    expect(await run('--version')).toMatchObject({ code: 0, out: '0.1.0' });
  });

  it.each([
    [['nope'], "unknown command 'nope'"],
    [['statsu'], 'Did you mean status?'],
    [['status', '--amdin', 'x'], 'Did you mean --admin?'],
    [['status', '--admin', 'x'], 'Expected HOST:PORT.'],
    [['consume'], "missing required argument 'topic'"],
    [['consume', 't', '--from', 'middle'], 'Expected start, end or an offset.'],
    [['consume', 't', '--from', '-1'], 'Expected start, end or an offset.'],
    [['consume', 't', '--since', 'yesterday'], 'Expected a time like'],
    [['consume', 't', '--since', '1h', '--from', '3'], 'cannot be used with option'],
    [['consume', 't', '--limit', '1.5'], 'Expected a whole number.'],
    [['publish', 't', 'x', '--qos', '3'], 'Expected 0, 1 or 2.'],
    [['forward', '--topic', 'a'], 'required option'],
    [['publish', 'a/#', 'x'], 'has no wildcard'],
    [['publish', '', 'x'], 'not empty'],
  ])('%j is a usage error', async (argv, text) => {
    const { code, out, error } = await run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(text);
  });

  it.each([
    ['start'],
    ['status'],
    ['topics'],
    ['consume', 't'],
    ['publish', 't', 'x'],
    ['check'],
    ['bench'],
  ])('%s refuses a config that is not there', async (...argv) => {
    const { code, error } = await run(...argv, '--config', '/nowhere.yaml');
    expect(code).toBe(2);
    expect(error).toContain('/nowhere.yaml: cannot read the config file (ENOENT)');
    expect(error).not.toMatch(/\n\s+at /);
  });
});

it.each([
  ['--seconds', '0'],
  ['--rate', '0'],
  ['--payload', '65537'],
])('bench refuses %s %s', async (flag, value) => {
  const { code, error } = await run('bench', flag, value);
  expect(code).toBe(2);
  expect(error).toContain(`${flag} must be from `);
});

describe('without a node', () => {
  it.each([
    [['status'], 'admin'],
    [['topics'], 'admin'],
    [['forward', '--topic', 'a', '--partition', '0', '--from', 'start'], 'admin'],
    [['consume', 't'], 'kafka'],
    [['publish', 't', 'x'], 'mqtt'],
  ])('%j says so, and what to do', async (argv, kind) => {
    const { code, out, error } = await run(...argv, `--${kind}`, nobody);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toMatch(
      /^error: no (node|MQTT broker) answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\n/,
    );
    expect(error).toContain('`shorelog start`');
    expect(error.split('\n')).toHaveLength(2);
  });

  it('notices that something else answers', async () => {
    const other = await run('consume', 't', '--kafka', admin);
    expect(other.code).toBe(1);
    expect(other.error).toMatch(/^error: /);
    expect((await run('publish', 't', 'x', '--mqtt', admin)).code).toBe(1);
  });
});

describe('with a node', () => {
  it('shows the status', async () => {
    const { code, out } = await run('status', '--admin', admin);
    expect(code).toBe(0);
    expect(out).toMatch(/^degraded\nnode 1 {2}version 0\.1\.0 {2}cluster c\n/);
    expect(out).toContain('disk 2.0 KiB of 1.0 GiB  7 records dropped');
    expect(out).toContain('damaged sensors-1: offsets 7 to 8 are lost (crc)');
    expect(out).toMatch(/sensors +0 +leader +1 +3 +10 +20 +25 +1\/1/);
    expect(out).toMatch(/sensors +0 +stopped +\? +\? +not equal/);
    const json = await run('status', '--json', '--admin', admin);
    expect(JSON.parse(json.out)).toEqual(status);
  });

  it('shows several nodes, also where one does not answer', async () => {
    const { code, out, error } = await run('status', '--admin', admin, '--admin', nobody);
    expect(code).toBe(0);
    expect(out).toMatch(/^degraded\nnode 1 /);
    expect(error).toContain(`no node answers at ${nobody} (ECONNREFUSED)`);
    const json = await run('status', '--json', '--admin', admin, '--admin', nobody);
    const nodes = [
      { admin, status },
      { admin: nobody, error: expect.stringContaining(nobody) },
    ];
    expect(JSON.parse(json.out)).toEqual({ health: 'degraded', nodes, advice: [] });
  });

  it('lists topics and partitions', async () => {
    expect((await run('topics', '--admin', admin)).out).toMatch(
      /sensors +2 +auto +2 h or 1\.5 KiB +20 +id-1/,
    );
    const one = (await run('topics', 'sensors', '--admin', admin)).out.split('\n');
    expect([one.length, one[0]]).toEqual([
      4,
      'replicas auto  minInsyncReplicas 2  retentionMs 7200000  retentionBytes 1536  keepUnforwarded true',
    ]);
    const json = await run('topics', '--json', '--admin', admin);
    expect(JSON.parse(json.out)).toMatchObject([
      { topic: 'sensors', partitions: [{}, {}], config: { retentionMs: 7_200_000 } },
    ]);
    expect(await run('topics', 'zz', '--admin', admin)).toMatchObject({
      code: 1,
      error: 'error: the node has no topic "zz"\n  it has: sensors',
    });
  });

  it('passes on what is asked of the cluster, or its refusal', async () => {
    const alter = (topic: string, ...args: string[]) =>
      run('topics', 'alter', topic, ...args, '--admin', admin);
    expect((await run('join', '--admin', admin)).code).toBe(0);
    expect((await run('rejoin', '--admin', admin)).code).toBe(0);
    expect((await alter('sensors', '--replicas', 'auto')).code).toBe(0);
    const kept = await alter(
      ...['sensors', '--retention-ms', '60000', '--retention-bytes=unlimited'],
      '--keep-unforwarded=false',
    );
    expect([kept.code, kept.out]).toEqual([
      0,
      'sensors has retentionMs 60000 and retentionBytes unlimited and keepUnforwarded false now, ' +
        'on every node',
    ]);
    const needed = await alter('sensors', '--min-insync-replicas', 'auto');
    expect([needed.code, needed.out]).toEqual([
      0,
      'sensors has minInsyncReplicas auto now, on every node',
    ]);
    expect(operated.pop()).toEqual({ type: 'alterTopic', topic: 'sensors', minInsyncReplicas: 0 });
    expect(operated).toEqual([
      { type: 'join' },
      { type: 'rejoin' },
      { type: 'alterTopic', topic: 'sensors', replicas: 0 },
      {
        ...{ type: 'alterTopic', topic: 'sensors' },
        ...{ retentionMs: 60_000, retentionBytes: -1, keepUnforwarded: false },
      },
    ]);
    expect(await alter('other', '--replicas', '3')).toMatchObject({
      code: 1,
      error: 'error: the node refused: no such topic',
    });
    for (const wrong of [
      [],
      ['--replicas', '0'],
      ['--min-insync-replicas', '0'],
      ['--retention-ms', '0'],
      ['--keep-unforwarded=no'],
    ]) {
      expect((await alter('sensors', ...wrong)).code).toBe(2);
    }
    expect((await alter('sensors')).error).toContain('say what to change');
  });

  it('promotes only when it is told --yes', async () => {
    operated.length = 0;
    const asked = await run('promote', '--admin', admin);
    expect([asked.code, asked.out]).toEqual([1, expect.stringContaining('again with --yes')]);
    const done = await run('promote', '--yes', '--json', '--admin', admin);
    expect([done.code, JSON.parse(done.out)]).toMatchObject([0, { isDone: true }]);
    expect(operated).toEqual([
      { type: 'promote', isConfirmed: false },
      { type: 'promote', isConfirmed: true },
    ]);
  });

  it('passes on a forward decision, or its refusal', async () => {
    const args = ['--partition', '2', '--from', '17', '--admin', admin];
    expect((await run('forward', '--topic', 'sensors', ...args)).code).toBe(0);
    expect(decided.at(-1)).toEqual({ topic: 'sensors', partition: 2, from: 17 });
    expect(await run('forward', '--topic', 'other', ...args)).toMatchObject({
      code: 1,
      error: 'error: the node refused: no such topic',
    });
  });
});
