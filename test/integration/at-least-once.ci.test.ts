import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openCentralKafka } from './harness/central-kafka.ts';
import { killForwarder, untilAllForwarded, untilForwardMoves } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import type { ForwardTally } from './harness/forward-tally.ts';
import { producesTo } from './harness/kafka-fault-proxy.ts';
import { KcatFeeder } from './harness/kcat-feeder.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const central = 'readings';
const cursorTopic = 'cursors';
const partitions = 2;

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

test('atLeastOnce repeats what lost its answer, and loses nothing', async (context) => {
  const { broker, proxy, close } = await openCentralKafka(context, [
    { name: central, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  cleanUps.push(close);
  const { node, remove } = await startTestNode('at-least-once', {
    topics: [{ name: topic, partitions }],
    forward: {
      central: { bootstrap: [proxy.bootstrap] },
      cursorTopic,
      delivery: 'atLeastOnce',
      lingerMs: 50,
      routes: [{ from: topic, to: central }],
    },
  });
  cleanUps.push(remove);
  const feeder = new KcatFeeder({ bootstrap: node.bootstrap, topic, name: 'feed' });
  cleanUps.push(async () => feeder.kill());
  const tally = async (): Promise<ForwardTally> =>
    tallyForwarded(await readEdge({ bootstrap: node.bootstrap, topic }), {
      bootstrap: broker.bootstrap,
      topic: central,
      partitions,
    });

  const enough = new AbortController();
  const feeding = (async (): Promise<void> => {
    for (; !enough.signal.aborted; await delay(50)) await feeder.send(100);
  })();
  for (const target of [central, cursorTopic]) {
    const rule = proxy.dropReplies({ api: 'Produce', times: 3, when: producesTo(target) });
    await waitUntil(`lost answers of ${target}`, 60_000, () => rule.dropped >= 3);
    await untilForwardMoves(node);
    await killForwarder(node);
    await untilForwardMoves(node);
  }
  enough.abort();
  await feeding;
  await feeder.send(100);
  await feeder.finish(30_000);
  await untilAllForwarded(node, 60_000);
  const counts = await tally();
  process.stdout.write(`at least once: ${JSON.stringify(counts)}\n`);
  expect(counts).toMatchObject({ atEdge: feeder.sent, lost: 0, outOfOrder: 0, misplaced: 0 });
  expect(counts.unknown).toBe(0);
  expect(counts.duplicates).toBeGreaterThan(0);

  // The cursor places the next start: nothing that is there already comes again.
  await killForwarder(node);
  const second = new KcatFeeder({ bootstrap: node.bootstrap, topic, name: 'second' });
  await second.send(100);
  await second.finish(30_000);
  await untilAllForwarded(node, 60_000);
  const { lost, atCentral } = await tally();
  expect({ lost, atCentral }).toEqual({ lost: 0, atCentral: counts.atCentral + 100 });
}, 300_000);
