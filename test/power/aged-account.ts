import type { ReadRecord } from '../../edge/cli/demo/kcat-reader.ts';
import { accountOf } from '../integration/harness/log-account.ts';
import type { LogAccount } from '../integration/harness/log-account.ts';
import type { PromisedReadings } from './promised.ts';

/**
 * The account of a log whose oldest records retention lets go: what is lost there is an
 * acknowledged reading behind one of the same sender that is still there. Whether enough is left is
 * another question: retention keeps its size.
 */
export const agedAccountOf = (
  log: readonly ReadRecord[],
  { required, allowed }: PromisedReadings,
): LogAccount => {
  const oldest = new Map<string, number>();
  for (const { value } of log) {
    const { sender, sequence } = partsOf((value ?? '').toString().trimEnd());
    if (sequence < (oldest.get(sender) ?? Infinity)) oldest.set(sender, sequence);
  }
  const due = new Set(
    [...required].filter((payload) => {
      const { sender, sequence } = partsOf(payload);
      return sequence >= (oldest.get(sender) ?? Infinity);
    }),
  );
  return accountOf(log, due, allowed);
};

const partsOf = (payload: string): { readonly sender: string; readonly sequence: number } => {
  const at = payload.lastIndexOf('-');
  return { sender: payload.slice(0, at), sequence: Number(payload.slice(at + 1)) };
};
