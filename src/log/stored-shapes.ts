import { isCount, isJsonObject, isText } from './json.ts';

/** Whether a JSON value is a voter set as the journal and the sidecars keep it. */
export const isVoters = (value: unknown): boolean => Array.isArray(value) && value.every(isVoter);

const isVoter = (value: unknown): boolean =>
  isJsonObject(value) &&
  isCount(value['nodeId']) &&
  isText(value['directoryId']) &&
  (value['role'] === 'data' || value['role'] === 'witness');

/** Whether it is a list of voter sets, each with the offset that it is in force from. */
export const isVotersFrom = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((one) => isJsonObject(one) && isCount(one['from']) && isVoters(one['voters']));

/** Whether it is a list of leader epochs, each with the offset where it begins. */
export const isEpochStarts = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (one) =>
      isJsonObject(one) && Number.isSafeInteger(one['leaderEpoch']) && isCount(one['startOffset']),
  );

/** Whether it is the state of a witness replica. */
export const isWitnessState = (value: unknown): boolean =>
  isJsonObject(value) &&
  isCount(value['logStartOffset']) &&
  isCount(value['endOffset']) &&
  isCount(value['epochBeforeStart']) &&
  isEpochStarts(value['epochStarts']) &&
  isVotersFrom(value['voters']);
