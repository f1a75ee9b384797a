import type { ClusterStatus } from '../../src/core/cluster-status.ts';
import type { NodeStatus, PartitionStatus } from '../../src/core/node-status.ts';
import { clusterAdvice, spanText, type ClusterView } from './cluster-view.ts';
import type { Terminal } from './terminal.ts';
import { formatBytes, paint, printTable } from './terminal.ts';

const healthStyles = { ok: 'green', degraded: 'yellow', failing: 'red' } as const;

/** What `shorelog status` prints: the nodes that were asked, then what they know together. */
export function printStatus(
  terminal: Terminal,
  answers: readonly NodeStatus[],
  view: ClusterView,
): void {
  terminal.out(paint(terminal, healthStyles[view.health], view.health));
  for (const status of answers) printNode(terminal, status);
  if (view.cluster !== undefined) printCluster(terminal, view.cluster);
  terminal.out('');
  printPartitions(terminal, view);
  for (const status of answers) printForward(terminal, status);
  const advice = clusterAdvice(view);
  if (advice.length === 0) return;
  terminal.out('');
  for (const line of advice) terminal.out(line);
}

function printNode(terminal: Terminal, { node, mqtt, disk, clock, damaged }: NodeStatus): void {
  terminal.out(`node ${node.id}  version ${node.version}  cluster ${node.clusterId}`);
  const { droppedRecords, droppedQos0 } = disk;
  const dropped =
    (droppedRecords === 0 ? '' : `  ${droppedRecords} records dropped`) +
    (droppedQos0 === 0 ? '' : `  ${droppedQos0} QoS 0 publishes dropped`);
  terminal.out(
    `mqtt ${mqtt.connections} connections  ` +
      `disk ${formatBytes(disk.usedBytes)}${budgetText(disk.budgetBytes)}${dropped}`,
  );
  if (clock.state === 'unset') terminal.out('clock was never set: timestamps are wrong');
  if (clock.state === 'apart') {
    const { apartMs = 0 } = clock;
    const span = spanText(Math.abs(apartMs));
    const where = apartMs > 0 ? 'ahead of' : 'behind';
    terminal.out(`clock ${span} ${where} the other nodes': timestamps are wrong until it is set`);
  }
  if (clock.state === 'jumped') {
    terminal.out(`clock jumped by ${Math.round(clock.lastJumpMs / 1_000)} s`);
  }
  for (const { topic, partition, from, to, reason } of damaged) {
    terminal.out(
      `damaged ${topic}-${partition}: offsets ${from} to ${to - 1} are lost (${reason})`,
    );
  }
}

function printCluster(terminal: Terminal, { name, leader, nodes, state }: ClusterStatus): void {
  const led = leader === undefined ? 'no leader' : `led by node ${leader}`;
  terminal.out('');
  terminal.out(`cluster ${name}  ${state === 'member' ? led : state}`);
  printTable(
    terminal,
    ['node', 'role', 'address', 'state', 'heard', 'last error'],
    nodes.map((node) => [
      node.id,
      node.role,
      node.address,
      node.state === 'self' ? 'this node' : node.state,
      heardText(node),
      node.lastError ?? '',
    ]),
  );
}

function heardText({ state, silentMs }: ClusterStatus['nodes'][number]): string {
  if (state === 'self') return '';
  return silentMs === undefined ? 'never' : `${spanText(silentMs)} ago`;
}

function printPartitions(terminal: Terminal, { partitions, cluster }: ClusterView): void {
  const inCluster = cluster !== undefined;
  printTable(
    terminal,
    [
      ...['topic', 'partition', 'role', 'leader', 'epoch', 'start', 'committed', 'end', 'in sync'],
      ...(inCluster ? ['lag'] : []),
    ],
    partitions.map((at) => [
      at.topic,
      at.partition,
      at.role,
      at.leader ?? 'none',
      at.leaderEpoch,
      at.logStartOffset,
      at.highWatermark,
      at.logEndOffset,
      inSyncText(at),
      ...(inCluster ? [lagText(at)] : []),
    ]),
  );
}

/** Only the leader knows who is in sync. */
function inSyncText({ inSync, replicas, atRisk, role }: PartitionStatus): string {
  if (role !== 'leader' && inSync.length === 0) return '?';
  const missing = replicas.filter((id) => !inSync.includes(id));
  const without =
    inSync.length === 0 || missing.length === 0 ? '' : ` without ${missing.join(',')}`;
  return `${inSync.length}/${replicas.length}${without}${atRisk ? ' at risk' : ''}`;
}

/** Of the copy that is the furthest behind. */
function lagText({ followers }: PartitionStatus): string | number {
  if (followers === undefined) return '?';
  const copies = followers.filter(({ role }) => role !== 'witness');
  const [furthest] = copies.toSorted((a, b) => b.lag - a.lag);
  if (furthest === undefined || furthest.lag === 0) return '0';
  return `${furthest.lag} (node ${furthest.nodeId})`;
}

function printForward(terminal: Terminal, { forward }: NodeStatus): void {
  if (forward.length === 0) return;
  terminal.out('');
  printTable(
    terminal,
    ['forward', 'partition', 'state', 'offset', 'lag', 'last error'],
    forward.map((at) => [
      at.topic,
      at.partition,
      at.state,
      at.forwardOffset ?? '?',
      at.lag ?? '?',
      at.lastError ?? '',
    ]),
  );
}

/** Before a node has measured its disk it knows no budget. */
const budgetText = (bytes: number): string =>
  bytes >= Number.MAX_SAFE_INTEGER ? '' : ` of ${formatBytes(bytes)}`;
