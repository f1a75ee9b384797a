/** The voters of a partition as its leader sees them. */
export interface RiskView {
  readonly dataVoters: number;
  /** Data voters in sync, the leader too (C4). */
  readonly inSyncDataVoters: number;
  readonly witnesses: number;
  /** Witnesses heard from within the fetch timeout. */
  readonly heardWitnesses: number;
  readonly minInsyncReplicas: number;
}

/**
 * Whether one more loss would stop a partition that goes on now (C3): the largest part that may
 * vanish is one voter. A single voter is not at risk: there was never a copy to lose.
 */
export function isPartitionAtRisk(view: RiskView): boolean {
  const { dataVoters, inSyncDataVoters, witnesses, heardWitnesses, minInsyncReplicas } = view;
  const voters = dataVoters + witnesses;
  if (voters === 1) return false;
  const majority = Math.floor(voters / 2) + 1;
  const alive = inSyncDataVoters + heardWitnesses;
  return alive - 1 < majority || inSyncDataVoters - 1 < minInsyncReplicas;
}
