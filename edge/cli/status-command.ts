import type { NodeStatus } from '../../src/core/node-status.ts';
import { fetchStatus } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { formatBytes, paint, printProblem, printTable } from './terminal.ts';

export interface StatusOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly json?: boolean;
}

/**
 * `shorelog status`: health in one word, then what stands behind it. Fails if the node is failing
 * or not there.
 */
export async function runStatus(context: CliContext, options: StatusOptions): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const status = await fetchStatus(targetOf(options.admin, loaded.config, 'admin'));
  if (!status.ok) {
    printProblem(terminal, status.error);
    return exitCodes.problem;
  }
  if (options.json === true) terminal.out(JSON.stringify(status.value));
  else printStatus(terminal, status.value);
  return status.value.health === 'failing' ? exitCodes.problem : exitCodes.ok;
}

const healthStyles = { ok: 'green', degraded: 'yellow', failing: 'red' } as const;

function printStatus(terminal: Terminal, status: NodeStatus): void {
  const { node, mqtt, disk, health } = status;
  terminal.out(paint(terminal, healthStyles[health], health));
  terminal.out(`node ${node.id}  version ${node.version}  cluster ${node.clusterId}`);
  const { droppedRecords, droppedQos0 } = disk;
  const dropped =
    (droppedRecords === 0 ? '' : `  ${droppedRecords} records dropped`) +
    (droppedQos0 === 0 ? '' : `  ${droppedQos0} QoS 0 publishes dropped`);
  terminal.out(
    `mqtt ${mqtt.connections} connections  ` +
      `disk ${formatBytes(disk.usedBytes)} of ${formatBytes(disk.budgetBytes)}${dropped}`,
  );
  if (status.clock.state === 'unset') terminal.out('clock was never set: timestamps are wrong');
  if (status.clock.state === 'jumped') {
    terminal.out(`clock jumped by ${Math.round(status.clock.lastJumpMs / 1_000)} s`);
  }
  for (const { topic, partition, from, to, reason } of status.damaged) {
    terminal.out(
      `damaged ${topic}-${partition}: offsets ${from} to ${to - 1} are lost (${reason})`,
    );
  }
  terminal.out('');
  printTable(
    terminal,
    ['topic', 'partition', 'role', 'leader', 'epoch', 'start', 'committed', 'end', 'in sync'],
    status.partitions.map((at) => [
      at.topic,
      at.partition,
      at.role,
      at.leader ?? 'none',
      at.leaderEpoch,
      at.logStartOffset,
      at.highWatermark,
      at.logEndOffset,
      `${at.inSync.length}/${at.replicas.length}${at.atRisk ? ' at risk' : ''}`,
    ]),
  );
  if (status.forward.length === 0) return;
  terminal.out('');
  printTable(
    terminal,
    ['forward', 'partition', 'state', 'offset', 'lag', 'last error'],
    status.forward.map((at) => [
      at.topic,
      at.partition,
      at.state,
      at.forwardOffset ?? '?',
      at.lag ?? '?',
      at.lastError ?? '',
    ]),
  );
}
