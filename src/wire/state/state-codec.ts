import { decoded, exact, type Decoded } from './decoded.ts';
import { shorelog } from './generated/state.js';

/** `__cluster`, key `topic/<name>`. Retention -1: unlimited. */
export interface TopicValue {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly internal: boolean;
  readonly keepUnforwarded: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** Who votes first, by partition, for ever (V1); empty: by a version that placed nothing. */
  readonly assignments: readonly AssignmentValue[];
  /** By partition, once nodes or replicas have changed; absent: as assigned first. */
  readonly wanted?: readonly AssignmentValue[];
  /** As configured; 0: auto. */
  readonly minInsyncReplicas: number;
  /** As configured; 0: auto. */
  readonly replicas: number;
}

/** Replicas of one partition, the preferred leader first; who votes now, its log says (V1). */
export type AssignmentValue = readonly AssignedReplicaValue[];

/** One disk of one node (V4). */
export interface AssignedReplicaValue {
  readonly nodeId: number;
  readonly directoryId: string;
  readonly isWitness: boolean;
}

/** The placement of a topic that nobody has placed. */
export const unplaced: Pick<TopicValue, 'assignments' | 'minInsyncReplicas' | 'replicas'> = {
  assignments: [],
  minInsyncReplicas: 0,
  replicas: 0,
};

/** `__cluster`, key `node/<node id>`: a node that joined, or that has another disk (V4). */
export interface MemberValue {
  readonly nodeId: number;
  readonly directoryId: string;
  readonly isWitness: boolean;
}

/** `__cluster`, key `producer-ids`: all ids below `nextProducerId` are taken (P4). */
export interface ProducerIdBlockValue {
  readonly nextProducerId: number;
}

/** `__cluster`, key `forward/<topic id>/<partition>`: an operator's decision (X1). */
export interface ForwardDecisionValue {
  readonly decisionId: string;
  /** `cursor`, `start` or a decimal offset. */
  readonly from: string;
}

/** The last forwarded batch, by what nobody can forge by accident (X1). */
export interface BatchIdentityValue {
  readonly leaderEpoch: number;
  readonly baseOffset: number;
  readonly crc: number;
}

/** `__cluster`, key `drop/<topic id>/<partition>/<from>` (L10). */
export interface DropValue {
  readonly topicId: string;
  readonly partition: number;
  readonly from: number;
  /** The next offset that is still there. */
  readonly to: number;
  readonly reason: string;
  readonly count: number;
  readonly lastForwarded: BatchIdentityValue | undefined;
  /** Of the partition's leader that says so; absent: it counts. */
  readonly leaderEpoch?: number;
  /** There is none any more. */
  readonly isRemoved?: true;
}

/** `__cluster`, key `dropped/<topic id>/<partition>`: records that drops have taken so far. */
export interface DroppedValue {
  readonly count: number;
  /** Of the partition's leader that said so: what older ones say of its drops is void. */
  readonly leaderEpoch: number;
}

/** `__mqtt_sessions`, key `session/<client id>`. */
export interface SessionValue {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** It ends with its connection, and so with the process that wrote it. */
  readonly clean: boolean;
  /** Who acts for it; absent: written by a node that is alone. */
  readonly owner?: SessionOwnerValue;
  /** Of `takes`: whom it takes the session from; absent: nobody. */
  readonly after?: SessionOwnerValue;
  /** What is open is of a session that ended, and has to go [MQTT-3.1.2-6]. */
  readonly hasEnded?: true;
  readonly change: SessionChangeValue;
}

/** `__cluster`, key `forwarded/<topic id>/<partition>/<leader epoch>` (X4). */
export interface ForwardedValue {
  readonly mark: ForwardStandValue | undefined;
  readonly attempt: ForwardStandValue | undefined;
}

export interface ForwardStandValue {
  readonly centralClusterId: string;
  readonly forwardOffset: number;
  readonly lastForwarded?: BatchIdentityValue;
}

/** One connection of one process of one node. */
export interface SessionOwnerValue {
  readonly nodeId: number;
  readonly counter: number;
}

/**
 * `sets`: whatever was there. The others count only while `after` (`takes`) or `owner` is who acts
 * for the session; `takes` leaves the producer as it was.
 */
export type SessionChangeValue = 'sets' | 'takes' | 'updates' | 'removes';

/** `__mqtt_sessions`, key `qos2/<client id>/<packet identifier>` (P5). */
export interface OpenIdentifierValue {
  readonly topicId: string;
  readonly partition: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** Counts only while this is who acts for the session; absent: always. */
  readonly owner?: SessionOwnerValue;
  readonly isRemoved: boolean;
}

/** Central's cursor topic, key `<cluster uuid>/<topic id>/<partition>` (X1). */
export interface CursorValue {
  readonly version: number;
  readonly forwardOffset: number;
  readonly edgeLeaderEpoch: number;
  /** Absent in the first claim. */
  readonly lastForwarded: BatchIdentityValue | undefined;
  readonly topic: string;
  readonly nodeId: number;
  readonly writtenAtMs: number;
  /**
   * The last `forward --from` decision that a claim applied (each is applied once); empty: none.
   */
  readonly decisionId: string;
}

