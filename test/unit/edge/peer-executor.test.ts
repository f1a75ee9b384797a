import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import { clockNode } from '../../../edge/clock-node.ts';
import { PeerExecutor } from '../../../edge/peer-executor.ts';
import { readPeerTls } from '../../../edge/peer-tls.ts';
import { connectionId, linkId } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import type { PeerEvent } from '../../../src/core/peer/peer-transport.ts';
import { TestAuthority, type CertificateFiles } from '../../support/certificates.ts';
import { hasTool, requireTools } from '../../support/require-tool.ts';

type TestEvent = PeerEvent | { readonly type: 'ConnectionClosed' };

const dir = mkdtempSync(join(tmpdir(), 'shorelog-peers-'));
const certificates: Record<string, CertificateFiles> = {};
const closing: (() => Promise<void> | void)[] = [];
const link = linkId(1);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

beforeAll(() => {
  if (!hasTool('openssl')) return;
  const [ours, others] = [new TestAuthority(join(dir, 'a')), new TestAuthority(join(dir, 'b'))];
  certificates['one'] = ours.issue('node-1', 'DNS:node-1');
  certificates['two'] = ours.issue('node-2', 'DNS:node-2');
  certificates['seven'] = ours.issue('node-7', 'DNS:node-7');
  certificates['late'] = ours.issue('late', 'DNS:node-2', -1);
  const stranger = others.issue('node-2', 'DNS:node-2');
  certificates['stranger'] = { ...stranger, caFile: ours.caFile };
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface TestNode {
  readonly events: TestEvent[];
  readonly lines: string[];
  readonly executor: PeerExecutor;
  readonly port: number;
}

interface NodeOptions {
  /** Name of its certificate; undefined: plain. */
  readonly certificate?: string;
  /** Which node it takes the certificate for. */
  readonly id?: number;
  /** Where it finds node 1. */
  readonly port?: number;
}

async function startPeer({ certificate, id = 1, port = 0 }: NodeOptions): Promise<TestNode> {
  const events: TestEvent[] = [];
  const lines: string[] = [];
  const at = (node: number, to: number) => ({
    id: node,
    address: { host: '127.0.0.1', port: to },
  });
  const self = at(id, 0);
  const files = certificate === undefined ? undefined : certificates[certificate];
  const tls = files === undefined ? undefined : await readPeerTls(files, self);
  if (tls?.ok === false) throw new Error(tls.error.text);
  let connections = 0;
  const executor = new PeerExecutor({
    settings: {
      ...{ self, listen: self.address },
      peers: [at(1, port), at(2, 0)],
      tls: tls?.value,
    },
    telemetry: { write: (_, text) => lines.push(text) },
    clock: clockNode,
    post: (event) => events.push(event),
    nextConnectionId: () => connectionId(++connections),
  });
  closing.push(() => executor.stop());
  const bound = await executor.listen();
  if (!bound.ok) throw new Error(bound.error);
  lines.length = 0; // a certificate that ends is told at the start
  return { events, lines, executor, port: bound.value.port };
}

const open = ({ executor }: TestNode, nodeId = 1): void =>
  executor.run({ type: 'OpenLink', link, nodeId, purpose: 'fetch' });

const typesOf = ({ events }: TestNode): string[] => events.map(({ type }) => type);

const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 5 });

const received = ({ events }: TestNode): string =>
  events.map((event) => ('chunk' in event ? new TextDecoder().decode(event.chunk) : '')).join('');

