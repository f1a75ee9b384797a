import { InvariantBroken } from './invariant-broken.ts';

/** What the disk of a voter really has. */
export interface DiskOfVoter {
  readonly persistedOffset: number;
  readonly isWitness: boolean;
  readonly isInSync: boolean;
}

/** What a leader says is committed, as the disks of its voters see it. */
export interface Commit {
  /** Exclusive. */
  readonly end: number;
  readonly leaderEpoch: number;
  /** Of the last record below `end`. */
  readonly lastEpoch: number | undefined;
  readonly disks: readonly DiskOfVoter[];
  readonly minInsyncReplicas: number;
}

/** C2 and C3: a majority of disks, the copies, all in sync beside a witness, the own epoch. */
export class CommitRuleHolds {
  committed({ end, leaderEpoch, lastEpoch, disks, minInsyncReplicas }: Commit): void {
    if (lastEpoch !== leaderEpoch) {
      fail(`${end} is committed, before anything of leader epoch ${leaderEpoch} (C2)`);
    }
    const have = disks.filter(({ persistedOffset }) => persistedOffset >= end);
    const copies = have.filter(({ isWitness }) => !isWitness).length;
    if (have.length * 2 <= disks.length) {
      fail(`${end} is committed with ${have.length} of ${disks.length} voters (C3)`);
    }
    if (copies < minInsyncReplicas) {
      fail(`${end} is committed with ${copies} of ${minInsyncReplicas} copies (C3)`);
    }
    if (!disks.some(({ isWitness }) => isWitness)) return;
    const lacking = disks.some((disk) => !disk.isWitness && disk.isInSync && !have.includes(disk));
    if (lacking) fail(`${end} is committed, a data voter in sync lacks it (C3)`);
  }
}

function fail(text: string): never {
  throw new InvariantBroken('commit-rule', text);
}
