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