function rawServer(accept: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    accept(socket);
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function rawClient(port: number, first: string): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  closing.push(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.write(first);
  return socket;
}

describe.each(['TCP', 'TLS'])('two nodes over %s', (way) => {
  const certified = (certificate: string) => (way === 'TLS' ? { certificate } : {});
  const pair = async (context: TestContext): Promise<[TestNode, TestNode]> => {
    if (way === 'TLS') requireTools(context, 'openssl');
    const one = await startPeer(certified('one'));
    return [one, await startPeer({ ...certified('two'), id: 2, port: one.port })];
  };

  it('carry bytes both ways, and tell the end of a link once', async (context) => {
    const [one, two] = await pair(context);
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkOpened']));
    two.executor.run({ type: 'SendToLink', link, chunks: [bytes('hel'), bytes('lo')] });
    await until(() => expect(received(one)).toBe('hello'));
    const connections = one.executor.connections({
      send: () => expect.unreachable(),
      close: () => expect.unreachable(),
      hold: () => expect.unreachable(),
    });
    const large = bytes('welcome '.repeat(limits.socketReportBytes / 8));
    connections.send(connectionId(1), [large]);
    await until(() => expect(received(two)).toBe(new TextDecoder().decode(large)));
    await until(() =>
      expect(one.events.at(-1)).toMatchObject({ type: 'PeerBytesSent', bytes: large.length }),
    );
    expect(one.executor.facts).toMatchObject({ connections: 1, links: 0 });
    expect(two.executor.facts).toMatchObject({ connections: 0, links: 1 });
    two.executor.run({ type: 'SendToLink', link, chunks: [bytes('bye')] });
    two.executor.run({ type: 'CloseLink', link, reason: 'done' });
    two.executor.run({ type: 'SendToLink', link, chunks: [bytes('never')] });
    await until(() => expect(typesOf(one).at(-1)).toBe('ConnectionClosed'));
    expect(received(one)).toBe('hellobye');
    expect(two.events.at(-1)).toMatchObject({
      type: 'LinkClosed',
      isRefused: false,
      reason: 'done',
    });
    expect(new Set(typesOf(two))).toEqual(
      new Set(['LinkOpened', 'LinkBytesReceived', 'LinkClosed']),
    );
    expect(typesOf(two).filter((type) => type === 'LinkClosed')).toHaveLength(1);
    expect([...one.lines, ...two.lines]).toEqual([]);
  });

  it('hold a connection that is not to be read', async (context) => {
    const [one, two] = await pair(context);
    open(two);
    await until(() => expect(typesOf(one)).toContain('PeerConnectionOpened'));
    const nobody = { send: () => undefined, close: () => undefined, hold: () => undefined };
    const connections = one.executor.connections(nobody);
    connections.hold(connectionId(1), true);
    const chunk = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 16; i++) two.executor.run({ type: 'SendToLink', link, chunks: [chunk] });
    const arrived = (): number =>
      one.events.reduce((sum, event) => sum + ('chunk' in event ? event.chunk.length : 0), 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arrived()).toBeLessThan(16 * chunk.length);
    connections.hold(connectionId(1), false);
    await until(() => expect(arrived()).toBe(16 * chunk.length));
    connections.close(connectionId(1), true);
    await until(() => expect(typesOf(two).at(-1)).toBe('LinkClosed'));
  });

  it('give a link up that would hold too much', async (context) => {
    const [one, two] = await pair(context);
    open(two);
    await until(() => expect(typesOf(one)).toContain('PeerConnectionOpened'));
    const nobody = { send: () => undefined, close: () => undefined, hold: () => undefined };
    one.executor.connections(nobody).hold(connectionId(1), true);
    const chunk = new Uint8Array(limits.peerUnsentBytesMax / 4);
    for (let i = 0; i < 6; i++) two.executor.run({ type: 'SendToLink', link, chunks: [chunk] });
    await until(() => expect(two.events.at(-1)).toMatchObject({ type: 'LinkClosed' }));
    expect(two.executor.facts.outgoing.closedUndrained).toBe(1);
  });

  it('tell the other of a stop', async (context) => {
    const [one, two] = await pair(context);
    open(two);
    await until(() => expect(typesOf(one)).toContain('PeerConnectionOpened'));
    two.executor.run({ type: 'SendToLink', link, chunks: [bytes('farewell')] });
    await two.executor.stop();
    await until(() => expect(typesOf(one).at(-1)).toBe('ConnectionClosed'));
    expect(received(one)).toBe('farewell');
    await one.executor.stop();
  });
});

describe('a link', () => {
  it('to a port where nobody listens is refused', async () => {
    const one = await startPeer({});
    await one.executor.stop();
    const two = await startPeer({ id: 2, port: one.port });
    open(two);
    await until(() =>
      expect(two.events).toEqual([
        { type: 'LinkClosed', link, isRefused: true, reason: 'ECONNREFUSED' },
      ]),
    );
    expect(two.executor.facts.outgoing.failed).toBe(1);
  });

  it('to a node that the config does not have is closed', async () => {
    const two = await startPeer({ id: 2 });
    open(two, 9);
    await until(() => expect(two.events).toHaveLength(1));
    expect(two.events[0]).toMatchObject({ isRefused: false, reason: expect.stringContaining('9') });
  });

  it('that is closed before it is open says nothing but that', async () => {
    const one = await startPeer({});
    const two = await startPeer({ id: 2, port: one.port });
    open(two);
    two.executor.run({ type: 'CloseLink', link, reason: 'changed my mind' });
    await until(() => expect(typesOf(two)).toEqual(['LinkClosed']));
  });

  it('that is reset in the handshake is not refused: somebody is there', async (context) => {
    requireTools(context, 'openssl');
    const port = await rawServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const two = await startPeer({ certificate: 'two', id: 2, port });
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkClosed']));
    expect(two.events[0]).toMatchObject({ isRefused: false, reason: 'ECONNRESET' });
  });

  it('that the core closed tells nothing more', async () => {
    let accepted: Socket | undefined;
    const port = await rawServer((socket) => (accepted = socket.pause()));
    const two = await startPeer({ id: 2, port });
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkOpened']));
    await until(() => expect(accepted).toBeDefined());
    const chunk = new Uint8Array(16 * 1024 * 1024);
    two.executor.run({ type: 'SendToLink', link, chunks: [chunk] });
    two.executor.run({ type: 'CloseLink', link, reason: 'done' });
    accepted?.write('late', () => setTimeout(() => accepted?.resume(), 20));
    await until(() => expect(typesOf(two).at(-1)).toBe('LinkClosed'));
    expect(typesOf(two)).toEqual(['LinkOpened', 'LinkClosed']);
  });

  it('whose handshake never ends is given up', async (context) => {
    requireTools(context, 'openssl');
    const port = await rawServer(() => undefined);
    const two = await startPeer({ certificate: 'two', id: 2, port });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      open(two);
      vi.advanceTimersByTime(limits.peerHandshakeMs - 1);
      expect(two.events).toEqual([]);
      vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    await until(() => expect(typesOf(two)).toEqual(['LinkClosed']));
    expect(two.events[0]).toMatchObject({ isRefused: false, reason: 'no answer within 5000 ms' });
  });
});

