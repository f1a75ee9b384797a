import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ChaosFaults } from '../../../../cluster/chaos/chaos-faults.ts';
import type { ChaosStep } from '../../../../cluster/chaos/chaos-plan.ts';
import type { TestCluster } from '../../../../cluster/test-cluster.ts';

/** Takes longer to stop than a plan expects. */
class SlowProcess {
  readonly calls: string[] = [];
  isRunning = true;

  async stop(): Promise<void> {
    this.calls.push('stop');
    await delay(100);
    this.isRunning = false;
  }

  kill(): Promise<void> {
    this.calls.push('kill');
    this.isRunning = false;
    return Promise.resolve();
  }

  spawn(): void {
    this.calls.push(this.isRunning ? 'spawned twice' : 'spawn');
    this.isRunning = true;
  }
}

test('a process has one trouble at a time, however long it takes to stop', async () => {
  const process = new SlowProcess();
  const nodes = [{ id: 1, role: 'data', process }];
  const network = { healAll: () => undefined };
  const cluster = { nodes, network, node: () => nodes[0] } as unknown as TestCluster;
  const faults = new ChaosFaults({ cluster, folder: '', say: () => undefined });
  const common = { node: 1, other: 1, syncMs: 0 };
  const plan: ChaosStep[] = [
    { ...common, kind: 'stop', atMs: 0, forMs: 0 },
    { ...common, kind: 'kill', atMs: 20, forMs: 0 },
  ];
  await faults.run(plan, new AbortController().signal);
  expect(process.calls).toEqual(['stop', 'spawn', 'kill', 'spawn']);
  expect(faults.complaints).toEqual([]);
});
