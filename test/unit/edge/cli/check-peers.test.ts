import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { clockNode } from '../../../../edge/clock-node.ts';
import { peerFindings } from '../../../../edge/cli/check-peers.ts';
import { PeerExecutor } from '../../../../edge/peer-executor.ts';
import { readPeerTls } from '../../../../edge/peer-tls.ts';
import { connectionId } from '../../../../src/base/brand.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/parse-config.ts';
import { TestAuthority, type CertificateFiles } from '../../../support/certificates.ts';
import { hasTool, requireTools } from '../../../support/require-tool.ts';

const dir = mkdtempSync(join(tmpdir(), 'shorelog-check-peers-'));
const certificates: Record<string, CertificateFiles> = {};
const closing: (() => Promise<void> | void)[] = [];

beforeAll(() => {
  if (!hasTool('openssl')) return;
  const [ours, others] = [new TestAuthority(join(dir, 'a')), new TestAuthority(join(dir, 'b'))];
  certificates['one'] = ours.issue('node-1', 'DNS:node-1', 10);
  certificates['two'] = ours.issue('node-2', 'DNS:node-2');
  certificates['stranger'] = others.issue('node-1', 'DNS:node-1');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The config of node 1 beside a node 2 on a port. */
function configBeside(port: number, certificate?: string): Config {
  const base = defaultConfig();
  const address = (to: number): string => `127.0.0.1:${to}`;
  const tls = certificate === undefined ? undefined : certificates[certificate];
  return {
    ...base,
    cluster: {
      ...{ id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false, tls },
      peers: [
        { id: 1, peer: address(9_094), kafka: address(9_092), role: 'data' },
        { id: 2, peer: address(port), kafka: address(1), role: 'data' },
      ],
    },
  };
}

async function startNodeTwo(): Promise<number> {
  const at = { host: '127.0.0.1', port: 0 };
  const self = { id: 2, address: at };
  const files = certificates['two'];
  const tls = files === undefined ? undefined : await readPeerTls(files, self);
  if (tls?.ok !== true) throw new Error('no certificate');
  const executor = new PeerExecutor({
    settings: { self, listen: at, peers: [{ id: 1, address: at }, self], tls: tls.value },
    telemetry: { write: () => undefined },
    clock: clockNode,
    post: () => undefined,
    nextConnectionId: () => connectionId(1),
  });
  closing.push(() => executor.stop());
  const bound = await executor.listen();
  return bound.ok ? bound.value.port : 0;
}

async function startPlain(): Promise<number> {
  const server: Server = createServer((socket) => socket.on('error', () => undefined).resume());
  closing.push(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

it('says nothing without a cluster', async () => {
  expect(await peerFindings(defaultConfig())).toEqual([]);
});

it('finds a node that is there, and warns of one that is not', async () => {
  const port = await startPlain();
  expect(await peerFindings(configBeside(port))).toEqual([
    { what: 'node 2', verdict: 'ok', text: `127.0.0.1:${port} is there` },
  ]);
  await closing.pop()?.();
  const [finding] = await peerFindings(configBeside(1));
  expect(finding).toMatchObject({ verdict: 'warn', text: expect.stringContaining('ECONNREFUSED') });
});

it('tries the certificates, and tells of one that ends soon', async (context) => {
  requireTools(context, 'openssl');
  const port = await startNodeTwo();
  const [certificate, node] = await peerFindings(configBeside(port, 'one'));
  expect(certificate).toMatchObject({ what: 'certificate', verdict: 'warn' });
  const text = `127.0.0.1:${port} is there, and the certificates are good`;
  expect(node).toEqual({ what: 'node 2', verdict: 'ok', text });
});

it('fails where nodes do not trust each other', async (context) => {
  requireTools(context, 'openssl');
  const port = await startNodeTwo();
  const [, stranger] = await peerFindings(configBeside(port, 'stranger'));
  expect(stranger).toMatchObject({
    verdict: 'fail',
    text: expect.stringContaining('not signed by the authority'),
  });
  const ours = certificates['one'];
  const others = certificates['stranger'];
  if (ours === undefined || others === undefined) throw new Error('no certificates');
  certificates['mixed'] = { ...others, caFile: ours.caFile };
  const [, refused] = await peerFindings(configBeside(port, 'mixed'));
  expect(refused).toMatchObject({
    verdict: 'fail',
    text: expect.stringContaining("refuses this node's certificate"),
  });
});

it('fails with files that are not there', async () => {
  const config = configBeside(1);
  const missing = { caFile: '/nowhere/ca', certFile: '/nowhere/crt', keyFile: '/nowhere/key' };
  const cluster = config.cluster === undefined ? undefined : { ...config.cluster, tls: missing };
  expect(await peerFindings({ ...config, cluster })).toEqual([
    {
      what: 'peers',
      verdict: 'fail',
      text: 'cluster.tls.caFile: /nowhere/ca cannot be read: ENOENT.',
    },
  ]);
});
