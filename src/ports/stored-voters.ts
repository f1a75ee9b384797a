import type { Offset, Uuid } from '../base/brand.ts';

/** A node with one disk. */
export interface StoredDisk {
  readonly nodeId: number;
  readonly directoryId: Uuid;
}

/** One voter of a partition as it is stored (V1): a node with one disk, and what it keeps. */
export interface StoredVoter extends StoredDisk {
  readonly role: 'data' | 'witness';
}

/** A voter set, in force from the control record at that offset on. */
export interface VotersFrom {
  readonly from: Offset;
  readonly voters: readonly StoredVoter[];
}
