import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openCentralKafka } from '../integration/harness/central-kafka.ts';
import { readEdge, tallyForwarded } from '../integration/harness/forward-tally.ts';
import { KcatFeeder } from '../integration/harness/kcat-feeder.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import { LoopbackNetwork } from './network/loopback-network.ts';
import { TestCluster } from './test-cluster.ts';

const topic = 'sensors';
const central = 'readings';
const cursorTopic = 'cursors';
const partitions = 3;
const rounds = 6;

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** Waits until the leaders say that central has all that is committed. */
const untilAllForwarded = async (cluster: TestCluster, msMax: number): Promise<void> => {
  let last = '';
  await waitUntil('everything at central', msMax, async () => {
    const statuses = [...(await cluster.statuses()).values()];
    const forward = statuses.flatMap((status) => status.forward);
    const logs = statuses.flatMap((status) => status.partitions);
    last = JSON.stringify(statuses.map((status) => [status.node.id, status.forward]));
    if (forward.length !== partitions) return false;
    return forward.every(({ partition, forwardOffset = -1 }) =>
      logs
        .filter((log) => log.topic === topic && log.partition === partition)
        .every(({ highWatermark }) => forwardOffset >= highWatermark),
    );
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; forwarding stands at ${last}`);
  });
};

test('three nodes forward each record once and in order while leaders are killed (X1, X2)', async (context) => {
  const { broker, proxy, close } = await openCentralKafka(context, [
    { name: central, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  cleanUps.push(close);
  const folder = makeTempFolder('forward-cluster');
  cleanUps.push(() => removeTempFolder(folder));
  const network = await LoopbackNetwork.open([1, 2, 3], 'only processes die here');
  const cluster = await TestCluster.prepare({
    ...{ folder, network, roles: ['data', 'data', 'data'] },
    config: {
      topics: [{ name: topic, partitions }],
      forward: {
        central: { bootstrap: [proxy.bootstrap] },
        ...{ cursorTopic, lingerMs: 50, routes: [{ from: topic, to: central }] },
      },
    },
  });
  cleanUps.push(() => cluster.kill());
  await cluster.start();
  const feeder = new KcatFeeder({ bootstrap: cluster.bootstrap, topic, name: 'feed' });
  cleanUps.push(() => feeder.kill());
  const isOver = new AbortController();
  const feeding = (async () => {
    while (!isOver.signal.aborted) {
      await feeder.send(40);
      await delay(40);
    }
  })();
  const leaders: (number | undefined)[] = [];
  for (let round = 0; round < rounds; round++) {
    await delay(3_000);
    const leader = await waitUntil('a leader', 20_000, () =>
      cluster.leaderOf(topic, round % partitions),
    );
    leaders.push(leader);
    const { process } = cluster.node(leader);
    await process.kill();
    // Some come back before the others have elected one, most behind it.
    await delay(round % 2 === 0 ? 2_500 : 200);
    await process.start();
  }
  isOver.abort();
  await feeding;
  await feeder.finish(60_000);
  await cluster.untilSettled();
  await untilAllForwarded(cluster, 60_000);
  const tally = await tallyForwarded(await readEdge({ bootstrap: cluster.bootstrap, topic }), {
    ...{ bootstrap: broker.bootstrap, topic: central, partitions },
  });
  process.stdout.write(`leaders killed: ${JSON.stringify({ leaders, ...tally })}\n`);
  const none = { lost: 0, duplicates: 0, outOfOrder: 0, misplaced: 0, unknown: 0 };
  expect(tally).toEqual({ atEdge: feeder.sent, atCentral: feeder.sent, ...none });
}, 240_000);
