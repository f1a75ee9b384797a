import type { ApiSchema } from './api-schema.ts';

/**
 * Fetch as nodes speak it among themselves (T1): Kafka's version 17 without what only its own
 * brokers need. Tags from 10000 on are ours.
 */
export const peerFetchSchema: ApiSchema = {
  key: 1,
  name: 'PeerFetch',
  versions: '17-17',
  flexibleFrom: 12,
  request: [
    'clusterId ?string tag=0',
    'replicaState ?ReplicaState tag=1',
    ['replicaId int32', 'replicaEpoch int64'],
    'maxWaitMs int32',
    'minBytes int32',
    'maxBytes int32',
    'isolationLevel int8',
    'sessionId int32',
    'sessionEpoch int32',
    'topics []Topic',
    [
      'topicId uuid',
      'partitions []Partition',
      [
        'partition int32',
        'currentLeaderEpoch int32',
        'fetchOffset int64',
        'lastFetchedEpoch int32',
        'logStartOffset int64',
        'partitionMaxBytes int32',
        'replicaDirectoryId uuid tag=0',
        'persistedOffset int64 tag=10000 default=-1',
      ],
    ],
    'forgottenTopicsData []ForgottenTopic',
    ['topicId uuid', 'partitions []int32'],
    'rackId string',
  ],
  response: [
    'throttleTimeMs int32',
    'errorCode int16',
    'sessionId int32',
    'responses []Topic',
    [
      'topicId uuid',
      'partitions []Partition',
      [
        'partitionIndex int32',
        'errorCode int16',
        'highWatermark int64',
        'lastStableOffset int64',
        'logStartOffset int64',
        'divergingEpoch ?EpochEnd tag=0',
        ['epoch int32', 'endOffset int64'],
        'currentLeader ?Leader tag=1',
        ['leaderId int32', 'leaderEpoch int32'],
        'snapshotId ?Snapshot tag=2',
        ['endOffset int64', 'epoch int32'],
        'epochBeforeStart int32 tag=10000 default=-1',
        'startVoters []Voter tag=10001',
        ['nodeId int32', 'directoryId uuid', 'isWitness boolean'],
        'witnessEnd int64 tag=10002 default=-1',
        'witnessEpochs []EpochStart tag=10003',
        ['epoch int32', 'startOffset int64'],
        'abortedTransactions ?[]AbortedTransaction',
        ['producerId producerId', 'firstOffset int64'],
        'preferredReadReplica int32',
        'records ?bytes',
      ],
    ],
  ],
};
