import { expect, it } from 'vitest';
import { leaderEpoch, offset, timestampMs } from '../../../src/base/brand.ts';
import { decodeDigest, encodeDigest } from '../../../src/log/segment-digest.ts';

it('gives back what was sealed, and nothing if one bit is wrong (L5)', () => {
  const digest = {
    ...{ baseOffset: offset(20), endOffset: offset(40), bytes: 1_234, batches: 7 },
    ...{ headersCrc: 0xfeedbeef, maxTimestamp: timestampMs(99) },
    epochStarts: [{ leaderEpoch: leaderEpoch(3), startOffset: offset(20) }],
  };
  const bytes = encodeDigest(digest);
  expect(decodeDigest(bytes)).toEqual(digest);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const rotten = bytes.slice();
    rotten[bit >> 3] = (rotten[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(decodeDigest(rotten), `bit ${bit}`).toBeUndefined();
  }
});
