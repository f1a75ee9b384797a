import { readdirSync, statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';

import { limits } from '../../src/base/limits.ts';
import type { Address } from '../../src/config/address.ts';
import { formatAddress, isWildcardHost } from '../../src/config/address.ts';
import type { CentralConfig, Config, ForwardConfig } from '../../src/config/config.ts';
import { isWitness } from '../../src/config/cluster-nodes.ts';
import type { ConfigProblem } from '../../src/config/problem.ts';
import { nodeAddresses } from '../../src/config/node-addresses.ts';
import { apis } from '../../src/client/kafka/api.ts';
import { configWarnings } from '../../src/config/config-warnings.ts';
import { addressBookFindings } from './check-address-book.ts';
import { identityFinding } from './check-identity.ts';
import { peerFindings } from './check-peers.ts';
import type { Finding } from './finding.ts';
import type { CliContext } from './cli-config.ts';
import { configFor } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { openKafkaClient } from './kafka-client.ts';
import { probeDisk } from './probe-disk.ts';
import type { Terminal } from './terminal.ts';
import { formatBytes, paint } from './terminal.ts';

/** A file of the node that is newer than the clock by this says that the clock went back. */
const clockBackMs = 60_000;
const slowSyncMs = 50;
const lowSpaceBytes = 256 * 1024 * 1024;
const answerMsMax = 5_000;

/**
 * `shorelog check`: the config, then the world that it names. 2 = the config is wrong, 1 =
 * something that it needs is not there, 0 = a node can start. Meant for a node that is not running:
 * its own ports would be taken.
 */
export async function runCheck(
  context: CliContext,
  options: { readonly config?: string; readonly json?: boolean },
): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const findings: Finding[] = [
    { what: 'config', verdict: 'ok', text: loaded.file ?? 'defaults, no file' },
    ...configWarnings(loaded.config).map(warning),
    ...(await diskFindings(loaded.config)),
    ...(await identityFinding(loaded.config)),
    clockFinding(Date.now(), newestChangeMs(resolve(loaded.config.node.dataDir))),
    ...(await portFindings(loaded.config)),
    ...(await peerFindings(loaded.config)),
    ...(await addressBookFindings(loaded.config)),
    // A witness forwards nothing.
    ...(isWitness(loaded.config) ? [] : await centralFindings(loaded.config)),
  ];
  if (options.json === true) terminal.out(JSON.stringify(findings));
  else for (const finding of findings) printFinding(terminal, finding);
  const hasFailed = findings.some(({ verdict }) => verdict === 'fail');
  return hasFailed ? exitCodes.problem : exitCodes.ok;
}

const warning = ({ text, hint }: ConfigProblem): Finding => ({
  what: 'config',
  verdict: 'warn',
  text: hint === undefined ? text : `${text}; ${hint}`,
});

const verdictStyles = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function printFinding(terminal: Terminal, { what, verdict, text }: Finding): void {
  terminal.out(
    `${paint(terminal, verdictStyles[verdict], verdict.padEnd(4))}  ${what.padEnd(14)}  ${text}`,
  );
}

async function diskFindings(config: Config): Promise<Finding[]> {
  const dir = resolve(config.node.dataDir);
  const probe = await probeDisk(dir, { syncs: 50, appendBytes: 1024 * 1024 });
  if (!probe.ok) {
    return [
      { what: 'data directory', verdict: 'fail', text: `${dir} is not writable (${probe.error})` },
    ];
  }
  const { isMemory, syncMsP50, syncMsP99, freeBytes } = probe.value;
  const times = `p50 ${syncMsP50.toFixed(2)} ms, p99 ${syncMsP99.toFixed(2)} ms`;
  const isSlow = syncMsP99 > slowSyncMs;
  return [
    isMemory
      ? { what: 'data directory', verdict: 'warn', text: `${dir} is in memory: nothing survives` }
      : { what: 'data directory', verdict: 'ok', text: dir },
    { what: 'fsync', verdict: isSlow ? 'warn' : 'ok', text: isSlow ? `${times}: slow` : times },
    {
      what: 'disk space',
      verdict: freeBytes < lowSpaceBytes ? 'warn' : 'ok',
      text: `${formatBytes(freeBytes)} free`,
    },
  ];
}

