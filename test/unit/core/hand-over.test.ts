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
  const world = { nowMs: 1_000, pendingBytes: 0, finished: 0 };
  const begun: unknown[] = [];
  const handOver = new HandOver({
    partitions,
    transfers: { begin: (...transfer) => void begun.push(transfer) },
    pendingBytes: () => world.pendingBytes,
    now: () => monotonicMs(world.nowMs),
    emit: () => void world.finished++,
  });
  return { world, handOver, begun };
}

describe('HandOver', () => {
  it('hands over what others vote for, and waits for their leaders and the answers', () => {
    const [shared, own] = [new Led(three), new Led(alone)];
    const { world, handOver, begun } = newStop([shared, own]);
    world.pendingBytes = 10;
    handOver.begin();
    handOver.begin();
    handOver.turnEnded();
    expect([handOver.hasBegun, begun]).toEqual([true, [[shared, 2]]]);
    shared.isLeader = false;
    shared.leaderId = undefined;
    handOver.turnEnded();
    shared.leaderId = 2;
    handOver.turnEnded();
    expect(world.finished).toBe(0);
    world.pendingBytes = 0;
    handOver.turnEnded();
    handOver.turnEnded();
    expect([world.finished, handOver.nextDeadline()]).toEqual([1, undefined]);
  });

  it('gives each voter in sync its share, and waits where nobody is', () => {
    const led = [three, three, three, three].map((voters) => new Led(voters));
    led[3]?.inSyncIds.splice(1);
    const { handOver, begun } = newStop(led);
    handOver.begin();
    expect(begun).toEqual([2, 3, 2, undefined].map((to, i) => [led[i], to]));
  });

  it('does not wait for ever', () => {
    const { world, handOver } = newStop([new Led(three)]);
    handOver.begin();
    world.nowMs += limits.handOverMsMax - 1;
    handOver.turnEnded();
    expect([world.finished, handOver.nextDeadline()]).toEqual([0, 1_500]);
    world.nowMs += 1;
    handOver.turnEnded();
    expect(world.finished).toBe(1);
  });

  it('waits for nothing where it leads alone, or leads nothing', () => {
    for (const partitions of [[], [new Led(alone)]]) {
      const { world, handOver } = newStop(partitions);
      world.pendingBytes = 10;
      handOver.begin();
      handOver.turnEnded();
      expect(world.finished).toBe(1);
    }
  });
});
