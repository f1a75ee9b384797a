import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { createTopics } from '../../edge/cli/demo/kafka-topics.ts';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { ForwardPartitionStatus } from '../../src/core/node-status.ts';
import { parseAddress } from '../../src/config/address.ts';
import type { Address } from '../../src/config/address.ts';
import { requireTools } from '../support/require-tool.ts';
import { deleteTopic } from './harness/delete-topic.ts';
import { killForwarder, untilAllForwarded } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import { KcatFeeder } from './harness/kcat-feeder.ts';
import { requireKafka } from './harness/require-kafka.ts';
import { runShorelog } from './harness/run-shorelog.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const once = { lost: 0, duplicates: 0, outOfOrder: 0, misplaced: 0, unknown: 0 };

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

interface Place {
  readonly bootstrap: string;
  readonly address: Address;
  readonly topic: string;
  readonly cursorTopic: string;
  readonly partitions: number;
  readonly config: NodeConfig;
}

const cursors = (name: string) => ({
  name,
  partitions: 1,
  configs: { 'cleanup.policy': 'compact' },
});

/** Topics of this test's own in the run's shared Kafka, and a node's config that forwards there. */
const placeAtCentral = async (context: Pick<TestContext, 'skip'>, name: string): Promise<Place> => {
  requireTools(context, 'kcat');
  const { bootstrap } = requireKafka(context);
  const address = parseAddress(bootstrap);
  if (address === undefined) throw new Error(`${bootstrap} is no address`);
  const central = `${name}-readings`;
  const cursorTopic = `${name}-cursors`;
  await createTopics(address, [{ name: central, partitions: 1 }, cursors(cursorTopic)]);
  const config: NodeConfig = {
    topics: [{ name: topic, partitions: 1 }],
    forward: {
      central: { bootstrap: [bootstrap] },
      cursorTopic,
      lingerMs: 50,
      routes: [{ from: topic, to: central }],
    },
  };
  return { bootstrap, address, topic: central, cursorTopic, partitions: 1, config };
};

const feed = async (node: NodeProcess, name: string, count: number): Promise<void> => {
  const feeder = new KcatFeeder({ bootstrap: node.bootstrap, topic, name });
  await feeder.send(count);
  await feeder.finish(30_000);
};

const forwardStatus = async (node: NodeProcess): Promise<ForwardPartitionStatus> => {
  const [status] = (await node.status()).forward;
  return status ?? { topic, partition: 0, state: 'waiting' };
};

/** Waits for the state and for a text in the last error. */
const untilState = (
  node: NodeProcess,
  state: ForwardPartitionStatus['state'],
  text: RegExp,
): Promise<ForwardPartitionStatus> =>
  waitUntil(`forwarding ${state} with ${text}`, 60_000, async () => {
    const status = await forwardStatus(node);
    return status.state === state && text.test(status.lastError ?? '') ? status : undefined;
  });

const tally = async (node: NodeProcess, place: Place) =>
  tallyForwarded(await readEdge({ bootstrap: node.bootstrap, topic }), place);

test('a copied data directory starts, and its forwarder stops naming both', async (context) => {
  const place = await placeAtCentral(context, 'copied');
  const original = await startTestNode('original', place.config);
  cleanUps.push(original.remove);
  const { node } = original;
  await feed(node, 'before', 500);
  await untilAllForwarded(node, 60_000);
  await node.stop();
  const copyFolder = join(original.folder, 'copy');
  cpSync(node.dataDir, join(copyFolder, 'data'), { recursive: true });
  await node.start();
  await feed(node, 'original', 300);
  await untilAllForwarded(node, 60_000);

  const copy = await launchNode({ folder: copyFolder, config: place.config });
  cleanUps.push(() => copy.kill());
  expect((await copy.status()).node.clusterId).toBe((await node.status()).node.clusterId);
  const shorter = await untilState(copy, 'stopped', /central's cursor is at \d+, this log ends at/);
  // With more records of its own the offsets fit, and the batches speak.
  await feed(copy, 'copy', 2_000);
  await copy.restart('stop');
  const batch = String.raw`the batch at \d+ \(leader epoch \d+, crc [0-9a-f]+\)`;
  const naming = new RegExp(`central's cursor names ${batch}, this node has (${batch}|no such)`);
  const other = await untilState(copy, 'stopped', naming);
  process.stdout.write(`copied: ${shorter.lastError}\ncopied: ${other.lastError}\n`);

  // The original was fenced by the copy's attempts and comes back by itself; a new start is faster.
  await killForwarder(node);
  await feed(node, 'after', 200);
  await untilAllForwarded(node, 60_000);
  expect(await tally(node, place)).toEqual({ atEdge: 1_000, atCentral: 1_000, ...once });
  expect((await readEdge({ bootstrap: copy.bootstrap, topic })).size).toBe(2_500);
}, 300_000);

test('a stopped partition goes on where shorelog forward --from says', async (context) => {
  const place = await placeAtCentral(context, 'decided');
  const { node, remove } = await startTestNode('decided', place.config);
  cleanUps.push(remove);
  await feed(node, 'first', 300);
  await untilAllForwarded(node, 60_000);
  const { forwardOffset = -1 } = await forwardStatus(node);

  await deleteTopic(place.address, place.cursorTopic);
  await feed(node, 'second', 200);
  await untilState(node, 'blocked', /cursors is missing at central/);
  await createTopics(place.address, [cursors(place.cursorTopic)]);
  const stopped = await untilState(node, 'stopped', /has no cursor, but this node forwarded to it/);
  expect(stopped.lastError).toContain(`up to ${forwardOffset}:`);
  await node.restart('stop');
  await untilState(node, 'stopped', /has no cursor/);

  const decide = (from: string) =>
    runShorelog(node, ['forward', '--topic', topic, '--partition', '0', '--from', from]);
  expect((await decide('999999')).code).toBe(0);
  await untilState(node, 'stopped', /offset 999999 is outside of this log/);
  expect(await decide(`${forwardOffset}`)).toMatchObject({ code: 0, error: '' });
  await untilAllForwarded(node, 60_000);
  expect(await tally(node, place)).toEqual({ atEdge: 500, atCentral: 500, ...once });

  // Applied once: the next start reads the cursor again.
  await node.restart('stop');
  await feed(node, 'third', 100);
  await untilAllForwarded(node, 60_000);
  expect(await tally(node, place)).toEqual({ atEdge: 600, atCentral: 600, ...once });
}, 300_000);
