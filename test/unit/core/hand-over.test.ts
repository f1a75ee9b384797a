import { describe, expect, it } from 'vitest';
import { monotonicMs, uuid } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { HandOver } from '../../../src/core/hand-over.ts';
import { VoterSet, type Voter } from '../../../src/core/replica/voter-set.ts';

const voterOf = (nodeId: number): Voter => ({
  ...{ nodeId, directoryId: uuid(`00000000-0000-4000-8000-00000000000${nodeId}`) },
  role: 'data',
});
const [alone, three] = [[1], [1, 2, 3]].map((ids) => new VoterSet(ids.map(voterOf)));

class Led {
  isLeader = true;
  isLed = true;
  leaderId: number | undefined = 1;
  readonly inSyncIds = [1, 2, 3];
  readonly voters: VoterSet | undefined;

  constructor(voters: VoterSet | undefined) {
    this.voters = voters;
  }

  refuseRecords = (): void => undefined;
  readonly replica = { leadership: undefined, resign: (): void => undefined };
}

function newStop(partitions: readonly Led[]) {
  const world = { nowMs: 1_000, finished: 0 };
  const begun: unknown[] = [];
  const handOver = new HandOver({
    partitions,
    transfers: { begin: (...transfer) => void begun.push(transfer) },
    now: () => monotonicMs(world.nowMs),
    emit: () => void world.finished++,
  });
  return { world, handOver, begun };
}

describe('HandOver', () => {
  it('hands over what others vote for, and waits until it takes records there', () => {
    const [shared, own] = [new Led(three), new Led(alone)];
    const { world, handOver, begun } = newStop([shared, own]);
    handOver.begin();
    handOver.begin();
    handOver.turnEnded();
    expect([handOver.hasBegun, begun]).toEqual([true, [[shared, 2]]]);
    shared.isLeader = false;
    shared.leaderId = undefined;
    handOver.turnEnded();
    shared.leaderId = 2;
    shared.isLed = false;
    handOver.turnEnded();
    expect(world.finished).toBe(0);
    shared.isLed = true;
    handOver.turnEnded();
    handOver.turnEnded();
    expect([world.finished, handOver.nextDeadline()]).toEqual([1, undefined]);
  });

  it('gives each voter in sync its share, and waits where nobody is', () => {
    const led = [three, three, three, three].map((voters) => new Led(voters));
    led[3]?.inSyncIds.splice(1);
    const { handOver, begun } = newStop(led);
    handOver.begin();
    handOver.turnEnded();
    expect(begun).toEqual([2, 3, 2, undefined].map((to, i) => [led[i], to]));
  });

  it('lets a few go at a time, and all that are left when half the time is over', () => {
    const { handOverAtOnceMin: few, handOverMsMax } = limits;
    const led = Array.from({ length: 3 * few }, () => new Led(three));
    const { world, handOver, begun } = newStop(led);
    handOver.begin();
    handOver.turnEnded();
    expect(begun).toHaveLength(few);
    const [first, second] = led;
    if (first !== undefined) [first.isLeader, first.leaderId] = [false, 2];
    // It is led elsewhere already, by no doing of this stop.
    const next = led[few];
    if (next !== undefined) next.isLeader = false;
    handOver.turnEnded();
    expect(begun.slice(few)).toEqual([[led[few + 1], 2 + (few % 2)]]);
    world.nowMs += handOverMsMax / 2 - 1;
    handOver.turnEnded();
    expect([begun.length, handOver.nextDeadline()]).toEqual([few + 1, 1_000 + handOverMsMax / 2]);
    world.nowMs += 1;
    handOver.turnEnded();
    expect([begun.length, handOver.nextDeadline()]).toEqual([3 * few - 1, 1_000 + handOverMsMax]);
    expect([world.finished, second?.isLeader]).toEqual([0, true]);
  });

  it('does not wait for ever', () => {
    const { world, handOver } = newStop([new Led(three)]);
    handOver.begin();
    world.nowMs += limits.handOverMsMax - 1;
    handOver.turnEnded();
    expect([world.finished, handOver.nextDeadline()]).toEqual([0, 1_000 + limits.handOverMsMax]);
    world.nowMs += 1;
    handOver.turnEnded();
    expect(world.finished).toBe(1);
  });

  it('waits for nothing where it leads alone, or leads nothing', () => {
    for (const partitions of [[], [new Led(alone)]]) {
      const { world, handOver } = newStop(partitions);
      handOver.begin();
      handOver.turnEnded();
      expect(world.finished).toBe(1);
    }
  });
});
