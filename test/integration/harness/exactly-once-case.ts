import { expect } from 'vitest';
import type { TestContext } from 'vitest';
import { openCentralKafka } from './central-kafka.ts';
import { exactlyOnceTopics, runExactlyOnce } from './exactly-once-scenario.ts';
import type { ExactlyOnceSize } from './exactly-once-scenario.ts';
import { startTestNode } from './shorelog-node.ts';

/** The whole test body: own Kafka, node, faults, verdict, and one summary line. */
export const checkExactlyOnce = async (
  context: Pick<TestContext, 'skip'>,
  size: ExactlyOnceSize,
): Promise<void> => {
  const { edge, edgePartitions, central, centralPartitions, cursors } = exactlyOnceTopics;
  const kafka = await openCentralKafka(context, [
    { name: central, partitions: centralPartitions },
    { name: cursors, partitions: 2, configs: { 'cleanup.policy': 'compact' } },
  ]);
  const { node, folder, remove } = await startTestNode('exactly-once', {
    topics: [{ name: edge, partitions: edgePartitions }],
    forward: {
      central: { bootstrap: [kafka.proxy.bootstrap] },
      cursorTopic: cursors,
      lingerMs: 20,
      routes: [{ from: edge, to: central }],
    },
  }).catch(async (error: unknown) => {
    await kafka.close();
    throw error;
  });
  try {
    const report = await runExactlyOnce({ ...kafka, node, folder }, size);
    const { fight, ...rest } = report;
    const ownStates = [...fight.ownStates].join('+');
    process.stdout.write(`exactly once: ${JSON.stringify({ ...rest, ...fight, ownStates })}\n`);
    expect(report).toMatchObject({
      atCentral: report.atEdge,
      lost: 0,
      duplicates: 0,
      outOfOrder: 0,
      misplaced: 0,
      unknown: 0,
    });
    expect(report.atEdge).toBeGreaterThanOrEqual(size.records);
    expect(Object.values(report.drops)).toEqual(Array(8).fill(size.drops));
    expect(fight.ms).toBeGreaterThanOrEqual(size.fightMs);
    expect(fight.forwardedByRival).toBeGreaterThan(0);
    expect(fight.forwardedInAll).toBeGreaterThan(0);
    expect(fight.rivalFenced).toBeGreaterThan(0);
    expect(node.isRunning).toBe(true);
  } finally {
    await remove();
    await kafka.close();
  }
};
