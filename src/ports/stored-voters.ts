import type { Offset, Uuid } from '../base/brand.ts';

/** One voter of a partition as it is stored (V1): a node with one disk, and what it keeps. */
export interface StoredVoter {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly role: 'data' | 'witness';
}

/** A voter set, in force from the control record at that offset on. */
export interface VotersFrom {
  readonly from: Offset;
  readonly voters: readonly StoredVoter[];
}
