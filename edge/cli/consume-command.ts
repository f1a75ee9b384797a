import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { openKafkaClient } from './kafka-client.ts';
import { LeaderClients } from './leader-clients.ts';
import { Patience } from './patience.ts';
import { recordJson, recordText } from './record-line.ts';
import { printProblem } from './terminal.ts';
import { earliest, latest, TopicReader } from './topic-reader.ts';

export interface ConsumeOptions {
  readonly config?: string;
  readonly kafka?: string;
  readonly partition?: number;
  readonly from?: 'start' | 'end' | number;
  /** Milliseconds since 1970; instead of `from`. */
  readonly since?: number;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const followWaitMs = 1_000;
/** Fetches without a byte before the end that was promised: then something is wrong. */
const emptyFetchesMax = 20;

/**
 * `shorelog consume TOPIC`: prints what is there, then ends; with `follow` what comes, until it is
 * interrupted.
 */
export async function runConsume(
  context: CliContext,
  topic: string,
  options: ConsumeOptions,
): Promise<number> {
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const address = targetOf(options.kafka, loaded.config, 'kafka');
  const client = await openKafkaClient(address);
  if (!client.ok) {
    const hint = 'start a node with `shorelog start`, or say where it is with --kafka HOST:PORT';
    printProblem(context.terminal, {
      text: `no node answers at ${address} (${client.error})`,
      hint,
    });
    return exitCodes.problem;
  }
  const leaders = new LeaderClients(topic, client.value, address);
  const patience = new Patience({ say: (text) => context.terminal.error(text) });
  const done = await consume(context, new TopicReader(leaders, topic, patience), options);
  leaders.close();
  if (done.ok) return exitCodes.ok;
  printProblem(context.terminal, { text: done.error });
  return exitCodes.problem;
}

async function consume(
  context: CliContext,
  reader: TopicReader,
  options: ConsumeOptions,
): Promise<Result<undefined, string>> {
  const ends = await placeReader(reader, options);
  if (!ends.ok) return ends;
  let left = options.limit ?? Infinity;
  let emptyFetches = 0;
  let hasMoved = true;
  while (left > 0) {
    const behind = [...ends.value].filter(([at, end]) => (reader.positions.get(at) ?? 0) < end);
    const isAtEnd = behind.length === 0;
    if (isAtEnd && options.follow !== true) break;
    const wanted = options.follow === true ? [...ends.value] : behind;
    // A leader that has nothing new would hold up those that have.
    const waitMs = hasMoved ? 0 : followWaitMs;
    const fetched = await reader.fetch(
      wanted.map(([at]) => at),
      waitMs,
    );
    if (!fetched.ok) return fetched;
    const before = [...reader.positions.values()].join();
    for (const answer of fetched.value) {
      const printed = printRecords(context, reader, {
        answer,
        options,
        left,
        end: ends.value.get(answer.partitionIndex) ?? 0,
      });
      if (!printed.ok) return printed;
      left -= printed.value;
    }
    await context.terminal.flushed();
    hasMoved = before !== [...reader.positions.values()].join();
    emptyFetches = hasMoved || isAtEnd || reader.isWaiting ? 0 : emptyFetches + 1;
    if (emptyFetches > emptyFetchesMax)
      return fail('the node sends nothing although there is more');
  }
  return ok(undefined);
}

interface PrintTask {
  readonly answer: Parameters<TopicReader['records']>[0];
  readonly options: ConsumeOptions;
  readonly left: number;
  readonly end: number;
}

/**
 * How many were printed. Without `follow`, what came after the start of the command is left out.
 */
function printRecords(
  { terminal }: CliContext,
  reader: TopicReader,
  { answer, options, left, end }: PrintTask,
): Result<number, string> {
  const toLine = options.json === true ? recordJson : recordText;
  let printed = 0;
  if (left === 0) return ok(0);
  for (const next of reader.records(answer)) {
    if (!next.ok) return next;
    const { partition, record } = next.value;
    if (options.follow !== true && record.offset >= end) continue;
    terminal.out(toLine(reader.topic, partition, record));
    if (++printed === left) break;
  }
  return ok(printed);
}

/** Sets the positions to where the user wants to begin; answers with the ends as they are now. */
async function placeReader(
  reader: TopicReader,
  { partition, from = 'start', since }: ConsumeOptions,
): Promise<Result<ReadonlyMap<number, number>, string>> {
  const known = await reader.partitions();
  if (!known.ok) return known;
  const chosen = known.value.filter((at) => partition === undefined || at === partition);
  if (chosen.length === 0) {
    return fail(`topic ${reader.topic} has no partition ${partition ?? 'at all'}`);
  }
  const ends = await reader.offsetsAt(chosen, latest);
  if (!ends.ok) return ends;
  const starts = await reader.offsetsAt(chosen, since ?? (from === 'end' ? latest : earliest));
  if (!starts.ok) return starts;
  for (const at of chosen) {
    const found = starts.value.get(at) ?? -1;
    const start = found < 0 ? (ends.value.get(at) ?? 0) : found;
    reader.positions.set(at, typeof from === 'number' && since === undefined ? from : start);
  }
  return ends;
}
