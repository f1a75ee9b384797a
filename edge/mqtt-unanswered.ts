/** What waits: `will` is bound to no connection, `identifier` is a QoS 2 store or removal. */
export type PendingKind = 'qos0' | 'qos1' | 'will' | 'identifier';

/** One event that the core has to answer. */
export interface Unanswered {
  readonly publishId: number;
  readonly kind: PendingKind;
  /** Lets aedes go on. */
  proceed(): void;
  /** It will never be answered: rejected, or the connection is gone. */
  abandon?: (() => void) | undefined;
  settled: boolean;
}
