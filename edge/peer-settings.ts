import { ok, type Result } from '../src/base/result.ts';
import { present } from '../src/base/assert.ts';
import { parseAddress, type Address } from '../src/config/address.ts';
import type { Config } from '../src/config/config.ts';
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
  /** Plain TCP with other machines. */
  readonly isInsecure: boolean;
}

/** Undefined without `cluster` in the config. Reads the files of `cluster.tls`. */
export async function peerSettings({
  node,
  cluster,
}: Config): Promise<Result<PeerSettings | undefined, StartError>> {
  if (cluster === undefined) return ok(undefined);
  const peers = cluster.peers.map(({ id, peer }) => ({ id, address: checkedAddress(peer) }));
  const self = present(
    peers.find(({ id }) => id === node.id),
    'parseConfig has found this node in cluster.peers',
  );
  const listen = cluster.listen === undefined ? self.address : checkedAddress(cluster.listen);
  const plain = { self, peers, listen, isInsecure: cluster.insecure };
  if (cluster.tls === undefined) return ok({ ...plain, tls: undefined });
  const tls = await readPeerTls(cluster.tls, self);
  return tls.ok ? ok({ ...plain, tls: tls.value }) : tls;
}

const checkedAddress = (text: string): Address =>
  present(parseAddress(text), 'parseConfig has checked every address');
