import type { Ballot } from './ballot.ts';
import type { VoteAnswer, VoteRequest } from './peer-call.ts';
import { isUpToDate, type LogEnd } from './replica-log.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { leastLogOf } from './other-of-two.ts';
import type { ReplicaId } from './voter-set.ts';

/** What a voter looks at before it answers. */
export interface VoterView {
  readonly ballot: Ballot;
  /** The candidate's log must be as new. */
  readonly least: LogEnd;
  /** It leads, or heard of its leader within the fetch timeout. */
  readonly hearsLeader: boolean;
  /** The leader of its epoch, as far as it knows. */
  readonly leaderId: number | undefined;
}

/** It has again what its disk lost (V4). */
export function mayVote({ log }: ReplicaOptions): boolean {
  return log.isWhole;
}

/** What a candidate's log must be as new as to get this replica's vote; undefined: none does. */
export function leastLog(candidate: ReplicaId, options: ReplicaOptions): LogEnd | undefined {
  return mayVote(options) ? options.log : leastLogOf(candidate, options);
}

/** A data voter, which `as` is; a witness and an observer never campaign (V1, V3). */
export function mayLead(options: ReplicaOptions, as: ReplicaId = options.self): boolean {
  const { voters, role, isStopping } = options;
  if (role === 'witness' || isStopping?.() === true) return false;
  return voters.current.find(as)?.role === 'data' && mayVote(options);
}

type Speaker = Pick<VoteAnswer, 'leaderEpoch' | 'leaderId'> & { readonly self: ReplicaId };

/** What a voter says, and what it knows as it says it. */
export function verdictOf(
  { leaderEpoch: askedEpoch, isPreVote }: VoteRequest,
  isGranted: boolean,
  { self: voter, leaderEpoch, leaderId }: Speaker,
): VoteAnswer {
  return { voter, askedEpoch, isPreVote, isGranted, leaderEpoch, leaderId };
}

/** Whether a vote, or a pre-vote, is given; the request's epoch was entered before if it is new. */
export function mayGrant(request: VoteRequest, view: VoterView): boolean {
  return request.isPreVote ? mayGrantPreVote(request, view) : mayGrantVote(request, view);
}

/**
 * It binds nobody; who hears its leader keeps it (KIP-996). A leader that campaigns leads no more:
 * it has resigned, or its process is another one, and what is heard of its node says nothing.
 */
function mayGrantPreVote(request: VoteRequest, view: VoterView): boolean {
  const { ballot, least, hearsLeader, leaderId } = view;
  const isLed = hearsLeader && leaderId !== request.candidate.nodeId;
  return request.leaderEpoch >= ballot.leaderEpoch && !isLed && isUpToDate(request, least);
}

/** One vote in one epoch; none in an epoch that was found on the disk, but the one given (C1). */
function mayGrantVote(request: VoteRequest, { ballot, least, leaderId }: VoterView): boolean {
  if (request.leaderEpoch !== ballot.leaderEpoch || leaderId !== undefined) return false;
  if (ballot.isFor(request.candidate.directoryId)) return true;
  if (ballot.hasVoted || !ballot.isNewEpoch) return false;
  return isUpToDate(request, least);
}
