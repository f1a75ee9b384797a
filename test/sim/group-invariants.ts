import type { GroupNode } from './group-node.ts';
import { AcknowledgedStays } from './invariants/acknowledged-stays.ts';
import { CommitRuleHolds } from './invariants/commit-rule-holds.ts';
import { CommittedLog } from './invariants/committed-log.ts';
import { InvariantBroken } from './invariants/invariant-broken.ts';
import { LeaderHasAll } from './invariants/leader-has-all.ts';
import { LogsAgree } from './invariants/logs-agree.ts';
import { OneLeader } from './invariants/one-leader.ts';
import { OneVote } from './invariants/one-vote.ts';
import { QuorumHeard } from './invariants/quorum-heard.ts';
import { VoterSteps } from './invariants/voter-steps.ts';
import { VotersOfLog } from './invariants/voters-of-log.ts';
import { WatermarkRises } from './invariants/watermark-rises.ts';
import { WitnessBehind } from './invariants/witness-behind.ts';

/**
 * What must hold for one replicated log. What can be read off the nodes is checked after every
 * event; what speaks of a moment (a vote told, a change of voters) is told by the world.
 */
export class GroupInvariants {
  readonly committed = new CommittedLog();
  readonly oneLeader = new OneLeader();
  readonly watermarkRises = new WatermarkRises();
  readonly logsAgree = new LogsAgree(this.committed);
  readonly acknowledgedStays = new AcknowledgedStays(this.committed);
  readonly leaderHasAll = new LeaderHasAll(this.committed);
  readonly votersOfLog = new VotersOfLog();
  readonly quorumHeard: QuorumHeard;
  /** This one alone; undefined: all. */
  only: string | undefined;
  readonly oneVote = new OneVote();
  readonly voterSteps = new VoterSteps();
  readonly commitRule = new CommitRuleHolds();
  readonly witnessBehind = new WitnessBehind();

  constructor(fetchTimeoutMs: number) {
    this.quorumHeard = new QuorumHeard(fetchTimeoutMs);
  }

  /** After every event. */
  check(nodes: readonly GroupNode[], nowMs: number): void {
    this.guard(() => this.oneLeader.check(nodes));
    this.guard(() => this.watermarkRises.check(nodes));
    this.guard(() => this.logsAgree.check(nodes));
    this.guard(() => this.acknowledgedStays.check());
    this.guard(() => this.votersOfLog.check(nodes));
    this.guard(() => this.quorumHeard.check(nodes, nowMs));
  }

  /** Lets pass what is not looked for. */
  guard(look: () => void): void {
    if (this.only === undefined) return look();
    try {
      look();
    } catch (error) {
      if (!(error instanceof InvariantBroken) || error.invariant === this.only) throw error;
    }
  }
}
