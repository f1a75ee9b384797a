import type { AdminAnswer } from '../../src/core/effect.ts';
import type { OperatorRequest } from '../../src/core/cluster/operator-request.ts';
import { present } from '../../src/base/assert.ts';
import type { Partition } from '../../src/core/partition.ts';
import type { Machine } from '../sim/cluster/machine.ts';
import { ClusterWorld } from '../sim/cluster/cluster-world.ts';

const client = { clean: false, qosShares: [0, 1, 1], everyMs: 100, windowMax: 4 } as const;

/** A few data nodes on virtual time, one sensor, a central Kafka, and an operator. */
export class PromotionWorld extends ClusterWorld {
  /** What nodes said, for when a test fails. */
  readonly lines: string[];

  constructor(seed: number, nodeIds: readonly number[] = [1, 2]) {
    const lines: string[] = [];
    const nodes = nodeIds.map((nodeId) => ({ nodeId, isWitness: false }));
    const shape = { nodes, partitions: 2, segmentBytes: 8_192, clockDrift: 0, isForwarded: true };
    const clients = [{ ...client, clientId: 'sensor', roams: 0 }];
    super(seed, { shape, producers: [], clients }, (line) => void lines.push(line));
    this.lines = lines;
  }

  machine(nodeId: number): Machine {
    const found = this.machines.find((machine) => machine.nodeId === nodeId);
    return present(found, 'a node of the world');
  }

  async runFor(ms: number): Promise<void> {
    await this.time.run(this.time.nowMs + ms);
  }

  /** All of its clocks and timers are this world's meanwhile. */
  async during(test: () => Promise<void>): Promise<void> {
    const uninstall = this.time.install();
    try {
      await test();
    } finally {
      uninstall();
    }
  }

  /** Until it answers, or its process is gone. */
  promote(machine: Machine, answers: AdminAnswer[]): void {
    machine.operate({ type: 'promote', isConfirmed: true }, (answer) => answers.push(answer));
  }

  /** What a node answers within so long; undefined: nothing. */
  async asked(
    machine: Machine,
    request: OperatorRequest,
    msMax = 9_000,
  ): Promise<AdminAnswer | undefined> {
    const answers: AdminAnswer[] = [];
    machine.operate(request, (answer) => answers.push(answer));
    const endMs = this.time.nowMs + msMax;
    while (answers.length === 0 && this.time.nowMs < endMs) await this.runFor(50);
    return answers[0];
  }

  /** Its journal is gone, and with it what it promised: the next start takes a new id (V4). */
  async loseJournal(machine: Machine): Promise<void> {
    await machine.disk.fake.unlink('journal');
    await machine.disk.fake.syncDir('');
  }
}

export function leadsAll(machine: Machine): boolean {
  const all = [...machine.partitions];
  const isLed = ({ isLeader, isEpochCommitted }: Partition): boolean =>
    isLeader && isEpochCommitted;
  return all.length === 4 && all.every(isLed);
}
