import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { KafkaSocket } from '../../../cloud-sync/kafka-socket.ts';
import { tlsOptions } from '../../../cloud-sync/tls-options.ts';
import { TestAuthority } from '../../support/certificates.ts';
import { requireTools } from '../../support/require-tool.ts';

it('shows its certificate to a central that asks for one', async (context) => {
  requireTools(context, 'openssl');
  const dir = mkdtempSync(join(tmpdir(), 'shorelog-tls-options-'));
  const authority = new TestAuthority(dir);
  const central = authority.issue('central', 'DNS:central');
  const gateway = authority.issue('gateway', 'DNS:gateway');
  const [ca, cert, key] = [central.caFile, central.certFile, central.keyFile].map((file) =>
    readFileSync(file),
  );
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const welcome = new Promise<string>((resolve, reject) => {
    server.once('tlsClientError', reject);
    server.once('secureConnection', (socket: TLSSocket) => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.on('error', () => undefined);
    });
  });
  const tls = tlsOptions({ bootstrap: [], tls: { ...gateway, serverName: 'central' } });
  const ignored = { opened: () => undefined, received: () => undefined, closed: () => undefined };
  const socket = new KafkaSocket(
    { host: '127.0.0.1', port, ...(tls === undefined ? {} : { tls }) },
    ignored,
  );
  try {
    expect(await welcome).toBe('gateway');
  } finally {
    socket.close();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

it('is nothing without TLS', () => {
  expect(tlsOptions({ bootstrap: [] })).toBeUndefined();
});
