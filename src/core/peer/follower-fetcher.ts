import { leaderEpoch, monotonicMs, offset, type LogId, type Uuid } from '../../base/brand.ts';
import { kafkaCodeOf } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { PeerFetchResponsePartition } from '../../wire/kafka/generated/01-peer-fetch.ts';
import type { Deadline, Deadlines } from '../kafka/deadlines.ts';
import type { Now } from '../now.ts';
import { VoterSet } from '../replica/voter-set.ts';
import { FetchLane, type FetchPlace } from './fetch-lane.ts';
import type { PeerLink } from './peer-link.ts';
import type { PeerReplica } from './peer-replica.ts';
import type { PeerPurpose } from './peer-transport.ts';
import { WaitingBytes } from './waiting-bytes.ts';

type LanePurpose = Extract<PeerPurpose, 'fetch' | 'catchUp'>;

/** So many answers in a row that did not bring all that is committed: it catches up (T2). */
const behindAnswersMax = 2;

/** A replica that does not lead, and where it is followed from. */
interface Follower {
  readonly replica: PeerReplica;
  source: { readonly nodeId: number; readonly purpose: LanePurpose } | undefined;
  /** Answers in a row after which committed records were still missing. */
  behindAnswers: number;
  isCatchingUp: boolean;
  /** Without a leader: which voter is asked for it, and until when. */
  probes: number;
  timer: Deadline | undefined;
}

export interface FollowerFetcherOptions {
  readonly self: { readonly nodeId: number; readonly directoryId: Uuid };
  readonly clusterId: () => Uuid;
  readonly link: (nodeId: number, purpose: LanePurpose) => PeerLink;
  readonly deadlines: Deadlines;
  readonly now: () => Now;
  readonly fetchWaitMs: number;
  /** Nodes that links can be opened to. */
  readonly others: () => readonly number[];
  /** Something of that replica may be different now. */
  readonly changed: (replica: PeerReplica) => void;
}

/**
 * Follows the leaders of all replicas that do not lead here (T1, T2): each partition is on the
 * lane of its leader's node, on the one for catching up while it is behind. Without a leader it
 * asks the voters, one after the other, who it is.
 */
export class FollowerFetcher {
  readonly #options: FollowerFetcherOptions;
  readonly #followers = new Map<LogId, Follower>();
  readonly #lanes = new Map<string, FetchLane>();
  readonly #waiting = new WaitingBytes();

  constructor(options: FollowerFetcherOptions) {
    this.#options = options;
  }

  /** Something of a replica is different: its leader, its log end, its persisted offset. */
  changed(replica: PeerReplica): void {
    const follower = this.#followers.get(replica.logId) ?? this.#begin(replica);
    this.#place(follower);
    this.#touch(follower);
    this.#noteWaiting(replica.logId, replica.waitingBytes);
  }

  /** It is not on this node any more. */
  removed(replica: PeerReplica): void {
    const follower = this.#followers.get(replica.logId);
    if (follower === undefined) return;
    this.#move(follower, undefined);
    this.#disarm(follower);
    this.#followers.delete(replica.logId);
    this.#noteWaiting(replica.logId, 0);
  }

  linkChanged(nodeId: number, purpose: PeerPurpose): void {
    if (purpose === 'fetch' || purpose === 'catchUp') {
      this.#lanes.get(`${nodeId} ${purpose}`)?.linkChanged();
    }
    for (const follower of this.#followers.values()) {
      if (this.#isLost(follower)) this.#options.changed(follower.replica);
    }
  }

  /** The end of a turn. */
  flush(): void {
    for (const lane of this.#lanes.values()) lane.flush();
  }

  #touch({ replica, source }: Follower): void {
    if (source !== undefined) this.#lane(source.nodeId, source.purpose).touch(replica);
  }

  /** All of them ask for records again, or for none. */
  #noteWaiting(logId: LogId, bytes: number): void {
    if (!this.#waiting.note(logId, bytes)) return;
    for (const follower of this.#followers.values()) this.#touch(follower);
  }

  #begin(replica: PeerReplica): Follower {
    const follower: Follower = {
      ...{ replica, source: undefined, behindAnswers: 0, isCatchingUp: false, probes: 0 },
      timer: undefined,
    };
    this.#followers.set(replica.logId, follower);
    return follower;
  }

  #place(follower: Follower): void {
    const { replica } = follower.replica;
    if (replica.fetchRequest() === undefined) {
      this.#disarm(follower);
      return this.#move(follower, undefined);
    }
    const { leaderId } = replica;
    if (leaderId === undefined) return this.#probe(follower);
    follower.probes = 0;
    if (follower.source?.nodeId !== leaderId) {
      this.#disarm(follower);
      follower.behindAnswers = 0;
    }
    const purpose = follower.isCatchingUp ? 'catchUp' : 'fetch';
    this.#move(follower, { nodeId: leaderId, purpose });
    // Nobody tells it of the next leader, and no timer of its own makes it look.
    if (this.#isLost(follower)) this.#arm(follower, limits.peerLostLeaderMs);
  }

  /** An observer whose leader is not connected. */
  #isLost({ replica: { replica }, source }: Follower): boolean {
    if (source === undefined || source.nodeId !== replica.leaderId) return false;
    const isVoter = replica.voters.find(replica.self) !== undefined;
    return !isVoter && !this.#options.link(source.nodeId, source.purpose).isReady;
  }

