import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { CentralSettings } from '../src/core/forward/settings.ts';

/** What a connection to central shows and trusts; undefined: plain TCP. Reads the files. */
export function tlsOptions({ tls }: CentralSettings): ConnectionOptions | undefined {
  if (tls === undefined) return undefined;
  const { caFile, certFile, keyFile, serverName } = tls;
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
