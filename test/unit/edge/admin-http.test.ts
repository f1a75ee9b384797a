import { describe, expect, it } from 'vitest';

import type { AdminDeps, ForwardRequest } from '../../../edge/admin-http.ts';
import { adminApp } from '../../../edge/admin-http.ts';
import type { OperatorRequest } from '../../../src/core/cluster/operator-request.ts';
import type { NodeStatus } from '../../../src/core/node-status.ts';

const status: NodeStatus = {
  health: 'ok',
  node: { id: 1, version: '0.1.0', clusterId: 'c' },
  topics: [],
  partitions: [],
  mqtt: { connections: 0 },
  clock: { state: 'ok', jumps: 0, lastJumpMs: 0 },
  disk: { usedBytes: 1, budgetBytes: 2, droppedRecords: 0, droppedQos0: 0 },
  damaged: [],
  forward: [],
};

function setUp(overrides: Partial<AdminDeps> = {}) {
  const decided: ForwardRequest[] = [];
  const printed: string[] = [];
  const operated: OperatorRequest[] = [];
  const app = adminApp({
    telemetry: { write: (_, text) => printed.push(text) },
    status: () => Promise.resolve(status),
    isReady: () => true,
    metrics: () => [{ name: 'up', help: 'Up.', kind: 'gauge', value: 1 }],
    operate: (request) => {
      operated.push(request);
      return Promise.resolve({ ok: true });
    },
    decideForward: (request) => {
      decided.push(request);
      return Promise.resolve({ ok: true });
    },
    ...overrides,
  });
  return { app, decided, operated, printed };
}

const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } }) as never;
const local = from('127.0.0.1');

function post(body: unknown, headers: Record<string, string> = {}) {
  return {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', host: '127.0.0.1:9640', ...headers },
  };
}
const decision = { topic: 'sensors', partition: 2, from: 'start' };

describe('reading', () => {
  it('says that the process lives and whether it is ready', async () => {
    const { app } = setUp();
    expect((await app.request('/healthz')).status).toBe(200);
    expect((await app.request('/readyz')).status).toBe(200);
    const starting = setUp({ isReady: () => false }).app;
    expect((await starting.request('/healthz')).status).toBe(200);
    expect((await starting.request('/readyz')).status).toBe(503);
  });

  it('serves metrics and status', async () => {
    const { app } = setUp();
    const metrics = await app.request('/metrics');
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await metrics.text()).toContain('shorelog_up 1\n');
    expect(await (await app.request('/api/v1/status')).json()).toEqual(status);
  });

  it('answers JSON where nothing is', async () => {
    const answer = await setUp().app.request('/nothing');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: 'nothing is served at GET /nothing' });
  });

  it('keeps a fault to itself', async () => {
    const { app, printed } = setUp({
      status: () => {
        throw new Error('secret');
      },
    });
    const answer = await app.request('/api/v1/status');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(/secret|at /);
    expect(printed).toEqual(['an admin request failed']);
  });
});

describe('forward', () => {
  it.each([{ ...decision }, { ...decision, from: 'cursor' }, { ...decision, from: 17 }])(
    'takes %j',
    async (body) => {
      const { app, decided } = setUp();
      const answer = await app.request('/api/v1/forward', post(body), local);
      expect(answer.status).toBe(200);
      expect(decided).toEqual([body]);
    },
  );

  it.each([
    'no json',
    '',
    null,
    [],
    {},
    { ...decision, from: -1 },
    { ...decision, from: 1.5 },
    { ...decision, from: 'end' },
    { ...decision, partition: '2' },
    { ...decision, topic: 'a/b' },
    { ...decision, more: 1 },
  ])('refuses %j', async (body) => {
    const { app, decided } = setUp();
    const answer = await app.request('/api/v1/forward', post(body), local);
    expect(answer.status).toBe(400);
    expect(decided).toEqual([]);
  });

  it('tells why the node refused', async () => {
    const { app } = setUp({
      decideForward: () => Promise.resolve({ ok: false, text: 'no route' }),
    });
    const answer = await app.request('/api/v1/forward', post(decision), local);
    expect(answer.status).toBe(409);
    expect(await answer.json()).toEqual({ error: 'no route' });
  });

  it.each([
    ['a rebound name', 403, { host: 'evil.example:9640' }, local],
    ['a name that looks local', 403, { host: '127.0.0.1.evil.example' }, local],
    ['a foreign page', 403, { origin: 'https://evil.example' }, local],
    ['a page without an origin', 403, { origin: 'null' }, local],
    ['a form', 415, { 'content-type': 'text/plain' }, local],
    ['another machine', 403, {}, from('10.0.0.9')],
    ['an unknown other end', 403, {}, {} as never],
  ])('refuses %s', async (_, code, headers, env) => {
    const { app, decided } = setUp();
    const answer = await app.request('/api/v1/forward', post(decision, headers), env);
    expect(answer.status).toBe(code);
    expect(decided).toEqual([]);
  });

  it.each([{ host: 'localhost:9640', origin: 'http://localhost:9640' }, { host: '[::1]:9640' }])(
    'takes the names of loopback %j',
    async (headers) => {
      const answer = await setUp().app.request(
        '/api/v1/forward',
        post(decision, headers),
        from('::ffff:127.0.0.1'),
      );
      expect(answer.status).toBe(200);
    },
  );

  it('refuses a large body', async () => {
    const answer = await setUp().app.request('/api/v1/forward', post('x'.repeat(5000)), local);
    expect(answer.status).toBe(413);
  });
});

describe('what operators ask of the cluster', () => {
  const asked = [
    { type: 'join' },
    { type: 'rejoin' },
    { type: 'alterTopic', topic: 'sensors', replicas: 3, minInsyncReplicas: 0 },
    { type: 'alterTopic', topic: 'sensors', retentionMs: -1, retentionBytes: 1 },
    { type: 'promote', isConfirmed: false },
  ];

  it('is taken from this machine', async () => {
    const { app, operated } = setUp();
    for (const request of asked) {
      expect((await app.request('/api/v1/cluster', post(request), local)).status).toBe(200);
    }
    expect(operated).toEqual(asked);
  });

  it('is refused from elsewhere, malformed, or where the cluster says no', async () => {
    const { app, operated } = setUp();
    const send = async (body: unknown, sender = local) =>
      (await app.request('/api/v1/cluster', post(body), sender)).status;
    expect(await send(asked[0], from('192.168.1.9'))).toBe(403);
    for (const body of [
      'x',
      {},
      { type: 'promote' },
      { type: 'leave' },
      { type: 'join', nodeId: 3 },
      { type: 'alterTopic', topic: 'sensors', retentionMs: 0 },
      { type: 'alterTopic', topic: 'sensors', replicas: -1 },
      { type: 'alterTopic', topic: 'sensors', minInsyncReplicas: -1 },
    ]) {
      expect(await send(body)).toBe(400);
    }
    expect(await send({ ...asked[2], replicas: -1 })).toBe(400);
    expect(operated).toEqual([]);
    const operate = () => Promise.resolve({ ok: false as const, text: 'no leader' });
    const answer = await setUp({ operate }).app.request('/api/v1/cluster', post(asked[0]), local);
    expect([answer.status, await answer.json()]).toEqual([409, { error: 'no leader' }]);
  });
});
