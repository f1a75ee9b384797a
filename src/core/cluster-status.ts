/** What one node knows of its cluster, for `status` (DESIGN 2). Plain JSON. */
export interface ClusterStatus {
  /** The config's `cluster.id`. */
  readonly name: string;
  /**
   * `forming`: it waits until every listed node has answered, once (V2). `waiting`: empty, beside a
   * cluster that was born without it (`shorelog join`).
   */
  readonly state: 'forming' | 'waiting' | 'member';
  /** Leader of `__cluster`; undefined while there is none. */
  readonly leader?: number;
  /** Every node that the config lists, by id. */
  readonly nodes: readonly ClusterNodeStatus[];
}

export interface ClusterNodeStatus {
  readonly id: number;
  readonly role: 'data' | 'witness';
  /** Where its peers reach it. */
  readonly address: string;
  /**
   * `refusing`: its machine answers and no node listens. `stranger`: it must not talk to
   * this one; `lastError` says why. `givenUp`: by a promotion, and it did not come back (V5).
   */
  readonly state: 'self' | 'connected' | 'away' | 'refusing' | 'stranger' | 'givenUp';
  /** Since it was last heard; undefined: never since the start of this node. */
  readonly silentMs?: number;
  readonly version?: string;
  readonly lastError?: string;
}

/** What the leader of a partition knows of another replica of it. */
export interface FollowerStatus {
  readonly nodeId: number;
  readonly role: 'data' | 'witness' | 'observer';
  /** A witness is never: it holds no copy (C3). */
  readonly isInSync: boolean;
  /** All below it is fsynced there. */
  readonly persistedOffset: number;
  /** Offsets that it has not persisted, of those that the leader has. */
  readonly lag: number;
  /** Since its last Fetch; undefined: none in this leader epoch. */
  readonly silentMs?: number;
}

/** A partition as the node that leads it tells others of it. */
export interface LedStatus {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  /** Node ids. */
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  /** One more loss would stop it (C3). Only its leader knows, and is asked. */
  readonly atRisk: boolean;
  readonly followers: readonly FollowerStatus[];
}
