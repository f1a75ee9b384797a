import { Command, CommanderError, Option } from 'commander';

import type { TopicAlteration } from '../../src/core/cluster/topic-alteration.ts';
import type { CliContext } from './cli-config.ts';
import type { BenchFlags } from './bench-command.ts';
import { registerDemo } from './demo/demo-command.ts';
import { exitCodes } from './exit-codes.ts';
import { parseOption } from './parse-option.ts';
import { productVersion } from './product.ts';
import type { StatusOptions } from './status-command.ts';

/**
 * The `shorelog` command. Each subcommand's code is imported when it runs, so that `--help` is
 * quick on a gateway. `finished` gets the exit code of the one that ran.
 */
export function buildProgram(context: CliContext, finished: (exitCode: number) => void): Command {
  const program = new Command('shorelog')
    .description(
      'A durable edge message bus: MQTT in, a Kafka log on the spot, exactly once to central',
    )
    .version(productVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.out(text.trimEnd()),
      writeErr: (text) => context.terminal.error(text.trimEnd()),
    })
    .showHelpAfterError('(shorelog --help shows what there is)');
  addNode(program, context, finished);
  addCluster(program, context, finished);
  addBench(program, context, finished);
  addReaders(program, context, finished);
  addPublish(program, context, finished);
  addForward(program, context, finished);
  registerDemo(program);
  return program;
}

/**
 * Runs the command line (without `node` and the script). The exit code; wrong usage is 2, help is
 * 0.
 */
export async function runCli(context: CliContext, argv: readonly string[]): Promise<number> {
  let exitCode: number | undefined;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return exitCode ?? (typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok);
}

type Finished = (exitCode: number) => void;

const configOption = (): Option => new Option('--config <file>', 'YAML config of the node');
const jsonOption = (): Option => new Option('--json', 'print JSON');
const addressOption = (kind: string): Option =>
  new Option(`--${kind} <host:port>`, `the node's ${kind} address`).argParser(parseOption.hostPort);

const addressesOption = (kind: string): Option =>
  new Option(
    `--${kind} <host:port>`,
    `a node's ${kind} address; again for each further node`,
  ).argParser<readonly string[] | undefined>((text, before) => [
    ...(before ?? []),
    parseOption.hostPort(text),
  ]);

function addNode(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('start')
    .description('run a node until it is told to stop')
    .addOption(configOption())
    .option('--verbose', 'print debug lines too')
    .action(async (options: { config?: string; verbose?: boolean }) => {
      const { runStart } = await import('./start-command.ts');
      finished(await runStart(context, options));
    });
  program
    .command('check')
    .description('check the config, then disk, clock, ports and central')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code: 0 a node can start, 1 something is missing, 2 the config is wrong.',
    )
    .action(async (options: { config?: string; json?: boolean }) => {
      const { runCheck } = await import('./check-command.ts');
      finished(await runCheck(context, options));
    });
}

/** What changes a cluster. Each asks a node, which asks the cluster's leader. */
function addCluster(program: Command, context: CliContext, finished: Finished): void {
  const run = async (type: 'join' | 'rejoin', options: OperatorFlags): Promise<void> => {
    const { runOperator } = await import('./operator-command.ts');
    finished(await runOperator(context, { type }, options));
  };
  program
    .command('join')
    .description('make this new, empty node part of a cluster that exists')
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .addHelpText(
      'after',
      '\nRun it on the new node while that is started. Every node lists all nodes in cluster.peers\n' +
        'first, also one that was alone until now. The partitions are copied while records flow.',
    )
    .action((options: OperatorFlags) => run('join', options));
  program
    .command('rejoin')
    .description('bring a node of the cluster back with another, empty disk')
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .addHelpText(
      'after',
      '\nFor a disk that was lost or exchanged, or a data directory that was copied or restored:\n' +
        'start the node with an empty data directory, then run this on it.',
    )
    .action((options: OperatorFlags) => run('rejoin', options));
  addPromote(program, context, finished);
}

function addPromote(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('promote')
    .description('let this node go on alone, without nodes that are lost for good')
    .option('--yes', 'do it; without it, only say what it would do')
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nFor two data nodes without a witness, where one is lost: run it on the other one, which\n' +
        'then takes readings again. A node that answers is never given up. One that was given up comes\n' +
        'back with an empty data directory and shorelog rejoin; the old directory is refused, and\n' +
        'what only it had stays in it. Exit code: 0 done, 1 refused or not confirmed, 2 wrong usage.',
    )
    .action(async (options: OperatorFlags & { yes?: boolean; json?: boolean }) => {
      const { runPromote } = await import('./promote-command.ts');
      finished(await runPromote(context, options));
    });
}

interface OperatorFlags {
  readonly config?: string;
  readonly admin?: string;
}

function addBench(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('bench')
    .description('measure this machine with a temporary node, and say what that means')
    .option('--seconds <n>', 'of each of the two loads', parseOption.wholeNumber, 6)
    .option('--rate <n>', 'messages per second of your sensors', parseOption.wholeNumber, 100)
    .option('--payload <bytes>', 'of a message', parseOption.wholeNumber, 200)
    .option('--endurance <tb>', 'terabytes the card is made for', parseOption.wholeNumber, 30)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nRuns beside the data directory, on its disk, and removes what it made; a node may run\n' +
        'meanwhile but shares the figures. Exit code: 0 measured, 1 it could not be (a full or\n' +
        'read-only disk, memory instead of a disk), 2 wrong usage, 130 interrupted.',
    )
    .action(async (options: BenchFlags) => {
      const { runBench } = await import('./bench-command.ts');
      finished(await runBench(context, options));
    });
}

