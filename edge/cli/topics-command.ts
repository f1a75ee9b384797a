import type { NodeStatus, PartitionStatus, TopicStatus } from '../../src/core/node-status.ts';
import { fetchStatus } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { formatBytes, printProblem, printTable } from './terminal.ts';

export interface TopicsOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly json?: boolean;
}

interface TopicSummary {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionStatus[];
  /** Absent: an internal topic. */
  readonly config?: TopicConfigStatus;
}

type TopicConfigStatus = Omit<TopicStatus, 'topic' | 'topicId' | 'partitions'>;

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
  const all = summarise(status.value);
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

function summarise({ partitions, topics }: NodeStatus): TopicSummary[] {
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
    ...configOf(topics.find((one) => one.topicId === of[0]?.topicId)),
  }));
}

function configOf(known: TopicStatus | undefined): Pick<TopicSummary, 'config'> {
  if (known === undefined) return {};
  const { replicas, minInsyncReplicas, retentionMs, retentionBytes, keepUnforwarded } = known;
  return {
    config: { replicas, minInsyncReplicas, retentionMs, retentionBytes, keepUnforwarded },
  };
}

function printTopics({ terminal }: CliContext, topics: readonly TopicSummary[]): void {
  printTable(
    terminal,
    ['topic', 'partitions', 'replicas', 'retention', 'offsets kept', 'id'],
    topics.map(({ topic, partitions, topicId, config }) => [
      topic,
      partitions.length,
      config?.replicas ?? 'auto',
      config === undefined ? 'compacted' : retentionText(config),
      partitions.reduce((sum, at) => sum + at.highWatermark - at.logStartOffset, 0),
      topicId,
    ]),
  );
}

function printPartitions({ terminal }: CliContext, topics: readonly TopicSummary[]): void {
  for (const { config } of topics) {
    const words = Object.entries(config ?? {}).map(([name, value]) => `${name} ${value}`);
    if (words.length > 0) terminal.out(words.join('  '));
  }
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

/** `7 d`, `7 d or 1.0 GiB`: what is the first to be reached. */
function retentionText({ retentionMs, retentionBytes }: TopicConfigStatus): string {
  const bounds = [
    ...(retentionMs === 'unlimited' ? [] : [ageText(retentionMs)]),
    ...(retentionBytes === 'unlimited' ? [] : [formatBytes(retentionBytes)]),
  ];
  return bounds.length === 0 ? 'unlimited' : bounds.join(' or ');
}

/** In the largest unit that says it exactly. */
function ageText(ms: number): string {
  const units = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 };
  const unit = Object.entries(units).find(([, one]) => ms % one === 0);
  return unit === undefined ? `${ms} ms` : `${ms / unit[1]} ${unit[0]}`;
}
