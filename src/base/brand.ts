declare const brand: unique symbol;

/**
 * A primitive that the compiler will not mix with another of the same shape. Costs nothing at run
 * time.
 */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Logical place of a record in a partition. Exact up to 2^53; asserted at the wire. */
export type Offset = Brand<number, 'Offset'>;
/** Raft term of a partition, stored in every batch (KIP-101). */
export type LeaderEpoch = Brand<number, 'LeaderEpoch'>;
/** Milliseconds since 1970 on the wall clock; may jump. Never used for timeouts. */
export type TimestampMs = Brand<number, 'TimestampMs'>;
/** Milliseconds on a clock that never goes back; its zero means nothing. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>;
/** Byte place in a file. */
export type Position = Brand<number, 'Position'>;
/** 36-character lower-case UUID text. */
export type Uuid = Brand<string, 'Uuid'>;
/** Process-local handle of one open partition log, dense from 0. Never stored, never sent. */
export type LogId = Brand<number, 'LogId'>;
/** Counts up with each TruncateLog of one log in one process (L4). */
export type LogGeneration = Brand<number, 'LogGeneration'>;
/** Process-local number of a connection that this node opened to a peer. */
export type LinkId = Brand<number, 'LinkId'>;
/** Process-local number of a connection (MQTT, Kafka and peers share the counter). */
export type ConnectionId = Brand<number, 'ConnectionId'>;

export const offset = (value: number): Offset => value as Offset;
export const leaderEpoch = (value: number): LeaderEpoch => value as LeaderEpoch;
export const timestampMs = (value: number): TimestampMs => value as TimestampMs;
export const monotonicMs = (value: number): MonotonicMs => value as MonotonicMs;
export const position = (value: number): Position => value as Position;
export const uuid = (value: string): Uuid => value as Uuid;
export const logId = (value: number): LogId => value as LogId;
export const logGeneration = (value: number): LogGeneration => value as LogGeneration;
export const linkId = (value: number): LinkId => value as LinkId;
export const connectionId = (value: number): ConnectionId => value as ConnectionId;
