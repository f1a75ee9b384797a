import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { KnownDirectories } from '../../../../src/core/peer/known-directories.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';

const directoryId = uuid('00000000-0000-4000-8000-000000000002');
const factsOf = (nodeId: number, startCounter: number): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId: zeroUuid, nodeId, directoryId, startCounter },
  ...{ isWitness: false, peers: [], clusterTopicId: zeroUuid, version: '1' },
});

describe('KnownDirectories (V4)', () => {
  it('refuses a start that is older than one that was seen, in this process or before', () => {
    const known = new KnownDirectories([{ directoryId, nodeId: 2, startCounter: 5 }]);
    const refusal = known.refusal(factsOf(2, 4));
    expect(refusal).toMatch(/move its data directory away.*`shorelog rejoin`/);
    expect(known.refusal(factsOf(2, 5))).toBeUndefined();
    expect(known.seen(factsOf(2, 7))).toEqual({ directoryId, nodeId: 2, startCounter: 7 });
    expect(known.refusal(factsOf(2, 6))).toContain('restored from a copy');
  });

  it('says what is new once', () => {
    const known = new KnownDirectories([]);
    expect([known.seen(factsOf(2, 1)), known.seen(factsOf(2, 1))]).toEqual([
      ...[{ directoryId, nodeId: 2, startCounter: 1 }, undefined],
    ]);
  });

  it('refuses a second node on the same directory', () => {
    const known = new KnownDirectories([]);
    known.seen(factsOf(2, 1));
    expect(known.refusal(factsOf(3, 9))).toContain('copy of the data directory of node 2');
  });
});
