import {
  decodeDrop,
  decodeDropped,
  encodeDrop,
  type DroppedValue,
} from '../../wire/state/state-codec.ts';

/**
 * What a committed record of `__cluster` makes of its key; what is there already: the record does
 * not count. What a deposed leader had on its way about its partition's drops is void once a later
 * one has said something of them. Decided by the log alone, so alike on every node.
 *
 * What it gives of a drop stands for itself: a rewrite of the topic may put it behind a later
 * leader's word.
 */
export function reduceDropChange(
  key: string,
  value: Uint8Array | undefined,
  stored: (key: string) => Uint8Array | undefined,
): Uint8Array | undefined {
  const [kind, topicId, partition] = key.split('/');
  if ((kind !== 'drop' && kind !== 'dropped') || value === undefined) return value;
  const word = wordIn(stored(`dropped/${topicId}/${partition}`));
  if (kind === 'dropped') {
    const told = wordIn(value);
    return told !== undefined && isOlder(told.leaderEpoch, word) ? stored(key) : value;
  }
  const read = decodeDrop(value);
  if (!read.ok || read.value.leaderEpoch === undefined) return value;
  const { leaderEpoch, isRemoved, ...drop } = read.value;
  if (isOlder(leaderEpoch, word)) return stored(key);
  return isRemoved === true ? undefined : encodeDrop(drop);
}

const isOlder = (epoch: number, word: DroppedValue | undefined): boolean =>
  epoch < (word?.leaderEpoch ?? 0);

function wordIn(value: Uint8Array | undefined): DroppedValue | undefined {
  const read = value === undefined ? undefined : decodeDropped(value);
  return read?.ok === true ? read.value : undefined;
}
