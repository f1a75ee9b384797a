import { leaderEpoch, offset } from '../base/brand.ts';
import { utf8Decode, utf8Encode } from '../base/bytes.ts';
import type { EpochStart } from '../ports/recovered-log.ts';
import { isCount } from './json.ts';

/** File name, as Kafka has it. */
export const checkpointName = 'leader-epoch-checkpoint';

/**
 * Kafka's text: a version (0), the number of entries, one line `epoch offset` for each. It has no
 * checksum and is derived (L5): the list in memory comes from the batches, the file is for Kafka's
 * tools and for people.
 */
export function encodeCheckpoint(starts: readonly EpochStart[]): Uint8Array {
  const lines = starts.map((start) => `${start.leaderEpoch} ${start.startOffset}\n`);
  return utf8Encode(`0\n${starts.length}\n${lines.join('')}`);
}

/** The entries in a file; undefined if it is not one. */
export function decodeCheckpoint(bytes: Uint8Array): EpochStart[] | undefined {
  const match = /^0\n(\d+)\n((?:\d+ \d+\n)*)$/.exec(utf8Decode(bytes));
  if (match === null) return undefined;
  const lines = (match[2] as string).split('\n').slice(0, -1);
  if (lines.length !== Number(match[1])) return undefined;
  const starts = lines.map((line) => {
    const [epoch, start] = line.split(' ');
    return { leaderEpoch: leaderEpoch(Number(epoch)), startOffset: offset(Number(start)) };
  });
  const isExact = starts.every((one) => isCount(one.leaderEpoch) && isCount(one.startOffset));
  return isExact ? starts : undefined;
}
