import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { linkId } from '../../src/base/brand.ts';
import { formatAddress, isLoopbackHost } from '../../src/config/address.ts';
import type { Config } from '../../src/config/config.ts';
import type { PeerAddress } from '../peer-identity.ts';
import { PeerLinks, type PeerLinkEvent } from '../peer-links.ts';
import { peerSettings, type PeerSettings } from '../peer-settings.ts';
import { certificateAge } from '../peer-tls.ts';
import type { Finding } from './finding.ts';

/**
 * A node that does not like our certificate says so only after the handshake (TLS 1.3), by closing.
 */
const secondThoughtsMs = 500;

/** What `check` finds out about the other nodes: certificates, addresses, who answers. */
export async function peerFindings(config: Config): Promise<readonly Finding[]> {
  const read = await peerSettings(config);
  if (!read.ok) return [{ what: 'peers', verdict: 'fail', text: read.error.text }];
  const settings = read.value;
  if (settings === undefined) return [];
  const others = settings.peers.filter(({ id }) => id !== settings.self.id);
  const found = await Promise.all(others.map((peer) => peerFinding(peer, settings)));
  return [...certificateFindings(settings), ...(await listenFindings(settings, others)), ...found];
}

function certificateFindings({ tls }: PeerSettings): Finding[] {
  if (tls === undefined) return [];
  const age = certificateAge(tls, Date.now());
  if (age !== undefined) return [{ what: 'certificate', verdict: 'warn', text: age }];
  const until = new Date(tls.validToMs).toISOString().slice(0, 10);
  return [{ what: 'certificate', verdict: 'ok', text: `valid until ${until}` }];
}

/** Debian's /etc/hosts gives a machine's own name to 127.0.1.1, where no other machine gets. */
async function listenFindings(
  { listen }: PeerSettings,
  others: readonly PeerAddress[],
): Promise<Finding[]> {
  const hasOtherMachines = others.some(({ address }) => !isLoopbackHost(address.host));
  if (!hasOtherMachines || isIP(listen.host) !== 0) return [];
  const found = await lookup(listen.host).catch(() => undefined);
  if (found === undefined || !isLoopbackHost(found.address)) return [];
  const text = `${listen.host} is ${found.address} on this machine: set cluster.listen, other nodes do not get there`;
  return [{ what: 'peer port', verdict: 'warn', text }];
}

interface Probed {
  readonly isOk: boolean;
  /** Somebody answered, and they do not understand each other. */
  readonly isTrouble: boolean;
  readonly reason: string;
}

/** A node that is not there yet is a warning: the first of three is started first. */
async function peerFinding(peer: PeerAddress, settings: PeerSettings): Promise<Finding> {
  const what = `node ${peer.id}`;
  const address = formatAddress(peer.address);
  const { isOk, isTrouble, reason } = await probe(peer, settings);
  if (isOk) {
    const how = settings.tls === undefined ? 'is there' : 'is there, and the certificates are good';
    return { what, verdict: 'ok', text: `${address} ${how}` };
  }
  if (isTrouble) return { what, verdict: 'fail', text: `${address}: ${reason}` };
  return { what, verdict: 'warn', text: `${address} does not answer (${reason})` };
}

async function probe(peer: PeerAddress, { tls }: PeerSettings): Promise<Probed> {
  let timer: NodeJS.Timeout | undefined;
  let isTrouble = false;
  let links: PeerLinks | undefined;
  const probed = await new Promise<Probed>((resolve) => {
    const tell = (): boolean => (isTrouble = true);
    const post = (event: PeerLinkEvent): void => {
      if (event.type === 'LinkClosed') {
        resolve({ isOk: false, isTrouble, reason: event.reason });
      } else if (event.type === 'LinkOpened') {
        isTrouble = true;
        const waitMs = tls === undefined ? 0 : secondThoughtsMs;
        timer = setTimeout(() => resolve({ isOk: true, isTrouble: false, reason: '' }), waitMs);
      }
    };
    links = new PeerLinks({ peers: [peer], tls, troubles: { tell }, post });
    links.run({ type: 'OpenLink', link: linkId(1), nodeId: peer.id, purpose: 'control' });
  });
  clearTimeout(timer);
  await links?.stop();
  return probed;
}
