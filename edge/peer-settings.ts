import { ok, type Result } from '../src/base/result.ts';
import { present } from '../src/base/assert.ts';
import type { Address } from '../src/config/address.ts';
import type { Config } from '../src/config/config.ts';
import { checkedAddress, nodeAddresses } from '../src/config/node-addresses.ts';
import type { PeerAddress } from './peer-identity.ts';
import { readPeerTls, type PeerTls } from './peer-tls.ts';
import type { StartError } from './running-node.ts';

/** What sockets between nodes need to know; read once, at the start. */
export interface PeerSettings {
  readonly self: PeerAddress;
  /** Every node, this one too. */
  readonly peers: readonly PeerAddress[];
  readonly listen: Address;
  readonly tls: PeerTls | undefined;
}

/** Undefined without `cluster` in the config. Reads the files of `cluster.tls`. */
export async function peerSettings(
  config: Config,
): Promise<Result<PeerSettings | undefined, StartError>> {
  const { cluster, node } = config;
  if (cluster === undefined) return ok(undefined);
  const peers = cluster.peers.map(({ id, peer }) => ({ id, address: checkedAddress(peer) }));
  const self = present(
    peers.find(({ id }) => id === node.id),
    'parseConfig has found this node in cluster.peers',
  );
  const listen = nodeAddresses(config).peer ?? self.address;
  const plain = { self, peers, listen };
  if (cluster.tls === undefined) return ok({ ...plain, tls: undefined });
  const tls = await readPeerTls(cluster.tls, self);
  return tls.ok ? ok({ ...plain, tls: tls.value }) : tls;
}
