import { isoTime } from '../../base/iso-time.ts';
import { limits } from '../../base/limits.ts';
import type { Offset } from '../../base/brand.ts';
import { compressionTypeOf } from '../../wire/kafka/record-batch-header.ts';
import type { BatchCeiling } from './batch-ceiling.ts';
import type { ForwardPlan } from './rebuild.ts';
import type { Trouble } from './trouble.ts';

const tooLarge = 10;
const listTooLarge = 18;
const badTimestamp = 32;
const badRecord = 87;
const unknown = -1;
const corrupt = 2;
const ofRecords: ReadonlySet<number | undefined> = new Set([
  ...[tooLarge, listTooLarge, badTimestamp, badRecord, unknown, corrupt],
]);

/** Whether records are to blame: then a smaller transaction finds those before them a way. */
export const isOfRecords = ({ state, code }: Trouble): boolean =>
  state === 'blocked' && ofRecords.has(code);

/**
 * The answer to a Produce: what a broker cannot unpack it does not refuse, it fails, and would for
 * ever. Our node does not open what its clients packed.
 */
export const asRefusal = (trouble: Trouble): Trouble =>
  trouble.code === unknown || trouble.code === corrupt ? { ...trouble, state: 'blocked' } : trouble;

const isOfSize = (code: number | undefined): boolean => code === tooLarge || code === listTooLarge;

/** Nobody has to mend anything where smaller batches may pass: undefined if they are no way out. */
export function withSmallerBatches(
  { code, text }: Trouble,
  plan: ForwardPlan,
  ceiling: BatchCeiling,
): Trouble | undefined {
  if (!isOfSize(code) || !ceiling.refused(plan.batches.map(({ header }) => header))) {
    return undefined;
  }
  return { state: 'waiting', text: `${text}; batches of ${ceiling.bytes} bytes are tried` };
}

/** Names what central refuses and the ways out of it (X5); other trouble stays as it is. */
export function explainRefusal(trouble: Trouble, plan: ForwardPlan, from: Offset): Trouble {
  if (!isOfRecords(trouble) || plan.batches.length === 0) return trouble;
  const what = `offsets ${from} to ${plan.nextOffset - 1} here`;
  return { ...trouble, text: `${trouble.text}; ${what}${waysOut(trouble, plan)}` };
}

function waysOut({ code }: Trouble, plan: ForwardPlan): string {
  const headers = plan.batches.map(({ header }) => header);
  if (code === badTimestamp) {
    const newest = Math.max(...headers.map(({ maxTimestamp }) => maxTimestamp));
    const oldest = Math.min(...headers.map(({ baseTimestamp }) => baseTimestamp));
    const after = 'message.timestamp.after.max.ms (.before.max.ms if they are too old)';
    return `, ${isoTime(oldest)} to ${isoTime(newest)}. It goes on by itself once central's clock is near enough, or raise ${after} of the topic at central`;
  }
  const behind = `\`shorelog forward --from ${plan.nextOffset}\` goes on behind them, without them`;
  if (code === badRecord) {
    return `. A compacted topic takes no record without a key (its cleanup.policy), and none takes a batch with a wrong count: ${behind}`;
  }
  if (!isOfSize(code)) {
    return `. If it lasts, central cannot read what a client packed there: ${behind}`;
  }
  const [largest] = headers.sort((a, b) => b.totalBytes - a.totalBytes);
  const type = largest && compressionTypeOf(largest);
  const packed = largest?.recordCount === 1 ? 'a record' : `a batch packed with ${type}`;
  return `, ${packed} of ${largest?.totalBytes} bytes. Raise max.message.bytes of the topic at central`;
}

/** The longest pause before the next try: what somebody has to mend is not asked for so often. */
export const pauseMsMax = ({ state }: Trouble): number =>
  state === 'blocked' ? limits.forwardBlockedBackoffMsMax : limits.forwardBackoffMsMax;