  /** Asks one voter after the other (error 6 names the leader). */
  #probe(follower: Follower): void {
    if (follower.timer !== undefined) return;
    const others = this.#toAsk(follower.replica);
    const nodeId = others[follower.probes % Math.max(others.length, 1)];
    if (nodeId === undefined) return this.#move(follower, undefined);
    follower.probes++;
    this.#move(follower, { nodeId, purpose: 'fetch' });
    this.#lane(nodeId, 'fetch').touch(follower.replica, true);
    this.#arm(follower, limits.peerProbeMs);
  }

  /** What an observer knows of the voters may be long over: then any node may know the leader. */
  #toAsk({ replica: { self, voters } }: PeerReplica): number[] {
    const known = this.#options.others();
    const voting = voters.voters.map(({ nodeId }) => nodeId).filter((id) => known.includes(id));
    if (voters.find(self) !== undefined) return voting;
    return [...voting, ...known.filter((id) => !voting.includes(id))];
  }

  #move(follower: Follower, to: Follower['source']): void {
    const from = follower.source;
    if (from?.nodeId === to?.nodeId && from?.purpose === to?.purpose) return;
    if (from !== undefined) this.#lane(from.nodeId, from.purpose).remove(follower.replica);
    follower.source = to;
    if (to !== undefined) this.#lane(to.nodeId, to.purpose).add(follower.replica);
  }

  #lane(nodeId: number, purpose: LanePurpose): FetchLane {
    const key = `${nodeId} ${purpose}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const { clusterId, self, fetchWaitMs, link } = this.#options;
    const lane = new FetchLane({
      ...{ clusterId, self, fetchWaitMs, link: link(nodeId, purpose) },
      hasRoom: () => this.#waiting.hasRoom,
      answered: (replica, place, answer) => {
        const follower = this.#followers.get(replica.logId);
        if (follower === undefined) return;
        this.#answered(follower, nodeId, { place, answer });
        this.#options.changed(replica);
      },
    });
    this.#lanes.set(key, lane);
    return lane;
  }

  #answered(follower: Follower, nodeId: number, said: Said): void {
    const { replica } = follower.replica;
    const { place, answer } = said;
    const now = this.#options.now().monotonicMs;
    const { currentLeader, errorCode } = answer;
    if (errorCode !== 0 && answer.epochBeforeStart < 0) {
      // Of a voter that was asked who leads it is no news, even if that voter was elected since.
      const wasLeader = place.leaderId === nodeId && replica.leaderId === nodeId;
      if (wasLeader && isDenial(errorCode)) {
        replica.leaderDenied(place.leaderEpoch, now);
      }
      if (currentLeader !== null) {
        const { leaderId } = currentLeader;
        const known = leaderId < 0 ? undefined : leaderId;
        replica.leaderTold(leaderEpoch(currentLeader.leaderEpoch), known, now);
      }
      return this.#askAgain(follower);
    }
    // Only a leader answers without an error, and of the epoch that it was asked in.
    replica.leaderTold(place.leaderEpoch, nodeId, now);
    if (replica.leaderId !== nodeId || replica.leaderEpoch !== place.leaderEpoch) return undefined;
    return this.#take(follower, said);
  }

  /** An answer of the present leader, in the present epoch. */
  #take(follower: Follower, { place, answer }: Said): void {
    const { replica } = follower;
    if (!this.#isThere(replica, place)) {
      // Something else came first (L4); where its log agrees, its leader's watermark still holds.
      if (isPlain(answer)) this.#takeWatermark(follower, place, answer);
      return undefined;
    }
    if (answer.divergingEpoch !== null) {
      const { epoch, endOffset } = answer.divergingEpoch;
      const end = { leaderEpoch: leaderEpoch(epoch), endOffset: offset(endOffset) };
      if (!replica.replica.diverged(place.leaderEpoch, end)) this.#askAgain(follower);
      return undefined;
    }
    if (answer.epochBeforeStart >= 0) {
      const start = {
        logStartOffset: offset(answer.logStartOffset),
        epochBefore: leaderEpoch(answer.epochBeforeStart),
        voters: votersOf(answer),
      };
      const told = offset(Math.max(answer.highWatermark, start.logStartOffset));
      const isTaken = replica.replica.belowStart(place.leaderEpoch, start, told);
      return isTaken ? undefined : this.#askAgain(follower);
    }
    if (!this.#append(replica, answer)) this.#askAgain(follower);
    return this.#takeWatermark(follower, place, answer);
  }

  /** @returns false if the answer is of no use. */
  #append(replica: PeerReplica, answer: PeerFetchResponsePartition): boolean {
    const { witnessEnd, witnessEpochs } = answer;
    const records = answer.records ?? noBytes;
    if (witnessEnd >= 0) {
      const epochs = witnessEpochs.map(({ epoch, startOffset }) => ({
        ...{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(startOffset) },
      }));
      return replica.appendWitnessed({ end: offset(witnessEnd), epochs, records });
    }
    return records.length === 0 || replica.appendFetched(records, this.#options.now());
  }

  #takeWatermark(
    follower: Follower,
    place: FetchPlace,
    { highWatermark, logStartOffset }: PeerFetchResponsePartition,
  ): void {
    const { replica } = follower;
    if (highWatermark < 0) return;
    const committed = offset(highWatermark);
    replica.replica.leaderHighWatermark(place.leaderEpoch, committed);
    if (logStartOffset >= 0) replica.leaderLogStart(offset(logStartOffset), committed);
    if (highWatermark <= replica.logEndOffset) {
      follower.behindAnswers = 0;
      follower.isCatchingUp = false;
    } else if (++follower.behindAnswers >= behindAnswersMax) follower.isCatchingUp = true;
  }

  /** The log still ends where it did when it was asked: the answer is about it (L4). */
  #isThere(replica: PeerReplica, { fetchOffset, lastFetchedEpoch }: FetchPlace): boolean {
    if (replica.isCutting) return false;
    const present = replica.replica.fetchRequest();
    return present?.fetchOffset === fetchOffset && present.lastFetchedEpoch === lastFetchedEpoch;
  }

  /** A little later, though nothing changed: the answer was of no use. */
  #askAgain(follower: Follower): void {
    this.#arm(follower, limits.peerRefetchMs);
  }

  #arm(follower: Follower, delayMs: number): void {
    if (follower.timer !== undefined) return;
    const { deadlines, now, changed } = this.#options;
    const at = monotonicMs(now().monotonicMs + delayMs);
    follower.timer = deadlines.add(at, () => {
      follower.timer = undefined;
      const { source, replica } = follower;
      const epoch = replica.replica.leaderEpoch;
      if (this.#isLost(follower)) replica.replica.leaderDenied(epoch, now().monotonicMs);
      if (source !== undefined) this.#lane(source.nodeId, source.purpose).touch(replica, true);
      changed(replica);
    });
  }

  #disarm(follower: Follower): void {
    if (follower.timer !== undefined) this.#options.deadlines.cancel(follower.timer);
    follower.timer = undefined;
  }
}

const noBytes: Uint8Array = new Uint8Array(0);

interface Said {
  readonly place: FetchPlace;
  readonly answer: PeerFetchResponsePartition;
}

const denials = [kafkaCodeOf('NOT_LEADER_OR_FOLLOWER'), kafkaCodeOf('KAFKA_STORAGE_ERROR')];
const isDenial = (errorCode: number): boolean => denials.includes(errorCode);

/** It says nothing of where the logs part. */
const isPlain = ({ divergingEpoch, epochBeforeStart }: PeerFetchResponsePartition): boolean =>
  divergingEpoch === null && epochBeforeStart < 0;

const votersOf = ({ startVoters }: PeerFetchResponsePartition): VoterSet =>
  new VoterSet(
    startVoters.map(({ nodeId, directoryId, isWitness }) => ({
      ...{ nodeId, directoryId, role: isWitness ? ('witness' as const) : ('data' as const) },
    })),
  );
