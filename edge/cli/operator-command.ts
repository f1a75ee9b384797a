import type { OperatorRequest } from '../../src/core/cluster/operator-request.ts';
import { postOperator } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblem } from './terminal.ts';

export interface OperatorOptions {
  readonly config?: string;
  readonly admin?: string;
}

type CarriedRequest = Exclude<OperatorRequest, { type: 'promote' }>;

/** `shorelog join`, `rejoin`, `topics alter`: asks a node, which asks the cluster's leader. */
export async function runOperator(
  context: CliContext,
  request: CarriedRequest,
  options: OperatorOptions,
): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const done = await postOperator(targetOf(options.admin, loaded.config, 'admin'), request);
  if (!done.ok) {
    printProblem(terminal, done.error);
    return exitCodes.problem;
  }
  terminal.out(doneText(request));
  return exitCodes.ok;
}

function doneText(request: CarriedRequest): string {
  switch (request.type) {
    case 'join':
      return 'the node is part of the cluster; it copies its partitions now: see shorelog status';
    case 'rejoin':
      return 'the node is back with another disk; it copies its partitions now: see shorelog status';
    case 'alterTopic':
      return alteredText(request);
  }
}

function alteredText(request: Extract<CarriedRequest, { type: 'alterTopic' }>): string {
  const { topic, replicas, minInsyncReplicas, ...retention } = request;
  const { retentionMs, retentionBytes, keepUnforwarded } = retention;
  const copies = replicas === 0 ? 'as many copies as nodes allow' : `${replicas}`;
  const needed = minInsyncReplicas === 0 ? 'auto' : minInsyncReplicas;
  const settings = { minInsyncReplicas: needed, retentionMs, retentionBytes, keepUnforwarded };
  const kept = Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value === -1 ? 'unlimited' : value}`);
  return [
    ...(kept.length > 0 ? [`${topic} has ${kept.join(' and ')} now, on every node`] : []),
    ...(replicas === undefined
      ? []
      : [`${topic} is to have ${copies}; the copies follow: see shorelog status`]),
  ].join('\n');
}
