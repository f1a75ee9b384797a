import { leaderEpoch, monotonicMs, offset } from '../../base/brand.ts';
import type { LogId, MonotonicMs, Offset, Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type {
  PeerFetchRequest,
  PeerFetchRequestPartition,
  PeerFetchResponse,
  PeerFetchResponsePartition,
} from '../../wire/kafka/generated/01-peer-fetch.ts';
import type { Done, ReadOutcome } from '../kafka/broker-view.ts';
import type { Deadline, Deadlines } from '../kafka/deadlines.ts';
import type { FetchRequest, FetchVerdict } from '../replica/peer-call.ts';
import { byTopic } from './by-topic.ts';
import * as answers from './fetch-answer.ts';
import type { NodeFacts } from './node-facts.ts';
import type { PeerExchange } from './peer-handler.ts';
import type { PeerReplica } from './peer-replica.ts';
import { WantedPartition } from './wanted-partition.ts';

/** Whole batches from the one that holds `from`, at least one, none at or above `to` (KIP-74). */
export type ReadPort = (
  replica: PeerReplica,
  range: { readonly from: Offset; readonly to: Offset; readonly bytesMax: number },
  done: Done<ReadOutcome>,
) => void;

export interface FetchSessionHost {
  readonly find: (topicId: Uuid, partition: number) => PeerReplica | undefined;
  readonly read: ReadPort;
  readonly deadlines: Deadlines;
  readonly now: () => MonotonicMs;
  readonly fetchWaitMs: number;
  /** `settle` it at the end of the turn. */
  readonly touched: (session: FetchSession) => void;
}

/** A Fetch without an answer yet. */
interface WaitingFetch {
  /** Counts the Fetches of the connection. */
  readonly number: number;
  readonly typed: PeerExchange<PeerFetchResponse>;
  readonly deadline: Deadline;
  isDue: boolean;
}

interface Readable {
  readonly wanted: WantedPartition;
  readonly from: Offset;
  readonly to: Offset;
}

/** One partition of an answer. */
interface Answered {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly answer: PeerFetchResponsePartition;
}

/**
 * The leader's side of one follower's fetch connection (T1, KIP-227): what each partition wants. A
 * Fetch that does not name one asks for the same as before, and counts for it (T3). The answer
 * waits until a partition has something to say, a newer Fetch is here, or the time is over.
 */
export class FetchSession {
  readonly #host: FetchSessionHost;
  readonly #wanted = new Map<LogId, WantedPartition>();
  /** Those that may have something to say, who waits longest first. */
  readonly #due = new Set<WantedPartition>();
  /** About partitions that are not here. */
  #unknown: { readonly fetch: number; readonly answered: Answered }[] = [];
  #waiting: WaitingFetch[] = [];
  #sessionEpoch = 0;
  #fetches = 0;
  #countedAt: MonotonicMs;
  #isReading = false;
  #isClosed = false;

  constructor(host: FetchSessionHost) {
    this.#host = host;
    this.#countedAt = host.now();
  }

  fetch(request: PeerFetchRequest, typed: PeerExchange<PeerFetchResponse>): void {
    const { sessionEpoch } = request;
    const isFirst = sessionEpoch === 0;
    if (isFirst) this.#begin();
    else if (sessionEpoch !== this.#sessionEpoch + 1) return typed.exchange.close('lost session');
    this.#sessionEpoch = sessionEpoch;
    this.#fetches++;
    for (const { topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) this.#forget(topicId, partition);
    }
    for (const { topicId, partitions } of request.topics) {
      for (const asked of partitions) {
        if (!this.#name(topicId, asked, typed.from)) {
          return typed.exchange.close('Fetch of another disk');
        }
      }
    }
    this.#count();
    this.#wait(typed, isFirst);
  }

  changed(logId: LogId): void {
    const wanted = this.#wanted.get(logId);
    if (wanted === undefined) return;
    wanted.changed();
    this.#due.add(wanted);
    this.#host.touched(this);
  }

  /** Nobody is there any more. */
  close(): void {
    this.#isClosed = true;
    for (const { deadline } of this.#waiting) this.#host.deadlines.cancel(deadline);
    this.#waiting = [];
    this.#wanted.clear();
    this.#due.clear();
  }

  /** The end of a turn: answers what can be answered. */
  settle(): void {
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      if (this.#isReading || !this.#answer(head)) return;
    }
  }

  #begin(): void {
    this.#wanted.clear();
    this.#due.clear();
    this.#unknown = [];
  }

  #forget(topicId: Uuid, partition: number): void {
    for (const [logId, wanted] of this.#wanted) {
      const { replica } = wanted;
      if (replica.topicId !== topicId || replica.partition !== partition) continue;
      this.#wanted.delete(logId);
      this.#due.delete(wanted);
    }
  }

  /** @returns false if it asks in another disk's name (V6). */
  #name(topicId: Uuid, asked: PeerFetchRequestPartition, from: NodeFacts): boolean {
    if (asked.replicaDirectoryId !== from.directoryId) return false;
    const replica = this.#host.find(topicId, asked.partition);
    if (replica === undefined) {
      const answer = answers.unknownAnswer(asked.partition, 'UNKNOWN_TOPIC_ID');
      this.#unknown.push({ fetch: this.#fetches, answered: { topic: '', topicId, answer } });
      return true;
    }
    const request = requestOf(asked, from);
    let wanted = this.#wanted.get(replica.logId);
    if (wanted?.replica !== replica) {
      wanted = new WantedPartition(replica, request, this.#fetches);
      this.#wanted.set(replica.logId, wanted);
    }
    wanted.wantsRecords = asked.partitionMaxBytes > 0;
    wanted.asked(request, this.#fetches, this.#host.now());
    this.#due.add(wanted);
    return true;
  }

  /** From time to time a Fetch counts for the partitions that it does not name. */
  #count(): void {
    const now = this.#host.now();
    if (now - this.#countedAt < this.#host.fetchWaitMs / 2) return;
    this.#countedAt = now;
    for (const wanted of this.#wanted.values()) {
      if (this.#due.has(wanted)) continue;
      wanted.askedAgain(now);
      this.#due.add(wanted);
    }
  }

  #wait(typed: PeerExchange<PeerFetchResponse>, isDue: boolean): void {
    const { deadlines, now, fetchWaitMs, touched } = this.#host;
    const expire = (): void => {
      waiting.isDue = true;
      touched(this);
    };
    const deadline = deadlines.add(monotonicMs(now() + fetchWaitMs), expire);
    const waiting: WaitingFetch = { number: this.#fetches, typed, deadline, isDue };
    this.#waiting.push(waiting);
    touched(this);
  }

  /** @returns false if there is nothing to say yet. */
  #answer(head: WaitingFetch): boolean {
    const isSayable = ({ fetch }: { readonly fetch: number }): boolean => fetch <= head.number;
    const said = this.#unknown.filter(isSayable).map(({ answered }) => answered);
    this.#unknown = this.#unknown.filter((each) => !isSayable(each));
    const readable: Readable[] = [];
    for (const wanted of this.#due) this.#say(wanted, head.number, { said, readable });
    if (readable.length > 0) {
      this.#read(head, said, this.#firstOf(readable));
      return true;
    }
    if (said.length === 0 && !head.isDue && this.#waiting.length === 1) return false;
    this.#reply(head, said);
    return true;
  }

  #say(
    wanted: WantedPartition,
    fetch: number,
    to: { readonly said: Answered[]; readonly readable: Readable[] },
  ): void {
    const { replica } = wanted;
    const isHere = this.#host.find(replica.topicId, replica.partition) === replica;
    const verdict = isHere ? wanted.verdict(this.#host.now()) : undefined;
    const isWatermark = verdict?.type === 'readable' || verdict?.type === 'nothing';
    const mayNews = isWatermark && wanted.isEpochOf(fetch) && wanted.hasNews;
    const isLater = !wanted.isPlaceOf(fetch);
    const isReadable = verdict?.type === 'readable' && wanted.wantsRecords;
    if (isReadable && !isLater && !wanted.isOnItsWay(this.#fetches)) {
      if (wanted.keepsRecords) to.readable.push({ wanted, ...verdict });
      else to.said.push(this.#witnessed(wanted, fetch, verdict));
    } else if (isReadable || isLater) {
      // The rest is for a later answer.
      if (mayNews) to.said.push(this.#news(wanted));
    } else {
      this.#due.delete(wanted);
      const answer = this.#saidOf(wanted, verdict);
      if (answer !== undefined) to.said.push(answer);
    }
  }

  #saidOf(wanted: WantedPartition, verdict: FetchVerdict | undefined): Answered | undefined {
    const { replica } = wanted;
    switch (verdict?.type) {
      case undefined:
        this.#wanted.delete(replica.logId);
        return of(replica, answers.unknownAnswer(replica.partition, 'UNKNOWN_TOPIC_ID'));
      case 'refused':
        // It asks again if it still wants to.
        this.#wanted.delete(replica.logId);
        return of(replica, answers.refusedAnswer(replica, verdict.error));
      case 'diverging':
        return of(replica, answers.divergingAnswer(replica, verdict.end));
      case 'belowStart':
        return of(replica, answers.belowStartAnswer(replica));
      default:
        return wanted.hasNews ? this.#news(wanted) : undefined;
    }
  }

  #news(wanted: WantedPartition): Answered {
    wanted.told();
    return of(wanted.replica, answers.fetchAnswer(wanted.replica));
  }

  /** A witness' part is known without the disk. */
  #witnessed(
    wanted: WantedPartition,
    fetch: number,
    { from, to }: { readonly from: Offset; readonly to: Offset },
  ): Answered {
    const { replica } = wanted;
    this.#due.delete(wanted);
    wanted.told();
    wanted.sent(fetch);
    return of(replica, answers.witnessAnswer(replica, replica.witnessRange(from, to)));
  }

  /** As many as one answer may hold, those in sync first (T2). */
  #firstOf(readable: readonly Readable[]): readonly Readable[] {
    if (readable.length === 1) return readable;
    const inSync: Readable[] = [];
    const others: Readable[] = [];
    for (const each of readable) {
      const { replica, request } = each.wanted;
      const members = replica.replica.leadership?.inSync();
      (members?.includes(request.replica.nodeId) === true ? inSync : others).push(each);
    }
    return [...inSync, ...others].slice(0, limits.peerFetchReadsMax);
  }

  /** Reads them side by side, each its share; the answer leaves with the last of them. */
  #read(head: WaitingFetch, said: Answered[], readable: readonly Readable[]): void {
    this.#isReading = true;
    const outcomes = new Map<WantedPartition, ReadOutcome>();
    const bytesMax = Math.floor(limits.peerFetchBytesMax / readable.length);
    for (const { wanted, from, to } of readable) {
      this.#host.read(wanted.replica, { from, to, bytesMax }, (outcome) => {
        outcomes.set(wanted, outcome);
        if (outcomes.size === readable.length) this.#wereRead(head, said, outcomes);
      });
    }
  }

  #wereRead(
    head: WaitingFetch,
    said: Answered[],
    outcomes: ReadonlyMap<WantedPartition, ReadOutcome>,
  ): void {
    this.#isReading = false;
    if (this.#isClosed) return;
    let bytes = 0;
    for (const [wanted, outcome] of outcomes) {
      const { replica } = wanted;
      // Forgotten, refused or begun anew meanwhile: nothing is said of what it was (L4).
      if (this.#wanted.get(replica.logId) !== wanted || !wanted.isPlaceOf(head.number)) continue;
      if (wanted.verdict(this.#host.now()).type !== 'readable') continue;
      const length = outcome.ok ? outcome.bytes.length : 0;
      // One batch may be larger than its share: it comes first next time.
      if (bytes > 0 && bytes + length > limits.peerFetchBytesMax) continue;
      bytes += length;
      this.#due.delete(wanted);
      said.push(this.#readAnswer(wanted, head.number, outcome));
    }
    this.#reply(head, said);
    this.#host.touched(this);
  }

  #readAnswer(wanted: WantedPartition, fetch: number, outcome: ReadOutcome): Answered {
    const { replica } = wanted;
    if (!outcome.ok) {
      this.#wanted.delete(replica.logId);
      return of(replica, answers.refusedAnswer(replica, outcome.error));
    }
    wanted.told();
    wanted.sent(fetch);
    return of(replica, answers.fetchAnswer(replica, outcome.bytes));
  }

  #reply(head: WaitingFetch, said: readonly Answered[]): void {
    this.#waiting.shift();
    this.#host.deadlines.cancel(head.deadline);
    const responses = byTopic(said, ({ answer }) => answer);
    head.typed.reply({ throttleTimeMs: 0, errorCode: 0, sessionId: 1, responses });
  }
}

const of = ({ topic, topicId }: PeerReplica, answer: PeerFetchResponsePartition): Answered => ({
  ...{ topic, topicId, answer },
});

function requestOf(asked: PeerFetchRequestPartition, from: NodeFacts): FetchRequest {
  return {
    replica: { nodeId: from.nodeId, directoryId: from.directoryId },
    role: asked.isWitness ? 'witness' : 'data',
    leaderEpoch: leaderEpoch(asked.currentLeaderEpoch),
    fetchOffset: offset(asked.fetchOffset),
    lastFetchedEpoch: leaderEpoch(asked.lastFetchedEpoch),
    persistedOffset: offset(Math.max(asked.persistedOffset, 0)),
  };
}
