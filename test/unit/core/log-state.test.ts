import { describe, expect, it } from 'vitest';
import { leaderEpoch, logGeneration, logId, offset } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import { LogState } from '../../../src/core/log-state.ts';
import { VoterSet } from '../../../src/core/replica/voter-set.ts';
import { wholeBatchHeader } from '../../../src/core/whole-batch-header.ts';
import { makeBatch } from '../log/log-fixture.ts';
import { emptyLog } from './partition-world.ts';

const range = (from: number, to: number) => ({ from: offset(from), to: offset(to) });
const epochStarts = [{ leaderEpoch: leaderEpoch(5), startOffset: offset(0) }];
const recovered = emptyLog({ logEndOffset: offset(80), epochStarts });

/** It had 100 offsets, of which 80 are left, of epoch 5. */
function newCutLog(onceHad: number | 'nothing' = 100) {
  const orders: Effect[] = [];
  const log = new LogState(recovered, {
    ...{ logId: logId(0), segmentBytesMax: 1_000_000 },
    onceHad: onceHad === 'nothing' ? undefined : offset(onceHad),
    emit: (effect) => orders.push(effect),
    appended: () => undefined,
    truncated: () => undefined,
    reset: () => undefined,
  });
  /** Two offsets of epoch 7 come from its leader. */
  const fetch = (base: number) => {
    const batch = makeBatch({ base, records: 2, epoch: 7 });
    log.appendFetched(batch, wholeBatchHeader(batch));
  };
  const types = () => orders.splice(0).map(({ type }) => type);
  return { log, orders, fetch, types };
}

const epoch = leaderEpoch(7);
const generation = logGeneration(0);

describe('what a log once had (V4)', () => {
  it('is forgotten by the journal once, when all that its leader has committed is fsynced', () => {
    const { log, orders, fetch, types } = newCutLog();
    fetch(80);
    log.leaderCommitted(offset(82), epoch);
    log.persisted(generation, offset(81));
    expect([log.onceHad, log.isWhole, types()]).toEqual([100, false, ['AppendBatch']]);
    log.persisted(generation, offset(82));
    const { topicId, partition } = recovered;
    expect(orders.splice(0)).toEqual([{ type: 'ForgetOnceHad', topicId, partition }]);
    expect([log.onceHad, log.isWhole]).toEqual([undefined, true]);
    fetch(82);
    log.persisted(generation, offset(84));
    log.leaderCommitted(offset(84), epoch);
    expect(types()).toEqual(['AppendBatch']);
  });

  it('is forgotten as well where the log is as far again', () => {
    const { log, fetch, types } = newCutLog(82);
    fetch(80);
    log.persisted(generation, offset(82));
    expect([log.isWhole, types()]).toEqual([true, ['AppendBatch']]);
    log.leaderCommitted(offset(81), epoch);
    expect([log.onceHad, types()]).toEqual([undefined, ['ForgetOnceHad']]);
  });

  it('is kept while anything else of it is lost, or its leader committed nothing of its own', () => {
    const { log, fetch, types } = newCutLog();
    fetch(80);
    log.persisted(generation, offset(82));
    log.leaderCommitted(offset(80), epoch);
    log.leaderCommitted(offset(82), leaderEpoch(8));
    log.rotFound(generation, [range(10, 12)]);
    log.leaderCommitted(offset(82), epoch);
    expect([log.onceHad, types()]).toEqual([100, ['AppendBatch']]);
  });

  it('is kept while a cut is on its way to the disk: the two would come in any order', () => {
    const { log, fetch, types } = newCutLog();
    fetch(80);
    fetch(82);
    log.persisted(generation, offset(84));
    log.truncateTo(offset(82));
    log.leaderCommitted(offset(82), epoch);
    expect([log.onceHad, types()]).toEqual([100, ['AppendBatch', 'AppendBatch', 'TruncateLog']]);
    const cut = { ...recovered, generation: logGeneration(1), logEndOffset: offset(82) };
    log.wasCut(cut.generation, cut);
    log.leaderCommitted(offset(82), epoch);
    expect(types()).toEqual(['ForgetOnceHad']);
  });

  it('is noted anew by a cut that takes another hole, behind what forgets it', () => {
    const { log, orders, fetch } = newCutLog();
    fetch(80);
    log.persisted(generation, offset(82));
    log.leaderCommitted(offset(82), epoch);
    log.rotFound(generation, [range(60, 70)]);
    log.truncateTo(offset(50));
    expect(orders.slice(1)).toMatchObject([
      { type: 'ForgetOnceHad' },
      { type: 'TruncateLog', to: 50, onceHad: 70 },
    ]);
    expect(log.onceHad).toBe(70);
  });

  it('is nothing to a log that goes on without it, and forgotten when that has committed (V5)', () => {
    const { log, fetch, types } = newCutLog();
    log.acceptHoles();
    expect([log.isWhole, log.onceHad, types()]).toEqual([true, 0, []]);
    fetch(80);
    log.persisted(generation, offset(82));
    log.leaderCommitted(offset(82), epoch);
    expect([log.onceHad, types()]).toEqual([undefined, ['AppendBatch', 'ForgetOnceHad']]);
  });

  it('is nothing that a log orders which never lost anything', () => {
    const { log, fetch, types } = newCutLog('nothing');
    fetch(80);
    log.persisted(generation, offset(82));
    log.leaderCommitted(offset(82), epoch);
    log.acceptHoles();
    log.resetTo({ logStartOffset: offset(90), epochBefore: epoch, voters: new VoterSet([]) });
    expect([log.onceHad, types()]).toEqual([undefined, ['AppendBatch', 'ResetLog']]);
  });
});
