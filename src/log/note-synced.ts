import type { Offset } from '../base/brand.ts';
import type { VotersFrom } from '../ports/stored-voters.ts';
import type { LogContext } from './log-context.ts';

/** What an fsync of the active segment has made durable: offsets from `from` to below `to`. */
interface SyncedExtent {
  readonly from: Offset;
  readonly to: Offset;
  readonly bytes: number;
}

/**
 * Says how far the log is durable; when this resolves the Voters records in it are stated in the
 * journal, too. Nobody may count them before: rot would bring back who voted before them (V1).
 */
export async function noteSynced(
  context: LogContext,
  { voterSets }: { readonly voterSets: readonly VotersFrom[] },
  { from, to, bytes }: SyncedExtent,
): Promise<void> {
  context.journal.noteDurable(context, to, bytes);
  const last = voterSets.at(-1);
  if (last === undefined || last.from < from) return;
  const news = voterSets.filter((set) => set.from >= from && set.from < to);
  if (news.length > 0) await context.journal.persistVoterSets(context, news);
}
