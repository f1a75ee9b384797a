import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certifiedPeers } from '../../../edge/peer-identity.ts';

const peers = [
  { id: 1, address: { host: '10.0.0.1', port: 9094 } },
  { id: 2, address: { host: 'gw2.plant', port: 9094 } },
  { id: 12, address: { host: 'fd00::12', port: 9094 } },
];
const certificate = (subjectaltname: string | undefined, CN = 'x'): PeerCertificate =>
  ({ subjectaltname, subject: { CN } }) as PeerCertificate;

describe('a certificate speaks for', () => {
  it.each([
    ['DNS:node-1', [1]],
    ['DNS:node-12', [12]],
    ['IP Address:10.0.0.1', [1]],
    ['DNS:gw2.plant', [2]],
    ['IP Address:FD00:0:0:0:0:0:0:12', [12]],
    ['DNS:node-1, DNS:node-2', [1, 2]],
    ['DNS:node-3', []],
    ['DNS:10.0.0.1', []],
    ['DNS:node-1.plant', []],
    ['URI:node-1', []],
  ])('%s: nodes %j', (names, ids) => {
    expect(certifiedPeers(certificate(names), peers).map(({ id }) => id)).toEqual(ids);
  });

  it('the node of its common name, where it has no other names', () => {
    expect(certifiedPeers(certificate(undefined, 'node-2'), peers)).toEqual([peers[1]]);
    expect(certifiedPeers(certificate('DNS:other', 'node-2'), peers)).toEqual([]);
  });
});
