import { afterAll, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { openCentralKafka } from './harness/central-kafka.ts';
import { DataTransactions } from './harness/data-transactions.ts';
import { untilAllForwarded } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import { producesTo } from './harness/kafka-fault-proxy.ts';
import { KcatFeeder } from './harness/kcat-feeder.ts';
import { startTestNode } from './harness/shorelog-node.ts';

const topic = 'sensors';
const central = 'readings';
const cursorTopic = 'cursors';
const partitions = 1;
const waitMsMax = 30_000;

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const within = <T>(what: string, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    delay(waitMsMax, undefined, { ref: false }).then(() => {
      throw new Error(`waited ${waitMsMax} ms in vain for: ${what}`);
    }),
  ]);

test('an EndTxn that arrives in the middle of the next transaction commits nothing (X3)', async (context) => {
  const { broker, proxy, close } = await openCentralKafka(context, [
    { name: central, partitions },
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  cleanUps.push(close);
  const { node, remove } = await startTestNode('late-end', {
    topics: [{ name: topic, partitions }],
    forward: {
      central: { bootstrap: [proxy.bootstrap] },
      cursorTopic,
      lingerMs: 50,
      routes: [{ from: topic, to: central }],
    },
  });
  cleanUps.push(remove);
  const feeder = new KcatFeeder({ bootstrap: node.bootstrap, topic, name: 'feed' });
  cleanUps.push(async () => feeder.kill());
  const { has } = new DataTransactions(proxy, central);
  const toCursors = producesTo(cursorTopic);

  const codes: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const end = proxy.holdRequest({ api: 'EndTxn', when: has });
    await feeder.send(500);
    const late = await within('an EndTxn', end.bytes);
    const cursor = proxy.holdRequest({ api: 'Produce', when: (r) => toCursors(r) && has(r) });
    end.cut();
    await feeder.send(500);
    await within('the next cursor', cursor.bytes);
    const answer = await proxy.deliver(late);
    // Size and correlation id, then (flexible header: a tag count,) throttle time and the code.
    codes.push(answer.readInt16BE(answer.length === 14 ? 12 : 13));
    cursor.pass();
    await untilAllForwarded(node, waitMsMax);
  }
  await feeder.finish(30_000);
  await untilAllForwarded(node, 60_000);
  const tally = await tallyForwarded(await readEdge({ bootstrap: node.bootstrap, topic }), {
    bootstrap: broker.bootstrap,
    topic: central,
    partitions,
  });
  process.stdout.write(`late EndTxn: ${JSON.stringify({ codes, ...tally })}\n`);
  const none = { lost: 0, duplicates: 0, outOfOrder: 0, misplaced: 0, unknown: 0 };
  expect(tally).toEqual({ atEdge: 3_000, atCentral: 3_000, ...none });
  // A newer epoch of the producer is at work: the copy is refused.
  expect(codes).not.toContain(0);
}, 300_000);
