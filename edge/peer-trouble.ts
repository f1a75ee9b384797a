import { limits } from '../src/base/limits.ts';
import type { Telemetry, TelemetryFields } from '../src/ports/telemetry.ts';

/** Why a node and whoever is at the other end of a connection do not understand each other. */
export type PeerTrouble =
  | 'plain'
  | 'tls'
  | 'noCertificate'
  | 'untrusted'
  | 'expired'
  | 'notYetValid'
  | 'unnamed'
  | 'refusesUs'
  | 'tooOld';

/** What it is, and what to do. */
const texts: Readonly<Record<PeerTrouble, string>> = {
  plain: 'it speaks without TLS; give every node of the cluster `cluster.tls`',
  tls: 'it speaks TLS and this node does not; give this node `cluster.tls` too',
  noCertificate: 'it shows no certificate; give it `cluster.tls`, or keep it off the peer port',
  untrusted:
    'its certificate is not signed by the authority in `cluster.tls.caFile`; ' +
    'all nodes need certificates of one authority',
  expired:
    'its certificate has expired by this clock; ' +
    'make a new one for that node and restart it, or set the clock here',
  notYetValid: "its certificate is not valid yet; compare both nodes' clocks",
  unnamed:
    'its certificate names no node of `cluster.peers` that it could be; ' +
    'it must name node-<id>, or the host of its address',
  refusesUs:
    "it refuses this node's certificate; its own output says why, " +
    'and `shorelog check` looks at the files',
  tooOld: 'it cannot speak TLS 1.3',
};

const byVerdict: Readonly<Record<string, PeerTrouble>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'notYetValid',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
};

const byError: readonly (readonly [RegExp, PeerTrouble])[] = [
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'unnamed'],
  [/^ERR_SSL_.*(UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION)$/, 'tooOld'],
  // OpenSSL's words for bytes that are no TLS record.
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG)$/,
    'plain',
  ],
  [/^ERR_SSL_.*_ALERT_/, 'refusesUs'],
  // What the check of a chain calls its verdicts.
  [/^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|INVALID_(CA|PURPOSE)|PATH_LENGTH)/, 'untrusted'],
];

/** The trouble behind a code of Node or OpenSSL; undefined: none of TLS. */
export function troubleOf(code: string | undefined): PeerTrouble | undefined {
  if (code === undefined) return undefined;
  return byVerdict[code] ?? byError.find(([pattern]) => pattern.test(code))?.[1];
}

export const troubleText = (trouble: PeerTrouble): string => texts[trouble];

/** First bytes of a TLS record: a ClientHello, or an alert about bytes that are no TLS. */
export function isTlsRecord(chunk: Uint8Array): boolean {
  return (chunk[0] === 0x16 || chunk[0] === 0x15) && chunk[1] === 0x03;
}

export interface TroubleLine {
  /** Whom it is about: `192.168.1.9`, `node 2`. */
  readonly who: string;
  readonly trouble: PeerTrouble;
  readonly fields?: TelemetryFields;
}

/** Tells trouble with peers: the same about the same one once in a while, with how often it was. */
export class PeerTroubles {
  readonly #telemetry: Telemetry;
  readonly #nowMs: () => number;
  readonly #told = new Map<string, { readonly untilMs: number; suppressed: number }>();

  constructor(telemetry: Telemetry, nowMs: () => number) {
    this.#telemetry = telemetry;
    this.#nowMs = nowMs;
  }

  /** @returns whether it was told. */
  tell({ who, trouble, fields = {} }: TroubleLine): boolean {
    const nowMs = this.#nowMs();
    const key = `${trouble} ${who}`;
    const told = this.#told.get(key);
    if (told !== undefined && nowMs < told.untilMs) {
      told.suppressed++;
      return false;
    }
    // Whoever has that many addresses is not told apart any more.
    if (told === undefined && this.#told.size >= limits.peerTroublesMax) this.#forget(nowMs);
    if (told === undefined && this.#told.size >= limits.peerTroublesMax) return false;
    this.#told.set(key, { untilMs: nowMs + limits.peerTroubleMs, suppressed: 0 });
    const suppressed = told?.suppressed ?? 0;
    const repeated = suppressed === 0 ? {} : { repeated: suppressed };
    const text = `Refused ${who} on the way between nodes: ${troubleText(trouble)}.`;
    this.#telemetry.write('warn', text, { ...fields, ...repeated });
    return true;
  }

  #forget(nowMs: number): void {
    for (const [key, { untilMs }] of this.#told) if (untilMs <= nowMs) this.#told.delete(key);
  }
}
