import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { LeaderTransfers } from '../../../src/core/leader-transfers.ts';

class Led {
  isLeader = true;
  refusesRecords = false;
  /** Node ids of those that have all. */
  readonly whole: number[] = [];
  readonly resignedTo: (number | undefined)[] = [];

  refuseRecords(): void {
    this.refusesRecords = true;
  }

  readonly replica = {
    leadership: {
      hasWholeSuccessor: (nodeId?: number): boolean =>
        nodeId === undefined ? this.whole.length > 0 : this.whole.includes(nodeId),
    },
    resign: (_now: unknown, nodeId?: number): void => {
      this.isLeader = false;
      this.resignedTo.push(nodeId);
    },
  };
}

function newTransfers() {
  const world = { nowMs: 1_000 };
  return { world, transfers: new LeaderTransfers(() => monotonicMs(world.nowMs)) };
}

describe('LeaderTransfers (T4)', () => {
  it('takes no more records after a while, and resigns once the one that is to lead has all', () => {
    const { world, transfers } = newTransfers();
    const led = new Led();
    led.whole.push(3);
    transfers.begin(led, 2);
    transfers.begin(led, 3);
    const refusesAtMs = world.nowMs + limits.handOverGapMsMax;
    expect(transfers.nextDeadline()).toBe(refusesAtMs);
    world.nowMs = refusesAtMs - 1;
    transfers.turnEnded();
    expect(led.refusesRecords).toBe(false);
    world.nowMs = refusesAtMs;
    transfers.turnEnded();
    expect([led.refusesRecords, led.isLeader]).toEqual([true, true]);
    led.whole.push(2);
    transfers.turnEnded();
    expect([led.resignedTo, transfers.nextDeadline()]).toEqual([[2], undefined]);
  });

  it('resigns between two records where it can', () => {
    const { transfers } = newTransfers();
    const led = new Led();
    led.whole.push(2);
    transfers.begin(led, 2);
    transfers.turnEnded();
    expect([led.refusesRecords, led.resignedTo]).toEqual([false, [2]]);
  });

  it('does not wait for ever: then whoever has most shall lead', () => {
    const { world, transfers } = newTransfers();
    const led = new Led();
    transfers.begin(led, 2);
    world.nowMs += limits.handOverDrainMsMax - 1;
    transfers.turnEnded();
    expect([led.isLeader, transfers.nextDeadline()]).toEqual([true, world.nowMs + 1]);
    world.nowMs += 1;
    transfers.turnEnded();
    expect([led.resignedTo, transfers.nextDeadline()]).toEqual([[undefined], undefined]);
  });

  it('forgets what is led by another meanwhile, and what it does not lead', () => {
    const { transfers } = newTransfers();
    const led = new Led();
    transfers.begin(led);
    led.isLeader = false;
    const followed = new Led();
    followed.isLeader = false;
    transfers.begin(followed);
    expect(followed.refusesRecords).toBe(false);
    transfers.turnEnded();
    expect([led.resignedTo, transfers.nextDeadline()]).toEqual([[], undefined]);
  });
});