/** Whether the wall clock can be believed; sensors' records get their CreateTime from it. */
export function clockFinding(nowMs: number, newestMs = 0): Finding {
  const date = new Date(nowMs).toISOString();
  const what = 'clock';
  if (nowMs < limits.clockSetMs) {
    return { what, verdict: 'fail', text: `${date}: it was never set; start NTP first` };
  }
  if (nowMs >= newestMs - clockBackMs) return { what, verdict: 'ok', text: date };
  const text = `${date}: it went back, the data directory was written at ${new Date(newestMs).toISOString()}`;
  return { what, verdict: 'warn', text };
}

/** When the node last wrote its data directory, by the clock of that moment; 0: never. */
function newestChangeMs(dataDir: string): number {
  try {
    const names = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
    return Math.max(0, ...names.map((name) => statSync(join(dataDir, name)).mtimeMs));
  } catch {
    return 0; // not there yet, or it changes under our eyes
  }
}

/** Whether the ports that this node would open are free. */
export async function portFindings(config: Config): Promise<Finding[]> {
  const { mqtt, kafka, admin, advertised, peer } = nodeAddresses(config);
  const findings: Finding[] = [];
  // A witness serves neither sensors nor Kafka clients (V3).
  const clients = isWitness(config) ? {} : { mqtt, kafka };
  const listens = { ...clients, admin, ...(peer === undefined ? {} : { peer }) };
  for (const [what, address] of Object.entries(listens)) {
    findings.push(await portFinding(`${what} port`, address));
  }
  if (!isWitness(config) && isWildcardHost(kafka.host) && advertised.host === '127.0.0.1') {
    const text = 'other machines are told 127.0.0.1: set kafka.advertised';
    findings.push({ what: 'advertised', verdict: 'warn', text });
  }
  return findings;
}

async function portFinding(what: string, address: Address): Promise<Finding> {
  const code = await new Promise<string | undefined>((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'EUNKNOWN'));
    server.listen(address.port, address.host, () => server.close(() => done(undefined)));
  });
  const text = formatAddress(address);
  if (code === undefined) return { what, verdict: 'ok', text };
  const why = code === 'EADDRINUSE' ? 'is in use: is a node running?' : `cannot be used (${code})`;
  return { what, verdict: 'fail', text: `${text} ${why}` };
}

async function centralFindings(config: Config): Promise<Finding[]> {
  if (config.forward === undefined) {
    return [{ what: 'central', verdict: 'ok', text: 'none: nothing is forwarded' }];
  }
  const { central } = config.forward;
  const findings: Finding[] = [];
  for (const broker of central.bootstrap)
    findings.push(await brokerFinding(broker, config.forward));
  return [...findings, ...(await secretFindings(central))];
}

/** Offline is what the product is for, so an absent central is a warning. */
async function brokerFinding(
  broker: string,
  { central, delivery }: ForwardConfig,
): Promise<Finding> {
  const what = 'central';
  const client = await openKafkaClient(broker);
  if (!client.ok) {
    return {
      what,
      verdict: 'warn',
      text: `${broker} does not answer (${client.error}); records wait here`,
    };
  }
  try {
    if (central.tls !== undefined || central.sasl !== undefined) {
      return {
        what,
        verdict: 'ok',
        text: `${broker} takes connections; TLS and login are not tried here`,
      };
    }
    const body = { clientSoftwareName: 'shorelog', clientSoftwareVersion: 'check' };
    const answer = await client.value.call(apis.apiVersions, body, answerMsMax);
    if (!answer.ok)
      return { what, verdict: 'fail', text: `${broker} is no Kafka broker: ${answer.error}` };
    const offered = new Set(answer.value.apiKeys.map(({ apiKey }) => apiKey));
    const hasTransactions = offered.has(apis.endTxn.key);
    if (delivery === 'exactlyOnce' && !hasTransactions) {
      return {
        what,
        verdict: 'fail',
        text: `${broker} has no transactions: set forward.delivery to atLeastOnce`,
      };
    }
    return { what, verdict: 'ok', text: `${broker} speaks Kafka` };
  } finally {
    client.value.close();
  }
}

async function secretFindings({ tls, sasl }: CentralConfig): Promise<Finding[]> {
  const files = [tls?.caFile, tls?.certFile, tls?.keyFile, sasl?.passwordFile];
  const findings: Finding[] = [];
  for (const file of files) {
    if (file === undefined) continue;
    const isReadable = await access(file, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!isReadable)
      findings.push({ what: 'central', verdict: 'fail', text: `${file} cannot be read` });
  }
  return findings;
}
