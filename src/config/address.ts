/** Where a socket listens or connects. `host` has no brackets, also for IPv6. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:port`. */
export const addressPattern = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/;

/**
 * The parts of `host:port`, or undefined if the text is something else or the port is above 65535.
 */
export function parseAddress(text: string): Address | undefined {
  const match = addressPattern.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  return port > 65_535 ? undefined : { host, port };
}

/** The inverse of `parseAddress`. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Listens on every interface: not an address that a client can be told. */
export const isWildcardHost = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** Reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
