import { leaderEpoch, offset } from '../../base/brand.ts';
import type { Leadership } from './leadership.ts';
import type { LogEnd } from './replica-log.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { isSameReplica, type ReplicaId, type Voter } from './voter-set.ts';

type Rotten = Pick<ReplicaOptions, 'self' | 'voters' | 'log'>;

const anyLog: LogEnd = { lastEpoch: leaderEpoch(0), logEndOffset: offset(0) };

/**
 * How new the log of a candidate must be to get the vote of a replica that lost some of its own to
 * rot; undefined: it gets none (V4).
 *
 * Of two data voters, and nobody else, each has all that was ever committed (C3): the other one
 * lacks nothing that was promised here. That the two are all it must know as well: its log must be
 * as new as the record that says so, or there may be a third one with whom something was committed.
 */
export function leastLogOf(candidate: ReplicaId, rotten: Rotten): LogEnd | undefined {
  const other = otherOfTwo(rotten);
  return other !== undefined && isSameReplica(other, candidate) ? pairLog(rotten) : undefined;
}

/** Whether a leader with holes has an heir that can lead by the vote that is left to it. */
export function hasOtherOfTwo(
  leadership: Pick<Leadership, 'inSync' | 'progressOf'>,
  rotten: Rotten,
): boolean {
  const other = otherOfTwo(rotten);
  const least = other && pairLog(rotten);
  if (other === undefined || least === undefined) return false;
  const { persistedOffset = 0 } = leadership.progressOf(other) ?? {};
  return leadership.inSync().includes(other.nodeId) && persistedOffset >= least.logEndOffset;
}

function otherOfTwo({ self, voters }: Rotten): Voter | undefined {
  const { dataVoters, voters: all } = voters.current;
  const isPair = all.length === 2 && dataVoters.length === 2;
  if (!isPair || voters.current.find(self) === undefined) return undefined;
  return all.find((voter) => !isSameReplica(voter, self));
}

/**
 * Where the present voters begin in the log. What rot took of a later cut is not known here, and a
 * set that was recorded there neither.
 */
function pairLog({ voters, log }: Rotten): LogEnd | undefined {
  const { onlyHoles } = log;
  if (onlyHoles === undefined) return undefined;
  // Who voted at the log start: nobody else ever did, or all below is committed.
  if (voters.sets.length === 1) return anyLog;
  const at = voters.currentFrom;
  if (onlyHoles.some(({ from, to }) => from <= at && at < to)) return undefined;
  const lastEpoch = log.epochAt?.(at);
  return lastEpoch && { lastEpoch, logEndOffset: offset(at + 1) };
}