interface ReaderFlags {
  readonly config?: string;
  readonly admin?: string;
  readonly json?: boolean;
}

function addReaders(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('status')
    .description('health in one word, then nodes, partitions, forwarding and disk')
    .addOption(configOption())
    .addOption(addressesOption('admin'))
    .addOption(jsonOption())
    .action(async (options: StatusOptions) => {
      const { runStatus } = await import('./status-command.ts');
      finished(await runStatus(context, options));
    });
  const topics = program
    .command('topics')
    .description('list topics, or the partitions of one')
    .argument('[topic]')
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .addOption(jsonOption())
    .action(async (topic: string | undefined, options: ReaderFlags) => {
      const { runTopics } = await import('./topics-command.ts');
      finished(await runTopics(context, topic, options));
    });
  addAlter(topics, context, finished);
  addConsume(program, context, finished);
}

/** Its options are those of `topics`, too, which commander reads first. */
function addAlter(topics: Command, context: CliContext, finished: Finished): void {
  topics
    .command('alter')
    .description('change how many nodes of a cluster keep a topic, and how long')
    .argument('<topic>')
    .option('--replicas <n>', 'copies, or auto: up to three', parseOption.replicas)
    .option(
      '--min-insync-replicas <n>',
      'copies that a record needs before it is acknowledged, or auto: two of three, else one',
      parseOption.replicas,
    )
    .option('--retention-ms <n>', 'age that may be deleted, or unlimited', parseOption.retention)
    .option(
      '--retention-bytes <n>',
      'size of a partition above which its oldest segments may be deleted, or unlimited',
      parseOption.retention,
    )
    .option(
      '--keep-unforwarded <true|false>',
      'whether what is not at central yet stays, where it is forwarded',
      parseOption.trueOrFalse,
    )
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .action(async (topic: string, _: unknown, command: Command) => {
      const { replicas, minInsyncReplicas, retentionMs, retentionBytes, ...rest } =
        command.optsWithGlobals<OperatorFlags & TopicAlteration>();
      const { keepUnforwarded, ...options } = rest;
      const retention = { retentionMs, retentionBytes, keepUnforwarded };
      const alteration = { replicas, minInsyncReplicas, ...retention };
      if (Object.values(alteration).every((value) => value === undefined)) {
        command.error('error: say what to change, see --help');
      }
      const { runOperator } = await import('./operator-command.ts');
      finished(await runOperator(context, { type: 'alterTopic', topic, ...alteration }, options));
    });
}

interface ConsumeFlags {
  readonly config?: string;
  readonly kafka?: string;
  readonly partition?: number;
  readonly from?: 'start' | 'end' | number;
  readonly since?: number;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

function addConsume(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('consume')
    .description('print the records of a topic')
    .argument('<topic>')
    .option('--partition <n>', 'this partition only', parseOption.wholeNumber)
    .addOption(
      new Option('--from <place>', 'start, end or an offset')
        .argParser(parseOption.startEndOrOffset)
        .conflicts('since'),
    )
    .option(
      '--since <time>',
      'from that time on: 2026-01-31T12:00:00Z, or 10m ago',
      parseOption.pastTime(Date.now()),
    )
    .option('--limit <n>', 'end after so many records', parseOption.wholeNumber)
    .option('--follow', 'go on with what comes, until interrupted')
    .addOption(configOption())
    .addOption(addressOption('kafka'))
    .addOption(jsonOption())
    .action(async (topic: string, options: ConsumeFlags) => {
      const { runConsume } = await import('./consume-command.ts');
      finished(await runConsume(context, topic, options));
    });
}

interface PublishFlags {
  readonly config?: string;
  readonly mqtt?: string;
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
}

function addPublish(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('publish')
    .description('publish over MQTT: the payload, or each line of the input')
    .argument('<mqttTopic>')
    .argument('[payload]')
    .option('--qos <0|1|2>', 'quality of service', parseOption.qualityOfService, 1)
    .option('--retain', 'keep it for later subscribers')
    .addOption(configOption())
    .addOption(addressOption('mqtt'))
    .action(async (mqttTopic: string, payload: string | undefined, options: PublishFlags) => {
      const { runPublish } = await import('./publish-command.ts');
      finished(await runPublish(context, { mqttTopic, payload }, options));
    });
}

interface ForwardFlags {
  readonly config?: string;
  readonly admin?: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: 'cursor' | 'start' | number;
}

function addForward(program: Command, context: CliContext, finished: Finished): void {
  program
    .command('forward')
    .description('decide where forwarding of a stopped partition goes on')
    .requiredOption('--topic <topic>', 'topic on the node')
    .requiredOption('--partition <n>', 'partition', parseOption.wholeNumber)
    .requiredOption('--from <place>', 'cursor, start or an offset', parseOption.cursorStartOrOffset)
    .addOption(configOption())
    .addOption(addressOption('admin'))
    .addHelpText(
      'after',
      '\nForwarding stops by itself where going on could lose or repeat records. This decision is\n' +
        'recorded: `cursor` goes on where central stands, `start` at the first record kept here.',
    )
    .action(async (options: ForwardFlags) => {
      const { runForward } = await import('./forward-command.ts');
      finished(await runForward(context, options));
    });
}
