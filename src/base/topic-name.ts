import { limits } from './limits.ts';

const legalCharacters = /^[a-zA-Z0-9._-]+$/;

/** Kafka's rule for topic names; internal topics (`__*`) are legal names too. */
export function isLegalTopicName(name: string): boolean {
  if (name === '.' || name === '..') return false;
  return name.length <= limits.topicNameLengthMax && legalCharacters.test(name);
}

/** Topics that belong to the product: closed to clients, routes and forwarding. */
export const isInternalTopicName = (name: string): boolean => name.startsWith('__');
