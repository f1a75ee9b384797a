import { leaderEpoch, offset } from '../base/brand.ts';
import type { LeaderEpoch, LogGeneration, Offset } from '../base/brand.ts';
import type { Disk, DiskFile } from '../ports/disk.ts';
import type { EpochStart, OffsetRange, RecoveredLog } from '../ports/recovered-log.ts';
import type { VotersFrom } from '../ports/stored-voters.ts';
import { beginAnew } from './begin-anew.ts';
import { checkpointName, encodeCheckpoint } from './checkpoint-file.ts';
import { cutLog } from './cut-log.ts';
import { addEpoch, trimEpochs } from './epoch-starts.ts';
import { toleratingNoSpace, writeDurably } from './files.ts';
import type { LogContext } from './log-context.ts';
import { recoverProducers } from './producer-recovery.ts';
import { recoverSegments } from './recovery.ts';
import type { RecoveredSegments } from './recovery.ts';
import { reportCut, reportRot } from './rot-report.ts';
import { isAlone, knownVoters } from './voter-records.ts';
import type { Segment } from './segment.ts';

/** A log that is open: its segments, the active one's file, and what the core is told. */
export interface LoadedLog {
  readonly segments: readonly Segment[];
  readonly file: DiskFile;
  readonly recovered: RecoveredLog;
}

/** Finishes a cut that the journal knows of, recovers the folder, and opens the active segment. */
export async function loadLog(context: LogContext, generation: LogGeneration): Promise<LoadedLog> {
  const { disk, dir, journal } = context;
  const mark = journal.mark(context);
  if (mark?.cut !== undefined) {
    await (mark.cut === 'all' ? beginAnew : cutLog)(disk, dir, mark.to);
    await journal.persistMark(context, mark.to);
  }
  const found = await recoverSegments({
    disk,
    dir,
    setAsideName: `${context.topic}-${context.partition}-${context.topicId}`,
    durableMark: mark?.to,
    logStartOffset: journal.logStartOffset(context),
    indexIntervalBytes: context.indexIntervalBytes,
    startVoters: journal.startVoters(context),
    voterSets: journal.voterSets(context),
    directoryId: context.directoryId,
    keepStart: (at) => keepStart(context, at),
    willCut: (lost) => reportCut(context, lost),
  });
  reportRot(context, found.rot, 'start');
  const active = found.segments.at(-1) as Segment;
  const epochStarts = epochsOf(found);
  const voterRecords = votersOf(context, found);
  const recovered: RecoveredLog = {
    topic: context.topic,
    topicId: context.topicId,
    partition: context.partition,
    generation,
    logStartOffset: found.logStartOffset,
    epochBeforeStart: journal.epochBeforeStart(context) ?? epochBefore(found, epochStarts),
    startVoters: journal.startVoters(context),
    voterRecords,
    mustRefetch: holesToFill(context, found, voterRecords),
    logEndOffset: active.endOffset,
    epochStarts,
    ...(await recoverProducers(disk, dir, found)),
    activeSegment: active.summary,
    rot: found.rot,
  };
  // Derived: whatever the file says, the batches have said (L5).
  await writeCheckpoint(disk, dir, epochStarts);
  const file = await disk.open(active.path('log'), 'readWrite');
  journal.noteDurable(context, active.endOffset, 0);
  await stateVoters(context, voterRecords);
  return { segments: found.segments, file, recovered };
}

async function keepStart(context: LogContext, at: Offset): Promise<void> {
  const { journal } = context;
  if (journal.logStartOffset(context) === undefined) await journal.keepLogStart(context, at);
}

/**
 * For a log start that was stored without it: no higher than the epoch that holds there, which is
 * as good, since only who has the batch there can win against who has it.
 */
const epochBefore = (found: RecoveredSegments, starts: readonly EpochStart[]): LeaderEpoch =>
  found.logStartOffset === 0 ? leaderEpoch(0) : (starts[0]?.leaderEpoch ?? leaderEpoch(0));

const votersOf = (context: LogContext, found: RecoveredSegments): readonly VotersFrom[] =>
  knownVoters(found.segments, context.journal.voterSets(context)).filter(
    ({ from }) => from >= found.logStartOffset,
  );

/** Those of a version that did not state them, and those that were in a hole that is filled. */
async function stateVoters(context: LogContext, sets: readonly VotersFrom[]): Promise<void> {
  const stated = context.journal.voterSets(context);
  const isNews = sets.some(({ from }) => !stated.some((one) => one.from === from));
  if (isNews) await context.journal.persistVoterSets(context, sets);
}

/** What others must give back; where there are none a hole stays what it is (V4). */
function holesToFill(
  context: LogContext,
  found: RecoveredSegments,
  sets: readonly VotersFrom[],
): readonly OffsetRange[] {
  const { journal, directoryId } = context;
  const voters = sets.at(-1)?.voters;
  if (isAlone(voters ?? journal.startVoters(context), directoryId)) return [];
  const holes: OffsetRange[] = [];
  let end = found.logStartOffset;
  for (const { baseOffset, endOffset } of found.segments) {
    if (baseOffset > end) holes.push({ from: end, to: baseOffset });
    end = offset(Math.max(end, endOffset));
  }
  return holes;
}

function epochsOf(found: RecoveredSegments): EpochStart[] {
  const starts: EpochStart[] = [];
  for (const segment of found.segments) {
    for (const { leaderEpoch, startOffset } of segment.epochStarts) {
      addEpoch(starts, leaderEpoch, startOffset);
    }
  }
  return trimEpochs(starts, found.logStartOffset);
}

/** Replaces the leader-epoch checkpoint, whole or not at all; false if the disk is full. */
export function writeCheckpoint(
  disk: Disk,
  dir: string,
  starts: readonly EpochStart[],
): Promise<boolean> {
  return toleratingNoSpace(async () => {
    const path = `${dir}/${checkpointName}`;
    await writeDurably(disk, `${path}.new`, [encodeCheckpoint(starts)]);
    await disk.rename(`${path}.new`, path);
  });
}
