import { expect, it } from 'vitest';
import { logId, monotonicMs, offset, timestampMs } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Now } from '../../../src/core/now.ts';
import { PeerClocks } from '../../../src/core/peer/peer-clocks.ts';
import {
  RetentionPlanner,
  type RetentionPlannerOptions,
} from '../../../src/core/retention-planner.ts';

const today = 1_795_000_000_000;
const fiftyYears = 50 * 365 * 86_400_000;

it.each([
  ['not by its own that is ahead', today + fiftyYears, today],
  ['and not by theirs that are ahead', today, today + fiftyYears],
])('ages records by the clock that most nodes agree on, %s', (_, own, theirs) => {
  const partition = {
    ...{ logId: logId(3), topic: 'sensors', isEpochCommitted: true, logEndOffset: offset(9) },
    expireProducers: () => undefined,
  };
  const effects: Effect[] = [];
  const emit = (effect: Effect): unknown => effects.push(effect);
  const clocks = new PeerClocks(emit);
  const planner = new RetentionPlanner({
    ...{ clocks, emit, partitions: [partition], pinnedProducers: () => new Set() },
    cluster: { topic: () => ({ internal: false, retentionMs: 1_000, retentionBytes: -1 }) },
    ledger: { deletableTo: () => offset(9) },
  } as unknown as RetentionPlannerOptions);
  const now: Now = { monotonicMs: monotonicMs(5), wallMs: timestampMs(own) };
  for (const nodeId of [2, 3]) clocks.told(nodeId, theirs, now);
  planner.start(now);
  planner.tick(now);
  const [asked] = effects.filter(({ type }) => type === 'CheckRetention');
  expect(asked).toMatchObject({ logId: logId(3), nowMs: today });
});
