import { renameSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { startTestNode } from './harness/shorelog-node.ts';
import { waitUntil } from './harness/wait-until.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

test('a node whose data directory goes away ends and says so', async () => {
  const { node, folder, remove } = await startTestNode('lost-directory');
  cleanUps.push(remove);
  // What a deletion and a lazy unmount look like to its open files.
  renameSync(node.dataDir, `${folder}/elsewhere`);
  await waitUntil('its end', 30_000, () => !node.isRunning);
  expect((await node.exited()).code).toBe(74);
  expect(node.output()).toContain('Files of the data directory are gone');
  renameSync(`${folder}/elsewhere`, node.dataDir);
  await node.start();
});
