import type { ApiSchema } from './api-schema.ts';

/**
 * Ours alone: the first message of each link between nodes, and its answer. A zero cluster id says
 * "not born", a zero topic id "none", leader -1 "unknown".
 */
export const introduceSchema: ApiSchema = {
  key: 10000,
  name: 'Introduce',
  versions: '0-0',
  flexibleFrom: 0,
  request: [
    'clusterName string',
    'clusterId uuid',
    'nodeId int32',
    'directoryId uuid',
    'startCounter int64',
    'isWitness boolean',
    'peers []Peer',
    ['nodeId int32', 'isWitness boolean'],
    'clusterTopicId uuid',
    'purpose string',
    'softwareVersion string',
    'startIds []uuid tag=10000',
    'wallMs int64 tag=10001 default=-1',
    'formerDirectoryIds []uuid tag=10002',
  ],
  response: [
    'errorCode int16',
    'errorMessage ?string',
    'clusterName string',
    'clusterId uuid',
    'nodeId int32',
    'directoryId uuid',
    'startCounter int64',
    'isWitness boolean',
    'peers []Peer',
    ['nodeId int32', 'isWitness boolean'],
    'clusterTopicId uuid',
    'softwareVersion string',
    'clusterLeaderId int32',
    'clusterLeaderEpoch int32',
    'clusterVoters []Voter',
    ['nodeId int32', 'directoryId uuid', 'isWitness boolean'],
    'startIds []uuid tag=10000',
    'wallMs int64 tag=10001 default=-1',
    'formerDirectoryIds []uuid tag=10002',
  ],
};
