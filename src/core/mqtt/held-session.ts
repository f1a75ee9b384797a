import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import type { Qos2Session } from './qos2-session.ts';
import type { SessionOwner } from './session-owner.ts';

/** What waits until this node acts for the session; `drop`: it never will. */
export interface SessionWork {
  readonly run: (session: Qos2Session) => void;
  readonly drop: () => void;
}

/**
 * The session of a client that is connected here, in a cluster.
 * - untaken: nothing of it is stored, and the client has used no QoS 2 yet.
 * - taking: a record says that this connection acts for it from there on.
 * - taken: that record is applied here, and so is all that others have committed for it.
 */
export interface HeldSession {
  readonly clientId: string;
  readonly connection: ConnectionId;
  readonly isClean: boolean;
  state: 'untaken' | 'taking' | 'taken';
  owner: SessionOwner;
  /** The record of its owner is applied: whoever comes behind it ends this one. */
  isOwner: boolean;
  /** Its connection is gone, or another one acts for the client. */
  isDead: boolean;
  session: Qos2Session | undefined;
  /** The CONNECT that waits for its answer, and how long it does. */
  requestId: number | undefined;
  answerBefore: MonotonicMs | undefined;
  readonly waiting: SessionWork[];
}