/** Central's cursor topic, key `<cursor key>/gap/<from>` (X5). */
export interface GapValue {
  readonly from: number;
  readonly to: number;
  readonly leaderEpoch: number;
  readonly reason: string;
  readonly count: number;
}

/** The bytes of a Topic. */
export const encodeTopic = (value: TopicValue): Uint8Array => {
  const assignments = value.assignments.map(encodable);
  const wanted = (value.wanted ?? []).map(encodable);
  return shorelog.Topic.encode({ ...value, assignments, wanted }).finish();
};

/** The Topic in these bytes; missing fields read as zero values and empty lists. */
export const decodeTopic = (bytes: Uint8Array): Decoded<TopicValue> =>
  decoded(() => {
    const read = shorelog.Topic.decode(bytes);
    return {
      name: read.name,
      topicId: read.topicId,
      partitions: read.partitions,
      internal: read.internal,
      keepUnforwarded: read.keepUnforwarded,
      retentionMs: exact(read.retentionMs),
      retentionBytes: exact(read.retentionBytes),
      assignments: read.assignments.map(assignment),
      ...(read.wanted.length > 0 ? { wanted: read.wanted.map(assignment) } : {}),
      minInsyncReplicas: read.minInsyncReplicas,
      replicas: read.replicas,
    };
  });

/** The bytes of a Member. */
export const encodeMember = (value: MemberValue): Uint8Array =>
  shorelog.Member.encode(value).finish();

/** The Member in these bytes. */
export const decodeMember = (bytes: Uint8Array): Decoded<MemberValue> =>
  decoded(() => assignedReplica(shorelog.Member.decode(bytes)));

/** The bytes of a ProducerIdBlock. */
export const encodeProducerIdBlock = (value: ProducerIdBlockValue): Uint8Array =>
  shorelog.ProducerIdBlock.encode(value).finish();

/** The ProducerIdBlock in these bytes. */
export const decodeProducerIdBlock = (bytes: Uint8Array): Decoded<ProducerIdBlockValue> =>
  decoded(() => ({
    nextProducerId: exact(shorelog.ProducerIdBlock.decode(bytes).nextProducerId),
  }));

/** The bytes of a ForwardDecision. */
export const encodeForwardDecision = (value: ForwardDecisionValue): Uint8Array =>
  shorelog.ForwardDecision.encode(value).finish();

/** The ForwardDecision in these bytes. */
export const decodeForwardDecision = (bytes: Uint8Array): Decoded<ForwardDecisionValue> =>
  decoded(() => {
    const read = shorelog.ForwardDecision.decode(bytes);
    return { decisionId: read.decisionId, from: read.from };
  });

/** The bytes of a Drop. */
export const encodeDrop = ({ isRemoved, ...value }: DropValue): Uint8Array => {
  const lastForwarded = value.lastForwarded ?? null;
  const removed = isRemoved === undefined ? {} : { removed: isRemoved };
  return shorelog.Drop.encode({ ...value, ...removed, lastForwarded }).finish();
};

/** The Drop in these bytes. */
export const decodeDrop = (bytes: Uint8Array): Decoded<DropValue> =>
  decoded(() => {
    const read = shorelog.Drop.decode(bytes);
    return {
      topicId: read.topicId,
      partition: read.partition,
      from: exact(read.from),
      to: exact(read.to),
      reason: read.reason,
      count: exact(read.count),
      lastForwarded: batchIdentity(read.lastForwarded),
      ...(read.leaderEpoch === 0 ? {} : { leaderEpoch: read.leaderEpoch }),
      ...(read.removed ? { isRemoved: true as const } : {}),
    };
  });

/** The bytes of a Dropped. */
export const encodeDropped = (value: DroppedValue): Uint8Array =>
  shorelog.Dropped.encode(value).finish();

/** The Dropped in these bytes. */
export const decodeDropped = (bytes: Uint8Array): Decoded<DroppedValue> =>
  decoded(() => {
    const { count, leaderEpoch } = shorelog.Dropped.decode(bytes);
    return { count: exact(count), leaderEpoch };
  });

/** The bytes of a Forwarded. */
export const encodeForwarded = ({ mark, attempt }: ForwardedValue): Uint8Array => {
  const encodable = (stand: ForwardStandValue | undefined) =>
    stand === undefined ? null : { ...stand, lastForwarded: stand.lastForwarded ?? null };
  const value = { mark: encodable(mark), attempt: encodable(attempt) };
  return shorelog.Forwarded.encode(value).finish();
};

/** The Forwarded in these bytes. */
export const decodeForwarded = (bytes: Uint8Array): Decoded<ForwardedValue> =>
  decoded(() => {
    const { mark, attempt } = shorelog.Forwarded.decode(bytes);
    return { mark: forwardStand(mark), attempt: forwardStand(attempt) };
  });

