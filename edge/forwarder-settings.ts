import { access, constants, readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { CentralConfig, Config } from '../src/config/config.ts';
import type { CentralSettings, ForwarderSettings } from '../src/core/forward/settings.ts';
import { exitCodes } from './cli/exit-codes.ts';
import type { StartError } from './running-node.ts';

/**
 * Central aborts a transaction that a dead forwarder left open after this; its readers wait that
 * long at most.
 */
const transactionTimeoutMs = 30_000;

const mechanisms = {
  plain: 'PLAIN',
  scramSha256: 'SCRAM-SHA-256',
  scramSha512: 'SCRAM-SHA-512',
} as const;

/**
 * What the forwarder process is given; undefined where nothing is forwarded. Reads the password
 * file, and looks whether those of TLS can be read.
 */
export async function forwarderSettings({
  forward,
  log,
}: Config): Promise<Result<ForwarderSettings | undefined, StartError>> {
  if (forward === undefined) return ok(undefined);
  const central = await centralSettings(forward.central);
  if (!central.ok) return central;
  return ok({
    central: central.value,
    delivery: forward.delivery,
    cursorTopic: forward.cursorTopic,
    createTopics: forward.createTopics,
    lingerMs: forward.lingerMs,
    batchBytesMax: Math.min(forward.batchBytesMax, log.batchBytesMax),
    compression: forward.compression,
    routes: forward.routes.map(({ from, to }) => ({ from, to })),
    transactionTimeoutMs,
  });
}

async function centralSettings({
  bootstrap,
  tls,
  sasl,
}: CentralConfig): Promise<Result<CentralSettings, StartError>> {
  const unreadable = await tlsFileProblem(tls);
  if (unreadable !== undefined) return fail(unreadable);
  const password = await readPassword(sasl);
  if (!password.ok) return password;
  return ok({
    bootstrap,
    ...(tls === undefined ? {} : { tls: withoutUndefined(tls) }),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: mechanisms[sasl.mechanism],
            username: sasl.username,
            password: password.value,
          },
        }),
  });
}

/** The forwarder reads them; what it could not read is told before it starts again and again. */
async function tlsFileProblem(tls: CentralConfig['tls']): Promise<StartError | undefined> {
  for (const key of ['caFile', 'certFile', 'keyFile'] as const) {
    const file = tls?.[key];
    if (file === undefined) continue;
    const error = await access(file, constants.R_OK).then(
      () => undefined,
      (reason: unknown) => unreadable(`forward.central.tls.${key}`, file, reason),
    );
    if (error !== undefined) return error;
  }
  return undefined;
}

async function readPassword(sasl: CentralConfig['sasl']): Promise<Result<string, StartError>> {
  if (sasl?.passwordFile === undefined) return ok(sasl?.password ?? '');
  try {
    const text = await readFile(sasl.passwordFile, 'utf8');
    return ok(text.split(/\r?\n/, 1)[0] ?? '');
  } catch (error) {
    return fail(unreadable('forward.central.sasl.passwordFile', sasl.passwordFile, error));
  }
}

function unreadable(key: string, file: string, error: unknown): StartError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { exitCode: exitCodes.usage, text: `${key}: cannot read ${file}: ${code}.` };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The same without keys whose value is undefined: JSON has none either. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Defined<T>;
}
