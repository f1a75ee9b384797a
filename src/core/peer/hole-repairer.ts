import { leaderEpoch, monotonicMs, type MonotonicMs, type Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { OffsetRange } from '../../ports/recovered-log.ts';
import { peerFetchCodec } from '../../wire/kafka/generated/01-peer-fetch.ts';
import { scanBatches } from '../../wire/kafka/batch-scan.ts';
import { zeroUuid } from '../../wire/kafka/protocol-reader.ts';
import type { Deadlines } from '../kafka/deadlines.ts';
import type { PeerLink } from './peer-link.ts';
import type { PeerReplica } from './peer-replica.ts';

/** A Fetch outside of a session (KIP-227): one answer, and nothing is kept of it. */
export const sessionlessEpoch = -1;

export interface HoleRepairerOptions {
  readonly self: { readonly nodeId: number; readonly directoryId: Uuid };
  readonly clusterId: () => Uuid;
  readonly link: (nodeId: number) => Pick<PeerLink, 'call'>;
  readonly deadlines: Deadlines;
  readonly now: () => MonotonicMs;
  readonly changed: (replica: PeerReplica) => void;
}

/**
 * Fetches what rot took from a log of several voters, hole by hole, from the leader of the
 * partition. Until all of it is back the replica is counted for none of it and does not vote (V4),
 * but for the other one of two data voters.
 */
export class HoleRepairer {
  readonly #options: HoleRepairerOptions;
  /** Those that wait for an answer, or for a moment. */
  readonly #busy = new Set<PeerReplica>();

  constructor(options: HoleRepairerOptions) {
    this.#options = options;
  }

  /** Its leader is another, it was repaired, or it is new. */
  changed(replica: PeerReplica): void {
    const [hole] = replica.holes;
    const { leaderId, leaderEpoch: epoch } = replica.replica;
    if (hole === undefined || replica.isCutting || this.#busy.has(replica)) return;
    const { self, link } = this.#options;
    if (leaderId === undefined || leaderId === self.nodeId) return;
    this.#busy.add(replica);
    const asked = this.#request(replica, hole, epoch);
    link(leaderId).call(peerFetchCodec, asked, limits.peerConnectMsMax, (outcome) => {
      if (!this.#busy.has(replica)) return undefined;
      // It was cut meanwhile, or has another leader: what was asked is not what is missing (L4).
      if (!isStillAsked(replica, hole, epoch)) return this.#later(replica);
      const answer = outcome.ok ? outcome.value.responses[0]?.partitions[0] : undefined;
      const records = answer?.errorCode === 0 ? answer.records : null;
      const batches = records === null || records === undefined ? 0 : endInside(records, hole);
      if (records === null || records === undefined || batches === 0) return this.#later(replica);
      this.#busy.delete(replica);
      return replica.repair(records.subarray(0, batches));
    });
  }

  removed(replica: PeerReplica): void {
    this.#busy.delete(replica);
  }

  #later(replica: PeerReplica): void {
    const { deadlines, now, changed } = this.#options;
    deadlines.add(monotonicMs(now() + limits.peerProbeMs), () => {
      if (this.#busy.delete(replica)) changed(replica);
    });
  }

  #request({ topicId, partition }: PeerReplica, hole: OffsetRange, epoch: number) {
    const { self, clusterId } = this.#options;
    const wanted = {
      ...{ partition, currentLeaderEpoch: leaderEpoch(epoch), fetchOffset: hole.from },
      ...{ lastFetchedEpoch: -1, logStartOffset: -1, persistedOffset: -1 },
      isWitness: false,
      ...{ partitionMaxBytes: limits.peerFetchBytesMax, replicaDirectoryId: zeroUuid },
    };
    return {
      clusterId: clusterId(),
      replicaState: { replicaId: self.nodeId, replicaEpoch: -1 },
      ...{ maxWaitMs: 0, minBytes: 0, maxBytes: limits.peerFetchBytesMax, isolationLevel: 0 },
      ...{ sessionId: 0, sessionEpoch: sessionlessEpoch, rackId: '', forgottenTopicsData: [] },
      topics: [{ topicId, partitions: [wanted] }],
    };
  }
}

/**
 * Bytes of the batches at the beginning that fill the hole from its beginning on: sound, one behind
 * the other, all of them in it. What came over the wire is not trusted more than the disk was.
 */
function endInside(records: Uint8Array, hole: OffsetRange): number {
  let [at, next] = [0, hole.from as number];
  for (const { baseOffset, lastOffset, totalBytes } of scanBatches(records).headers) {
    if (baseOffset !== next || lastOffset >= hole.to) break;
    at += totalBytes;
    next = lastOffset + 1;
  }
  return at;
}

function isStillAsked(replica: PeerReplica, hole: OffsetRange, epoch: number): boolean {
  const [first] = replica.holes;
  const isSame = first?.from === hole.from && first.to === hole.to;
  return isSame && !replica.isCutting && replica.replica.leaderEpoch === epoch;
}
