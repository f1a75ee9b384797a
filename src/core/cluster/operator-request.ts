import type { TopicAlteration } from './topic-alteration.ts';

/** What an operator asks of the cluster, through whichever node. */
export type OperatorRequest =
  /** This node, empty, becomes part of a cluster that exists. */
  | { readonly type: 'join' }
  /** The same for a node that was part of it with another disk (V4). */
  | { readonly type: 'rejoin' }
  /**
   * This node goes on without those that do not answer (V5). Not confirmed: it is told what that
   * would do.
   */
  | { readonly type: 'promote'; readonly isConfirmed: boolean }
  | ({ readonly type: 'alterTopic'; readonly topic: string } & TopicAlteration);
