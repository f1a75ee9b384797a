/** What a promotion does, for the operator who decides. Plain JSON. */
export interface PromotionPlan {
  /** Nodes that are given up, by id. */
  readonly givenUp: readonly number[];
  readonly partitions: readonly PlannedPartition[];
}

export interface PlannedPartition {
  readonly topic: string;
  readonly partition: number;
  /**
   * `complete`: all that was acknowledged is here. `mayMiss`: others could acknowledge records at
   * or above `logEndOffset` without this node, or rot has taken some. `noCopy`: nothing is here.
   */
  readonly outcome: 'complete' | 'mayMiss' | 'noCopy';
  readonly logEndOffset: number;
}