describe('strangers', () => {
  it.for<[string, string, number, string]>([
    ['another authority', 'stranger', 2, 'is not signed by the authority'],
    ['the name of no node', 'seven', 7, 'names no node of `cluster.peers`'],
    ['a certificate that has ended', 'late', 2, 'has expired'],
  ])('with %s are not let in', async ([, certificate, id, text], context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({ certificate: 'one' });
    const two = await startPeer({ certificate, id, port: one.port });
    open(two);
    await until(() => expect(typesOf(two)).toContain('LinkClosed'));
    expect(two.events.at(-1)).toMatchObject({
      isRefused: false,
      reason: expect.stringContaining("refuses this node's certificate"),
    });
    expect(one.events).toEqual([]);
    expect(one.lines).toEqual([expect.stringContaining(text)]);
    expect(one.lines[0]).toContain('127.0.0.1');
    expect(one.executor.facts.listener.strangers).toBe(1);
  });

  it.for<[string, string, string]>([
    ['another authority', 'stranger', 'is not signed by the authority'],
    ['the name of another node', 'two', 'names no node'],
    ['a certificate that has ended', 'late', 'has expired'],
  ])('that answer with %s are left', async ([, certificate, text], context) => {
    requireTools(context, 'openssl');
    const stranger = await startPeer({ certificate, id: 2 });
    const two = await startPeer({ certificate: 'two', id: 2, port: stranger.port });
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkClosed']));
    expect(two.events[0]).toMatchObject({ reason: expect.stringContaining(text) });
    expect(two.lines).toEqual([expect.stringContaining(text)]);
    expect(stranger.events).toEqual([]);
  });

  it('that speak plainly to a TLS port are told apart, once', async (context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({ certificate: 'one' });
    for (const first of ['\0\0\0\x14\0\x12\0\x03\0\0\0\x01\0\x03abc', 'GET / HTTP/1.1\r\n\r\n']) {
      const socket = rawClient(one.port, first);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(one.lines).toEqual([expect.stringContaining('without TLS')]);
    expect(one.events).toEqual([]);
  });

  it('that show no certificate are not let in', async (context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({ certificate: 'one' });
    const { connect: connectTls } = await import('node:tls');
    const socket = connectTls({ host: '127.0.0.1', port: one.port, rejectUnauthorized: false });
    closing.push(() => void socket.destroy());
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(one.lines).toEqual([expect.stringContaining('shows no certificate')]);
    expect(one.events).toEqual([]);
  });

  it('cannot keep a node out with handshakes that do not end', async (context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({ certificate: 'one' });
    for (let i = 0; i < limits.peerHandshakesMax + 8; i++) rawClient(one.port, '');
    const two = await startPeer({ certificate: 'two', id: 2, port: one.port });
    open(two);
    await until(() => expect(typesOf(one)).toEqual(['PeerConnectionOpened']));
  });

  it('that speak TLS to a plain port are told apart', async (context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({});
    const two = await startPeer({ certificate: 'two', id: 2, port: one.port });
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkClosed']));
    expect(one.lines).toEqual([expect.stringContaining('speaks TLS and this node does not')]);
    expect(typesOf(one)).toEqual(['PeerConnectionOpened', 'ConnectionClosed']);
  });

  it('that want TLS of a plain link are told apart', async (context) => {
    requireTools(context, 'openssl');
    const one = await startPeer({ certificate: 'one' });
    const two = await startPeer({ id: 2, port: one.port });
    open(two);
    await until(() => expect(typesOf(two)).toEqual(['LinkOpened']));
    two.executor.run({ type: 'SendToLink', link, chunks: [bytes('\0\0\0\x14\0\x12\0\x03')] });
    await until(() => expect(typesOf(two)).toEqual(['LinkOpened', 'LinkClosed']));
    expect(one.lines).toEqual([expect.stringContaining('without TLS')]);
  });
});
