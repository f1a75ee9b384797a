import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { ClusterTlsConfig } from '../src/config/config.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { certificateNames, certifiedPeers, peerNames, type PeerAddress } from './peer-identity.ts';
import type { StartError } from './running-node.ts';

/** What this node shows to its peers, and whose certificates it takes. */
export interface PeerTls {
  readonly context: SecureContextOptions;
  /** The certificate's own end, by the wall clock. */
  readonly validFromMs: number;
  readonly validToMs: number;
}

/**
 * Reads the files of `cluster.tls`, once for the life of the process, and refuses what no peer
 * would accept. What depends on the clock is not refused here: a gateway may start in 1970.
 */
export async function readPeerTls(
  tls: ClusterTlsConfig,
  self: PeerAddress,
): Promise<Result<PeerTls, StartError>> {
  const [ca, cert, key] = [
    await readPem(tls, 'caFile'),
    await readPem(tls, 'certFile'),
    await readPem(tls, 'keyFile'),
  ];
  if (!ca.ok) return ca;
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  const context = {
    ...{ ca: ca.value, cert: cert.value, key: key.value },
    minVersion: 'TLSv1.3',
  } as const;
  const broken = pairProblem(tls, context);
  if (broken !== undefined) return fail(broken);
  const certificate = new X509Certificate(cert.value);
  const shown = certificate.toLegacyObject();
  if (certifiedPeers(shown, [self]).length === 0) {
    return fail(
      fileProblem('certFile', tls.certFile, {
        text: `names ${certificateNames(shown)}, and peers expect ${peerNames(self).join(' or ')}`,
        hint: 'Make a certificate with one of these names for this node.',
      }),
    );
  }
  const { validFrom, validTo } = certificate;
  return ok({ context, validFromMs: Date.parse(validFrom), validToMs: Date.parse(validTo) });
}

/** What the wall clock says about the own certificate; undefined: nothing. */
export function certificateAge({ validFromMs, validToMs }: PeerTls, nowMs: number) {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  if (nowMs < validFromMs) {
    return `This node's certificate is valid from ${day(validFromMs)}, and its clock stands before.`;
  }
  if (nowMs >= validToMs) return `This node's certificate has ended on ${day(validToMs)}.`;
  if (nowMs < validToMs - limits.peerCertificateEndsMs) return undefined;
  return `This node's certificate ends on ${day(validToMs)}.`;
}

type TlsFile = keyof ClusterTlsConfig;

async function readPem(tls: ClusterTlsConfig, name: TlsFile): Promise<Result<Buffer, StartError>> {
  const file = tls[name];
  try {
    const bytes = await readFile(file);
    if (bytes.includes('-----BEGIN ')) return ok(bytes);
    return fail(fileProblem(name, file, { text: 'is no PEM file' }));
  } catch (error) {
    return fail(fileProblem(name, file, { text: `cannot be read: ${codeOf(error)}` }));
  }
}

interface PemFiles extends SecureContextOptions {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Files that are no certificates, or do not belong together. */
function pairProblem(tls: ClusterTlsConfig, pem: PemFiles): StartError | undefined {
  const certificate = parsed(() => new X509Certificate(pem.cert));
  if (certificate === undefined) {
    return fileProblem('certFile', tls.certFile, { text: 'holds no certificate' });
  }
  if (parsed(() => new X509Certificate(pem.ca)) === undefined) {
    return fileProblem('caFile', tls.caFile, { text: 'holds no certificate' });
  }
  const key = parsed(() => createPrivateKey(pem.key));
  if (key === undefined) {
    const hint = 'The key must be without a passphrase; the file is protected by its rights.';
    return fileProblem('keyFile', tls.keyFile, { text: 'holds no private key', hint });
  }
  if (!certificate.checkPrivateKey(key)) {
    const text = `is not the key of the certificate in ${tls.certFile}`;
    return fileProblem('keyFile', tls.keyFile, { text });
  }
  const refused = parsed(() => createSecureContext(pem)) === undefined;
  if (refused) return fileProblem('certFile', tls.certFile, { text: 'cannot be used for TLS 1.3' });
  return undefined;
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined; // OpenSSL's words say less than the name of the file
  }
}

function fileProblem(
  name: TlsFile,
  file: string,
  { text, hint }: { readonly text: string; readonly hint?: string },
): StartError {
  return {
    exitCode: exitCodes.usage,
    text: `cluster.tls.${name}: ${file} ${text}.`,
    ...(hint === undefined ? {} : { hint }),
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
