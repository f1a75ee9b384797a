import { isVotersFrom } from './is-voters.ts';
import { isCount, isJsonObject } from './json.ts';

/** Whether it is a list of leader epochs, each with the offset where it begins. */
const isEpochStarts = (value: unknown): boolean =>
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
