import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files of one certificate. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', [...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
};

/** A certificate authority of a test, made by openssl in a directory of its own. */
export class TestAuthority {
  readonly caFile: string;
  readonly #caKey: string;
  readonly #dir: string;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
    this.caFile = join(dir, 'ca.crt');
    this.#caKey = join(dir, 'ca.key');
    openssl(
      ...['req', '-x509', ...curve, '-days', '30', '-subj', '/CN=test authority'],
      ...['-keyout', this.#caKey, '-out', this.caFile],
    );
  }

  /** `names` as openssl writes them: `DNS:node-1`, `IP:127.0.0.1`. Below 0 days: it has ended. */
  issue(file: string, names: string, days = 90): CertificateFiles {
    const [certFile, keyFile] = [join(this.#dir, `${file}.crt`), join(this.#dir, `${file}.key`)];
    const request = join(this.#dir, `${file}.csr`);
    openssl(
      ...['req', '-new', ...curve, '-subj', `/CN=${file}`, '-keyout', keyFile, '-out', request],
      ...['-addext', `subjectAltName=${names}`],
    );
    openssl(
      ...['x509', '-req', '-in', request, '-CA', this.caFile, '-CAkey', this.#caKey],
      ...['-copy_extensions', 'copy', '-days', String(days), '-out', certFile],
    );
    return { caFile: this.caFile, certFile, keyFile };
  }
}
