import type { PartitionStatus } from '../../src/core/node-status.ts';
import { fetchStatus } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblem, printTable } from './terminal.ts';

export interface TopicsOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly json?: boolean;
}

interface TopicSummary {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionStatus[];
}

/** `shorelog topics [NAME]`: all topics in a line each, or the partitions of one. */
export async function runTopics(
  context: CliContext,
  name: string | undefined,
  options: TopicsOptions,
): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const status = await fetchStatus(targetOf(options.admin, loaded.config, 'admin'));
  if (!status.ok) {
    printProblem(terminal, status.error);
    return exitCodes.problem;
  }
  const all = summarise(status.value.partitions);
  const topics = name === undefined ? all : all.filter(({ topic }) => topic === name);
  if (name !== undefined && topics.length === 0) {
    const known = all.map(({ topic }) => topic).join(', ');
    printProblem(terminal, { text: `the node has no topic "${name}"`, hint: `it has: ${known}` });
    return exitCodes.problem;
  }
  if (options.json === true) terminal.out(JSON.stringify(topics));
  else if (name === undefined) printTopics(context, topics);
  else printPartitions(context, topics);
  return exitCodes.ok;
}

function summarise(partitions: readonly PartitionStatus[]): TopicSummary[] {
  const byName = new Map<string, PartitionStatus[]>();
  for (const partition of partitions) {
    const known = byName.get(partition.topic);
    if (known === undefined) byName.set(partition.topic, [partition]);
    else known.push(partition);
  }
  return [...byName].map(([topic, of]) => ({
    topic,
    topicId: of[0]?.topicId ?? '',
    partitions: of,
  }));
}

function printTopics({ terminal }: CliContext, topics: readonly TopicSummary[]): void {
  printTable(
    terminal,
    ['topic', 'partitions', 'offsets kept', 'id'],
    topics.map(({ topic, partitions, topicId }) => [
      topic,
      partitions.length,
      partitions.reduce((sum, at) => sum + at.highWatermark - at.logStartOffset, 0),
      topicId,
    ]),
  );
}

function printPartitions({ terminal }: CliContext, topics: readonly TopicSummary[]): void {
  printTable(
    terminal,
    ['partition', 'leader', 'epoch', 'start', 'committed', 'end'],
    topics.flatMap(({ partitions }) =>
      partitions.map((at) => [
        at.partition,
        at.leader ?? 'none',
        at.leaderEpoch,
        at.logStartOffset,
        at.highWatermark,
        at.logEndOffset,
      ]),
    ),
  );
}
