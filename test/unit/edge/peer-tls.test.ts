import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateAge, readPeerTls, type PeerTls } from '../../../edge/peer-tls.ts';
import { TestAuthority, type CertificateFiles } from '../../support/certificates.ts';
import { hasTool, requireTools } from '../../support/require-tool.ts';

const self = { id: 1, address: { host: '127.0.0.1', port: 9094 } };
const dir = mkdtempSync(join(tmpdir(), 'shorelog-peer-tls-'));
let good: CertificateFiles;
let other: CertificateFiles;

beforeAll(() => {
  if (!hasTool('openssl')) return;
  const authority = new TestAuthority(join(dir, 'a'));
  good = authority.issue('node-1', 'DNS:node-1');
  other = authority.issue('node-2', 'DNS:node-2');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('the files of cluster.tls', () => {
  it('are taken when they belong together and name this node', async (context) => {
    requireTools(context, 'openssl');
    expect(await readPeerTls(good, self)).toMatchObject({ ok: true });
  });

  it.for<[string, () => Partial<CertificateFiles>, string]>([
    [
      'a file that is not there',
      () => ({ caFile: '/nowhere' }),
      'caFile: /nowhere cannot be read: ENOENT.',
    ],
    ['another format', () => ({ certFile: written('x', 'DER') }), 'x is no PEM file.'],
    [
      'a key in place of the certificate',
      () => ({ certFile: good.keyFile }),
      'holds no certificate.',
    ],
    ['a key in place of the authority', () => ({ caFile: good.keyFile }), 'holds no certificate.'],
    ['no key', () => ({ keyFile: good.certFile }), 'holds no private key.'],
    ['the key of another', () => ({ keyFile: other.keyFile }), 'is not the key of the certificate'],
    ["another node's", () => other, 'names DNS:node-2, and peers expect node-1 or 127.0.0.1.'],
  ])('are refused: %s', async ([, change, text], context) => {
    requireTools(context, 'openssl');
    const read = await readPeerTls({ ...good, ...change() }, self);
    expect(read.ok ? '' : read.error.text).toContain(text);
    expect(read.ok ? '' : read.error.text).toMatch(/^cluster\.tls\.(ca|cert|key)File: /);
  });
});

it('says when the certificate is not good by this clock, or not for long', () => {
  const day = 86_400_000;
  const tls: PeerTls = { context: {}, validFromMs: 10 * day, validToMs: 100 * day };
  const said = [0, 10 * day, 70 * day - 1, 70 * day, 100 * day].map((ms) =>
    certificateAge(tls, ms),
  );
  expect(said).toEqual([
    expect.stringContaining('its clock stands before'),
    undefined,
    undefined,
    "This node's certificate ends on 1970-04-11.",
    "This node's certificate has ended on 1970-04-11.",
  ]);
});
