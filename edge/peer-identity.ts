import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Address } from '../src/config/address.ts';

/** A node of `cluster.peers`, as its sockets need it. */
export interface PeerAddress {
  readonly id: number;
  readonly address: Address;
}

/** Names by which a certificate may speak for a node: `node-<id>`, or the host of its address. */
export const peerNames = ({ id, address }: PeerAddress): readonly string[] => [
  `node-${id}`,
  address.host,
];

/** The nodes that a certificate speaks for. Its chain is checked elsewhere. */
export const certifiedPeers = (
  certificate: PeerCertificate,
  peers: readonly PeerAddress[],
): readonly PeerAddress[] =>
  peers.filter((peer) =>
    peerNames(peer).some((name) => checkServerIdentity(name, certificate) === undefined),
  );

/** What a certificate says it is, for people. */
export function certificateNames({ subjectaltname, subject }: PeerCertificate): string {
  return subjectaltname ?? [subject.CN].flat().join(', ');
}
