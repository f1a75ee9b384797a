import { describe, expect, it } from 'vitest';
import { uuid, type Uuid } from '../../../../src/base/brand.ts';
import { KnownDirectories } from '../../../../src/core/peer/known-directories.ts';
import type { NodeFacts } from '../../../../src/core/peer/node-facts.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';

const directoryId = uuid('00000000-0000-4000-8000-000000000002');
const idOf = (start: string): Uuid => uuid(`00000000-0000-4000-8000-${start.padStart(12, '0')}`);

const factsOf = (nodeId: number, startCounter: number, starts: string[] = []): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId: zeroUuid, nodeId, directoryId, startCounter },
  startIds: starts.map(idOf),
  formerDirectoryIds: [],
  ...{ isWitness: false, peers: [], clusterTopicId: zeroUuid, version: '1' },
});

describe('KnownDirectories (V4)', () => {
  it('refuses a start that is older than one that was seen, in this process or before', () => {
    const known = new KnownDirectories([
      { directoryId, nodeId: 2, startCounter: 5, startId: undefined },
    ]);
    const refusal = known.refusal(factsOf(2, 4));
    expect(refusal).toMatch(/move its data directory away.*`shorelog rejoin`/);
    expect(known.refusal(factsOf(2, 5))).toBeUndefined();
    expect(known.seen(factsOf(2, 7))).toEqual({
      directoryId,
      nodeId: 2,
      startCounter: 7,
      startId: undefined,
    });
    expect(known.refusal(factsOf(2, 6))).toContain('a copy of its data directory');
  });

  it('refuses a copy that was started as often as the original, or more often', () => {
    const known = new KnownDirectories([{ directoryId, startCounter: 5, startId: idOf('e') }]);
    expect(known.refusal(factsOf(2, 5, ['d', 'f']))).toContain('shorelog rejoin');
    expect(known.refusal(factsOf(2, 7, ['d', 'f', '1', '2']))).toContain('shorelog rejoin');
    expect(known.refusal(factsOf(2, 7, ['e', '1', '2']))).toBeUndefined();
    expect(known.refusal(factsOf(2, 5, ['d', 'e']))).toBeUndefined();
    // As far back as it knows its own starts.
    expect(known.refusal(factsOf(2, 9, ['1', '2', '3']))).toBeUndefined();
    expect(known.refusal(factsOf(2, 9))).toBeUndefined();
  });

  it('learns what a start drew that an older version noted without it', () => {
    const known = new KnownDirectories([{ directoryId, startCounter: 5, startId: undefined }]);
    expect(known.seen(factsOf(2, 5))).toBeUndefined();
    expect(known.seen(factsOf(2, 5, ['e']))?.startId).toBe(idOf('e'));
    expect(known.seen(factsOf(2, 5, ['e']))).toBeUndefined();
    expect(known.refusal(factsOf(2, 5, ['f']))).toContain('shorelog rejoin');
  });

  it('says what is new once', () => {
    const known = new KnownDirectories([]);
    expect([known.seen(factsOf(2, 1)), known.seen(factsOf(2, 1))]).toEqual([
      ...[{ directoryId, nodeId: 2, startCounter: 1, startId: undefined }, undefined],
    ]);
  });

  it('refuses a second node on the same directory', () => {
    const known = new KnownDirectories([]);
    known.seen(factsOf(2, 1));
    expect(known.refusal(factsOf(3, 9))).toContain('copy of the data directory of node 2');
  });
});