/** The bytes of a Session. */
export const encodeSession = ({ change, ...value }: SessionValue): Uint8Array => {
  // The encoder writes zeros that it is given.
  const changed = change === 'sets' ? {} : { change: sessionChanges.indexOf(change) };
  return shorelog.Session.encode({ ...value, ...changed }).finish();
};

/** The Session in these bytes. */
export const decodeSession = (bytes: Uint8Array): Decoded<SessionValue> =>
  decoded(() => {
    const read = shorelog.Session.decode(bytes);
    const { producerEpoch, clean } = read;
    const change = sessionChanges[read.change];
    if (change === undefined) throw new RangeError('a change of a newer version');
    const ended = read.hasEnded ? { hasEnded: true as const } : {};
    const owners = { ...ended, ...ownerAs('owner', read.owner), ...ownerAs('after', read.after) };
    return { producerId: exact(read.producerId), producerEpoch, clean, change, ...owners };
  });

/** The bytes of an OpenIdentifier. */
export const encodeOpenIdentifier = ({ isRemoved, ...value }: OpenIdentifierValue): Uint8Array =>
  shorelog.OpenIdentifier.encode(isRemoved ? { ...value, removed: true } : value).finish();

/** The OpenIdentifier in these bytes. */
export const decodeOpenIdentifier = (bytes: Uint8Array): Decoded<OpenIdentifierValue> =>
  decoded(() => {
    const read = shorelog.OpenIdentifier.decode(bytes);
    return {
      topicId: read.topicId,
      partition: read.partition,
      producerId: exact(read.producerId),
      producerEpoch: read.producerEpoch,
      baseSequence: read.baseSequence,
      isRemoved: read.removed,
      ...ownerAs('owner', read.owner),
    };
  });

/** The bytes of a Cursor. */
export const encodeCursor = (value: CursorValue): Uint8Array =>
  shorelog.Cursor.encode({ ...value, lastForwarded: value.lastForwarded ?? null }).finish();

/** The Cursor in these bytes. */
export const decodeCursor = (bytes: Uint8Array): Decoded<CursorValue> =>
  decoded(() => {
    const read = shorelog.Cursor.decode(bytes);
    return {
      version: read.version,
      forwardOffset: exact(read.forwardOffset),
      edgeLeaderEpoch: read.edgeLeaderEpoch,
      lastForwarded: batchIdentity(read.lastForwarded),
      topic: read.topic,
      nodeId: read.nodeId,
      writtenAtMs: exact(read.writtenAtMs),
      decisionId: read.decisionId,
    };
  });

/** The bytes of a Gap. */
export const encodeGap = (value: GapValue): Uint8Array => shorelog.Gap.encode(value).finish();

/** The Gap in these bytes. */
export const decodeGap = (bytes: Uint8Array): Decoded<GapValue> =>
  decoded(() => {
    const read = shorelog.Gap.decode(bytes);
    return {
      from: exact(read.from),
      to: exact(read.to),
      leaderEpoch: read.leaderEpoch,
      reason: read.reason,
      count: exact(read.count),
    };
  });

const sessionChanges: readonly SessionChangeValue[] = ['sets', 'takes', 'updates', 'removes'];

const ownerAs = <Name extends 'owner' | 'after'>(
  name: Name,
  read: shorelog.SessionOwner.$Properties | null | undefined,
): Partial<Record<Name, SessionOwnerValue>> => {
  if (read === null || read === undefined) return {};
  const owner = { nodeId: read.nodeId ?? 0, counter: exact(read.counter ?? 0) };
  return { [name]: owner } as Record<Name, SessionOwnerValue>;
};

const encodable = (replicas: AssignmentValue): shorelog.Assignment.$Properties => ({
  replicas: [...replicas],
});

const assignment = ({ replicas }: shorelog.Assignment.$Properties): AssignmentValue =>
  (replicas ?? []).map(assignedReplica);

const assignedReplica = (read: shorelog.AssignedReplica.$Properties): AssignedReplicaValue => ({
  nodeId: read.nodeId ?? 0,
  directoryId: read.directoryId ?? '',
  isWitness: read.isWitness ?? false,
});

function forwardStand(
  read: shorelog.ForwardStand.$Properties | null | undefined,
): ForwardStandValue | undefined {
  if (read === null || read === undefined) return undefined;
  const lastForwarded = batchIdentity(read.lastForwarded);
  return {
    centralClusterId: read.centralClusterId ?? '',
    forwardOffset: exact(read.forwardOffset ?? 0),
    ...(lastForwarded === undefined ? {} : { lastForwarded }),
  };
}

function batchIdentity(
  read: shorelog.BatchIdentity.$Properties | null | undefined,
): BatchIdentityValue | undefined {
  if (read === null || read === undefined) return undefined;
  return {
    leaderEpoch: read.leaderEpoch ?? 0,
    baseOffset: exact(read.baseOffset ?? 0),
    crc: read.crc ?? 0,
  };
}
