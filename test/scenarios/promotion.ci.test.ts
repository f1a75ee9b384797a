import { expect, test } from 'vitest';
import type { AdminAnswer } from '../../src/core/effect.ts';
import type { Machine } from '../sim/cluster/machine.ts';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';

const nodes = [1, 2].map((nodeId) => ({ nodeId, isWitness: false }));
const client = { clean: false, qosShares: [0, 1, 1], everyMs: 100, windowMax: 4 } as const;

class Pair extends ClusterWorld {
  constructor(seed: number) {
    super(seed, {
      shape: { nodes, partitions: 2, segmentBytes: 8_192, clockDrift: 0, isForwarded: true },
      producers: [],
      clients: [{ ...client, clientId: 'sensor', roams: 0 }],
    });
  }

  get pair(): [Machine, Machine] {
    return this.machines as unknown as [Machine, Machine];
  }

  async runFor(ms: number): Promise<void> {
    await this.time.run(this.time.nowMs + ms);
  }

  /** Until it answers, or its process is gone. */
  promote(machine: Machine, answers: AdminAnswer[]): void {
    machine.operate({ type: 'promote', isConfirmed: true }, (answer) => answers.push(answer));
  }
}

const leadsAll = (machine: Machine): boolean => {
  const all = [...machine.partitions];
  return (
    all.length === 4 && all.every(({ isLeader, isEpochCommitted }) => isLeader && isEpochCommitted)
  );
};

// Before anything is durable, between its steps, and behind the last one.
test.each([0.2, 5, 50.4, 50.8, 51.2, 51.6, 80])(
  'a promotion is finished that a power cut met after %d ms, and the old disk stays outside (V5)',
  async (cutMs) => {
    const world = new Pair(Math.round(cutMs * 10));
    const uninstall = world.time.install();
    try {
      const [left, lost] = world.pair;
      for (const machine of world.machines) machine.start();
      await world.runFor(4_000);
      lost.crash('lost');
      await world.runFor(5_000);
      expect(leadsAll(left)).toBe(false);
      const answers: AdminAnswer[] = [];
      world.promote(left, answers);
      await world.runFor(cutMs);
      left.crash('lost');
      await world.runFor(500);
      left.start();
      await world.runFor(3_000);
      // It goes on by itself behind its record; before that it is asked for again.
      if (!leadsAll(left)) world.promote(left, answers);
      await world.runFor(3_000);
      expect([leadsAll(left), answers.filter(({ ok }) => !ok)]).toEqual([true, []]);
      const before = world.ledger.acknowledged.exactlyOnce + world.ledger.acknowledged.atLeastOnce;
      lost.start();
      await world.runFor(5_000);
      expect([...lost.partitions].filter(({ leaderId }) => leaderId !== undefined)).toEqual([]);
      for (const each of world.clients) each.isPublishing = false;
      await world.runFor(5_000);
      const { acknowledged, unacknowledged } = world.ledger;
      expect(acknowledged.exactlyOnce + acknowledged.atLeastOnce).toBeGreaterThan(before + 10);
      expect([...unacknowledged]).toEqual([]);
      expect(world.central?.missing).toBeUndefined();
      left.checkFiles();
    } finally {
      uninstall();
    }
  },
);
