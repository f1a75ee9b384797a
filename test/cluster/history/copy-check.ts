import type { Findings } from './findings.ts';
import type { LogCopy } from './log-copy.ts';

/**
 * Holds another node's copy against the reference. Both may begin later than the other (retention
 * moves at its own time on each); after everything healed they end together.
 */
export const checkCopy = (reference: LogCopy, copy: LogCopy, findings: Findings): void => {
  if (copy.length === 0 || reference.length === 0) {
    checkEnds(reference, copy, { missing: reference.length, extra: copy.length }, findings);
    return;
  }
  const from = Math.max(reference.offsetAt(0), copy.offsetAt(0));
  let [left, right] = [reference.indexFrom(from), copy.indexFrom(from)];
  while (left < reference.length && right < copy.length) {
    const [here, there] = [reference.offsetAt(left), copy.offsetAt(right)];
    if (here !== there || reference.digestAt(left) !== copy.digestAt(right)) {
      const [mine, theirs] = [reference.describe(left), copy.describe(right)];
      const nodes = [reference.node, copy.node] as const;
      findings.add(
        'diverging',
        () => `node ${nodes[0]} has ${mine}, node ${nodes[1]} has ${theirs}`,
      );
    }
    if (here <= there) left += 1;
    if (there <= here) right += 1;
  }
  const ends = { missing: reference.length - left, extra: copy.length - right };
  checkEnds(reference, copy, ends, findings);
};

const checkEnds = (
  reference: LogCopy,
  copy: LogCopy,
  { missing, extra }: { readonly missing: number; readonly extra: number },
  findings: Findings,
): void => {
  for (const [node, count] of [[copy.node, missing] as const, [reference.node, extra] as const]) {
    if (count === 0) continue;
    const { partition } = reference;
    findings.add('short', () => `node ${node} lacks the last ${count} of partition ${partition}`);
  }
};
