import { offset } from '../base/brand.ts';
import type { RecoveryInput } from './recovery-input.ts';
import type { SegmentCase } from './segment-case.ts';
import { segmentPath } from './segment-files.ts';
import type { BadExtent, SegmentScan } from './segment-scan.ts';
import { setBytesAside } from './set-aside.ts';
import { isAlone, knownVoters, votersBefore, votersIn } from './voter-records.ts';

/**
 * What of the newest segment stays where others have copies (L6): nothing from the first bytes on
 * that fail above the durable mark and have valid ones behind them. The rest is set aside and
 * fetched again. A power cut leaves that behind a write that had not been fsynced, on all nodes at
 * once perhaps: who is cut so votes on. Alone everything stays: there is nobody to fetch it from.
 */
export async function inFrontOfDoubt(
  input: RecoveryInput,
  found: SegmentCase,
  scan: SegmentScan,
): Promise<SegmentScan> {
  const doubt = firstDoubt(input, found, scan);
  if (doubt === undefined) return scan;
  const from = doubt.from;
  const end = scan.batches.at(-1)?.lastOffset ?? from;
  const to = offset(Math.max(end + 1, doubt.to ?? from));
  const name = `${input.setAsideName}-${found.base}-${doubt.position}-${from}-${to}.bytes`;
  const setAside = await setBytesAside(input.disk, name, found.bytes.subarray(doubt.position));
  const file = segmentPath(input.dir, found.base, 'log');
  const aside = setAside === undefined ? {} : { setAside };
  input.willCut({ from, to, file, reason: doubt.reason, ...aside });
  return {
    batches: scan.batches.filter(({ position }) => position < doubt.position),
    bad: scan.bad.filter(({ position }) => position < doubt.position),
  };
}

function firstDoubt(
  input: RecoveryInput,
  found: SegmentCase,
  scan: SegmentScan,
): BadExtent | undefined {
  const durableEnd = Math.max(found.base, input.durableMark ?? 0);
  const doubt = scan.bad.find(({ from, to }) => to !== undefined && from >= durableEnd);
  if (doubt === undefined) return undefined;
  const voterSets = scan.batches
    .filter(({ position }) => position < doubt.position)
    .map((batch) => votersIn(found.bytes, batch))
    .filter((set) => set !== undefined);
  const sets = knownVoters([{ voterSets }], input.voterSets);
  const voters = votersBefore(sets, doubt.from) ?? found.voters;
  return isAlone(voters, input.directoryId) ? undefined : doubt;
}
