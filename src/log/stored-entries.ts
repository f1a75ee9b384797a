import { offset, uuid } from '../base/brand.ts';
import type { Offset, Uuid } from '../base/brand.ts';
import type { PeerStart, StoredFacts } from '../ports/stored-facts.ts';
import type { StoredDisk } from '../ports/stored-voters.ts';
import type { JournalEntry, JournalRecord, LogKey } from './journal-record.ts';
import { isCount, isJsonObject, isText, parseJson } from './json.ts';

const peerStartPrefix = 'peer-start/';
const clusterKey = 'cluster';
const givingUpKey = 'giving-up';
const onceHadPrefix = 'once-had/';

/** The cluster that a directory was adopted by (V2). */
export interface AdoptedCluster {
  readonly clusterId: Uuid;
  readonly clusterTopicId: Uuid;
}

/** The journal's record of a peer's newest start. */
export const peerStartRecord = ({ directoryId, ...start }: PeerStart): JournalRecord =>
  entry(`${peerStartPrefix}${directoryId}`, start);

/** The journal's record of the cluster. */
export const clusterRecord = ({ clusterId, clusterTopicId }: AdoptedCluster): JournalRecord =>
  entry(clusterKey, { clusterId, clusterTopicId });

/** The journal's record of how far a log was; undefined: it has all that counts of it again. */
export const onceHadRecord = ({ topicId, partition }: LogKey, to?: Offset): JournalRecord => {
  const key = `${onceHadPrefix}${topicId}/${partition}`;
  return to === undefined ? { type: 'entry', key, json: null } : entry(key, to);
};

/** The journal's record of the disks that an operator gives up; none: it is done. */
export const givingUpRecord = (disks: readonly StoredDisk[]): JournalRecord =>
  disks.length > 0 ? entry(givingUpKey, disks) : { type: 'entry', key: givingUpKey, json: null };

export interface StoredEntries {
  /** The cluster that was to be adopted; only the identity says that it was. */
  readonly cluster: AdoptedCluster | undefined;
  readonly onceHad: StoredFacts['onceHad'];
  /** The newest start seen of each peer's directory. */
  readonly peerStarts: readonly PeerStart[];
  /** Disks that an operator gave up, until `__cluster` says so. */
  readonly givingUp: readonly StoredDisk[];
}

/** What replication keeps among the entries of a journal. */
export const storedEntries = (entries: readonly JournalEntry[]): StoredEntries => ({
  cluster: clusterIn(entries),
  onceHad: onceHadIn(entries),
  peerStarts: peerStartsIn(entries),
  givingUp: givingUpIn(entries),
});

function onceHadIn(entries: readonly JournalEntry[]): StoredFacts['onceHad'] {
  return entries.flatMap(({ key, json }) => {
    const to = parseJson(json);
    if (!key.startsWith(onceHadPrefix) || !isCount(to)) return [];
    const [topicId = '', partition] = key.slice(onceHadPrefix.length).split('/');
    return [{ topicId: uuid(topicId), partition: Number(partition), to: offset(to) }];
  });
}

function peerStartsIn(entries: readonly JournalEntry[]): readonly PeerStart[] {
  return entries.flatMap(({ key, json }) => {
    if (!key.startsWith(peerStartPrefix)) return [];
    const start = parseJson(json);
    // The count alone was written before starts drew an id.
    const { startCounter, startId } = isJsonObject(start) ? start : { startCounter: start };
    if (!isCount(startCounter)) return [];
    const directoryId = uuid(key.slice(peerStartPrefix.length));
    return [{ directoryId, startCounter, startId: isText(startId) ? uuid(startId) : undefined }];
  });
}

function givingUpIn(entries: readonly JournalEntry[]): readonly StoredDisk[] {
  const disks = valueOf(entries, givingUpKey);
  if (!Array.isArray(disks)) return [];
  return disks.flatMap((disk: unknown) => {
    if (!isJsonObject(disk)) return [];
    const { nodeId, directoryId } = disk;
    return isCount(nodeId) && isText(directoryId)
      ? [{ nodeId, directoryId: uuid(directoryId) }]
      : [];
  });
}

function clusterIn(entries: readonly JournalEntry[]): AdoptedCluster | undefined {
  const cluster = valueOf(entries, clusterKey);
  if (!isJsonObject(cluster)) return undefined;
  const { clusterId, clusterTopicId } = cluster;
  if (!isText(clusterId) || !isText(clusterTopicId)) return undefined;
  return { clusterId: uuid(clusterId), clusterTopicId: uuid(clusterTopicId) };
}

function valueOf(entries: readonly JournalEntry[], wanted: string): unknown {
  const found = entries.find(({ key }) => key === wanted);
  return found === undefined ? undefined : parseJson(found.json);
}

const entry = (key: string, value: unknown): JournalRecord => ({
  type: 'entry',
  key,
  json: JSON.stringify(value),
});
