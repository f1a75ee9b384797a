import { isoTime } from '../../base/iso-time.ts';
import { limits } from '../../base/limits.ts';
import type { Offset } from '../../base/brand.ts';
import type { ForwardPlan } from './rebuild.ts';
import type { Trouble } from './trouble.ts';

const tooLarge = 10;
const badTimestamp = 32;
const badRecord = 87;

/** Whether records are to blame: then a smaller transaction finds those before them a way. */
export const isOfRecords = ({ code }: Trouble): boolean =>
  code === tooLarge || code === badTimestamp || code === badRecord;

/** Names what central refuses and the ways out of it (X5); other trouble stays as it is. */
export function explainRefusal(trouble: Trouble, plan: ForwardPlan, from: Offset): Trouble {
  if (trouble.code !== badTimestamp) return trouble;
  const newest = Math.max(...plan.batches.map(({ header }) => header.maxTimestamp));
  const oldest = Math.min(...plan.batches.map(({ header }) => header.baseTimestamp));
  const what = `offsets ${from} to ${plan.nextOffset - 1} here, ${isoTime(oldest)} to ${isoTime(newest)}`;
  const after = 'message.timestamp.after.max.ms (.before.max.ms if they are too old)';
  return {
    ...trouble,
    text: `${trouble.text}; ${what}. It goes on by itself once central's clock is near enough, or raise ${after} of the topic at central`,
  };
}

/** The longest pause before the next try: what somebody has to mend is not asked for so often. */
export const pauseMsMax = ({ state }: Trouble): number =>
  state === 'blocked' ? limits.forwardBlockedBackoffMsMax : limits.forwardBackoffMsMax;
