import type { ConnectionId, MonotonicMs, Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Deadlines } from '../kafka/deadlines.ts';
import type { Now } from '../now.ts';
import type { ReadPort } from './fetch-session.ts';
import { FetchSessions } from './fetch-sessions.ts';
import { FollowerFetcher } from './follower-fetcher.ts';
import { HoleRepairer } from './hole-repairer.ts';
import type { PeerLink } from './peer-link.ts';
import type { PeerReplica } from './peer-replica.ts';
import type { PeerPurpose } from './peer-transport.ts';
import { VotePost } from './vote-post.ts';

export interface ReplicaTrafficOptions {
  readonly self: { readonly nodeId: number; readonly directoryId: Uuid };
  readonly clusterId: () => Uuid;
  /** Nodes that links can be opened to. */
  readonly others: () => readonly number[];
  readonly link: (nodeId: number, purpose: PeerPurpose) => PeerLink;
  readonly find: (topicId: Uuid, partition: number) => PeerReplica | undefined;
  readonly read: ReadPort;
  readonly deadlines: Deadlines;
  readonly now: () => Now;
  readonly replicaLagTimeMaxMs: number;
}

/**
 * What the replicas of this node say to those of others: votes, fetches from their leaders, answers
 * to their followers, and what fills their holes. Whatever a turn changes is looked at at its end.
 */
export class ReplicaTraffic {
  readonly votes: VotePost;
  /** What followers have asked for. */
  readonly sessions: FetchSessions;
  readonly #fetcher: FollowerFetcher;
  readonly #repairer: HoleRepairer;
  #changed = new Set<PeerReplica>();

  constructor(options: ReplicaTrafficOptions) {
    const { self, clusterId, others, link, find, read, deadlines } = options;
    const now = (): MonotonicMs => options.now().monotonicMs;
    const changed = (replica: PeerReplica): void => this.changed(replica);
    const control = (nodeId: number): PeerLink => link(nodeId, 'control');
    const fetchWaitMs = Math.min(limits.peerFetchWaitMsMax, options.replicaLagTimeMaxMs / 3);
    this.votes = new VotePost({ clusterId, now, changed, link: control });
    this.sessions = new FetchSessions({ find, read, deadlines, now, fetchWaitMs });
    this.#fetcher = new FollowerFetcher({
      ...{ self, clusterId, others, deadlines, fetchWaitMs, changed, link },
      now: options.now,
    });
    this.#repairer = new HoleRepairer({
      ...{ self, clusterId, deadlines, now, changed, link: control },
    });
  }

  /**
   * Its log end, persisted offset, log start, high watermark, leader, epoch or voters changed, or
   * it is new, or its cut is done. Looked at when the turn ends.
   */
  changed(replica: PeerReplica): void {
    this.#changed.add(replica);
  }

  /** It is no more on this node; `find` does not give it either. */
  removed(replica: PeerReplica): void {
    this.#changed.delete(replica);
    this.#fetcher.removed(replica);
    this.#repairer.removed(replica);
    this.sessions.changed(replica.logId);
  }

  /** That link is ready, or is not any more. */
  linkChanged(nodeId: number, purpose: PeerPurpose): void {
    this.#fetcher.linkChanged(nodeId, purpose);
  }

  connectionClosed(connection: ConnectionId): void {
    this.sessions.connectionClosed(connection);
  }

  /** What the turn brought about goes to the links. */
  turnEnded(): void {
    for (;;) {
      const changed = this.#changed;
      this.#changed = new Set();
      for (const replica of changed) {
        this.sessions.changed(replica.logId);
        this.#fetcher.changed(replica);
        this.#repairer.changed(replica);
      }
      // An answer to one follower may commit what another one is to be told.
      if (!this.sessions.settle() && this.#changed.size === 0) break;
    }
    this.votes.flush();
    this.#fetcher.flush();
  }
}
