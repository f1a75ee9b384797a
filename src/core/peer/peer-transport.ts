import type { ConnectionId, LinkId } from '../../base/brand.ts';

/**
 * What a link to a peer is for (T2): a slow answer of one kind never holds another.
 * `control`: introduction, votes, epochs; `fetch`: partitions that kept up; `catchUp`: the others;
 * `produce`: batches for partitions that the peer leads.
 */
export type PeerPurpose = 'control' | 'fetch' | 'catchUp' | 'produce';

/** Orders about connections between nodes. Bytes of one link keep their order. */
export type PeerEffect =
  /** The address is that of the config's `cluster.peers`. Answered by LinkOpened or LinkClosed. */
  | {
      readonly type: 'OpenLink';
      readonly link: LinkId;
      readonly nodeId: number;
      readonly purpose: PeerPurpose;
    }
  | {
      readonly type: 'SendToLink';
      readonly link: LinkId;
      readonly chunks: readonly Uint8Array[];
    }
  | { readonly type: 'CloseLink'; readonly link: LinkId; readonly reason: string };

/**
 * What happened on them. Links are ours; connections are the peers', on our peer port, and are
 * answered by SendBytes, CloseConnection, PauseReading and ResumeReading like those of clients.
 */
export type PeerEvent =
  | { readonly type: 'LinkOpened'; readonly link: LinkId }
  /** None after CloseLink. */
  | { readonly type: 'LinkBytesReceived'; readonly link: LinkId; readonly chunk: Uint8Array }
  /** Exactly one for each OpenLink, also after CloseLink, and without LinkOpened if it failed. */
  | {
      readonly type: 'LinkClosed';
      readonly link: LinkId;
      /** The machine is there and nobody listens: its process is gone (T3). */
      readonly isRefused: boolean;
      readonly reason: string;
    }
  | {
      readonly type: 'PeerConnectionOpened';
      readonly connection: ConnectionId;
      /** Where it comes from, for people. */
      readonly from?: string;
    }
  | {
      readonly type: 'PeerBytesReceived';
      readonly connection: ConnectionId;
      readonly chunk: Uint8Array;
    }
  | {
      readonly type: 'PeerBytesSent';
      readonly connection: ConnectionId;
      readonly bytes: number;
    };
