import { describe, expect, it } from 'vitest';
import { leaderEpoch, monotonicMs, offset, uuid } from '../../../../src/base/brand.ts';
import { concatBytes } from '../../../../src/base/bytes.ts';
import { ok, type Result } from '../../../../src/base/result.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Deadlines } from '../../../../src/core/kafka/deadlines.ts';
import { fetchAnswer, unknownAnswer } from '../../../../src/core/peer/fetch-answer.ts';
import { HoleRepairer } from '../../../../src/core/peer/hole-repairer.ts';
import type { PeerReplica } from '../../../../src/core/peer/peer-replica.ts';
import type {
  PeerFetchRequest,
  PeerFetchResponse,
} from '../../../../src/wire/kafka/generated/01-peer-fetch.ts';
import { makeBatch, topicId } from '../../log/log-fixture.ts';

const directoryId = uuid('0e8f1a52-9a53-4a55-8f30-0f4f6a1e9b02');
type Answered = (outcome: Result<PeerFetchResponse, never>) => void;

/** A replica with a hole from 3 to 6, and what it asks its leader, node 2. */
function newHole() {
  const deadlines = new Deadlines();
  const asked: PeerFetchRequest[] = [];
  const repaired: Uint8Array[] = [];
  let answer: Answered = () => undefined;
  const replica = {
    ...{ topicId, partition: 0, isCutting: false, highWatermark: offset(9) },
    ...{ logStartOffset: offset(0), holes: [{ from: offset(3), to: offset(6) }] },
    replica: { leaderId: 2, leaderEpoch: leaderEpoch(1) },
    repair: (batches: Uint8Array) => repaired.push(batches),
  } as unknown as PeerReplica;
  const repairer = new HoleRepairer({
    ...{ self: { nodeId: 1, directoryId }, clusterId: () => directoryId, deadlines },
    now: () => monotonicMs(0),
    changed: (changed) => repairer.changed(changed),
    link: () => ({
      call: (_codec, body, _timeoutMs, done) => {
        asked.push(body as PeerFetchRequest);
        answer = done as Answered;
      },
    }),
  });
  const reply = (...batches: readonly Uint8Array[]): void => {
    const partitions = [fetchAnswer(replica, concatBytes(batches))];
    const responses = [{ topic: '', topicId, partitions }];
    answer(ok({ throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses }));
  };
  const refuse = (): void => {
    const partitions = [unknownAnswer(0, 'KAFKA_STORAGE_ERROR')];
    const responses = [{ topic: '', topicId, partitions }];
    answer(ok({ throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses }));
  };
  const later = () => deadlines.expire(monotonicMs(limits.peerProbeMs));
  return { repairer, replica, asked, repaired, reply, refuse, later };
}

const at = (base: number): Uint8Array => makeBatch({ base });

describe('a hole', () => {
  it('is asked for once, from its beginning on, and takes what lies in it', () => {
    const { repairer, replica, asked, repaired, reply } = newHole();
    repairer.changed(replica);
    repairer.changed(replica);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.topics[0]?.partitions[0]).toMatchObject({ fetchOffset: 3 });
    reply(at(3), at(4), at(5), at(6));
    expect(repaired).toEqual([concatBytes([at(3), at(4), at(5)])]);
  });

  it('takes no byte that fails its checks, and nothing from another place', () => {
    const rotten = at(4);
    rotten[70] = (rotten[70] ?? 0) ^ 1;
    for (const [batches, taken] of [
      [[at(3), rotten, at(5)], [at(3)]],
      [[at(3), at(5)], [at(3)]],
      [[rotten], []],
      // Of a leader with the same hole.
      [[at(6)], []],
    ] as const) {
      const { repairer, replica, repaired, reply } = newHole();
      repairer.changed(replica);
      reply(...batches);
      expect(repaired).toEqual(taken);
    }
  });

  it('is asked for again a little later when nothing of use came', () => {
    const { repairer, replica, asked, refuse, later } = newHole();
    repairer.changed(replica);
    refuse();
    repairer.changed(replica);
    expect(asked).toHaveLength(1);
    later();
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['is cut meanwhile', { isCutting: true }],
    ['has another hole by now', { holes: [{ from: offset(4), to: offset(6) }] }],
    ['has another leader by now', { replica: { leaderId: 3, leaderEpoch: leaderEpoch(2) } }],
  ])('takes nothing for a log that %s (L4)', (_, change) => {
    const { repairer, replica, repaired, reply } = newHole();
    repairer.changed(replica);
    Object.assign(replica, change);
    reply(at(3), at(4), at(5));
    expect(repaired).toEqual([]);
  });

  it('takes nothing for a log that is not here any more', () => {
    const { repairer, replica, repaired, reply } = newHole();
    repairer.changed(replica);
    repairer.removed(replica);
    reply(at(3), at(4), at(5));
    expect(repaired).toEqual([]);
  });
});
