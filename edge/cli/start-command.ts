import { setFlagsFromString } from 'node:v8';
import { formatAddress } from '../../src/config/address.ts';
import { isWitness } from '../../src/config/cluster-nodes.ts';
import type { Config } from '../../src/config/config.ts';
import { configWarnings } from '../../src/config/config-warnings.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';
import type { LoadedConfig } from '../config-file.ts';
import type { RunningNode } from '../running-node.ts';
import { openTelemetry } from '../telemetry.ts';
import type { CliContext } from './cli-config.ts';
import { configFor } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { productVersion } from './product.ts';
import type { Terminal } from './terminal.ts';
import { paint, printProblem } from './terminal.ts';

export interface StartOptions {
  readonly config?: string;
  readonly verbose?: boolean;
}

/** Longer than this a clean stop does not take; what is left then is what recovery is for. */
const stopMsMax = 10_000;

/**
 * V8 keeps 16 MB of a heap's growth free for marking. Ours is about 20 MB and may double, so it was
 * marked whole whenever the sockets had brought 8 MB, once or more a second in a follower, though
 * the next collection of what is young would have freed them. So late it is still marked in time.
 */
const markLate = '--incremental-marking-soft-trigger=80';

/** `shorelog start`: runs a node until it is told to stop, or cannot go on. */
export async function runStart(context: CliContext, options: StartOptions): Promise<number> {
  const { terminal } = context;
  const begin = performance.now();
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const { config } = loaded;
  setFlagsFromString(markLate);
  const telemetry = openTelemetry({
    level: options.verbose === true ? 'debug' : 'info',
    isTerminal: terminal.isTty,
    hasColour: terminal.hasColour,
    base: terminal.isTty ? {} : { node: config.node.id },
    write: (line) => terminal.out(line.trimEnd()),
  });
  for (const { text, hint } of configWarnings(config)) telemetry.write('warn', text, { hint });
  const signalled = firstSignal(telemetry);
  const { startNode } = await import('../node.ts');
  const started = await startNode(config, { telemetry, stopAsked: signalled });
  if (!started.ok && started.error.exitCode === exitCodes.ok) {
    telemetry.write('info', 'stopped', { reason: started.error.text });
    return exitCodes.ok;
  }
  if (!started.ok) {
    printProblem(terminal, started.error);
    return started.error.exitCode;
  }
  const node = started.value;
  announce(context, telemetry, { loaded, node, readyMs: performance.now() - begin });
  const end = await Promise.race([signalled, node.ended]);
  if (typeof end !== 'string') {
    telemetry.write('error', end.text, { exitCode: end.exitCode, hint: end.hint });
    return end.exitCode;
  }
  telemetry.write('info', 'stopping', { signal: end });
  const isClean = await stopWithin(node);
  if (isClean) telemetry.write('info', 'stopped');
  else telemetry.write('error', 'the stop took too long; the next start recovers', { stopMsMax });
  return isClean ? exitCodes.ok : exitCodes.problem;
}

/** The first signal to stop; a second one does not wait any longer. */
function firstSignal(telemetry: Telemetry): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) {
        telemetry.write('warn', 'ended at once by a second signal', { signal });
        process.exit(exitCodes.problem);
      }
      isStopping = true;
      resolve(signal);
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

async function stopWithin(node: RunningNode): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), stopMsMax);
  });
  const isClean = await Promise.race([node.stop().then(() => true), late]);
  clearTimeout(timer);
  return isClean;
}

export interface Announcement {
  readonly loaded: LoadedConfig;
  readonly node: Pick<RunningNode, 'addresses'>;
  readonly readyMs: number;
}

/** Says that the node is ready, and where: a banner for people, one line for the journal. */
export function announce(
  { terminal }: CliContext,
  telemetry: Telemetry,
  { loaded, node, readyMs }: Announcement,
): void {
  const { config, file, overrides } = loaded;
  const admin = formatAddress(node.addresses.admin);
  const served = servedText(config, node.addresses);
  if (terminal.isTty) {
    const clients = served === undefined ? 'witness, no clients' : bannerText(served);
    printBanner(terminal, config, `${clients}  admin http://${admin}`);
    const from = file ?? 'defaults';
    const changed = overrides.length === 0 ? '' : ` and ${overrides.length} from the environment`;
    terminal.out(`config   ${from}${changed}`);
    terminal.out(paint(terminal, 'green', `ready in ${Math.round(readyMs)} ms`));
    return;
  }
  const version = productVersion();
  telemetry.write('info', 'ready', {
    version,
    ...(served ?? { role: 'witness: it keeps no records and serves no MQTT or Kafka clients' }),
    admin,
    config: file,
    ms: Math.round(readyMs),
  });
}

interface ServedText {
  readonly mqtt: string;
  readonly kafka: string;
}

/** Where clients connect; undefined: nowhere, it is a witness. */
function servedText(
  config: Config,
  { mqtt, kafka }: RunningNode['addresses'],
): ServedText | undefined {
  if (isWitness(config)) return undefined;
  return { mqtt: formatAddress(mqtt), kafka: formatAddress(kafka) };
}

const bannerText = ({ mqtt, kafka }: ServedText): string => `MQTT ${mqtt}  Kafka ${kafka}`;

function printBanner(terminal: Terminal, config: Config, addresses: string): void {
  const topics = config.topics.map(({ name, partitions }) => `${name} (${partitions})`).join(', ');
  terminal.out(
    `${paint(terminal, 'bold', 'shorelog')} ${productVersion()}  node ${config.node.id}`,
  );
  terminal.out(addresses);
  terminal.out(`data     ${config.node.dataDir}`);
  terminal.out(`topics   ${topics}`);
  terminal.out(`forward  ${forwardText(config)}`);
}

function forwardText({ forward }: Config): string {
  if (forward === undefined) return 'nothing (no `forward` in the config)';
  const routes = forward.routes.map(({ from, to }) => `${from} -> ${to}`).join(', ');
  return `${routes} at ${forward.central.bootstrap.join(', ')}, ${forward.delivery}`;
}
