import {
  leaderEpoch,
  offset,
  type LeaderEpoch,
  type LogId,
  type Offset,
} from '../../base/brand.ts';
import type { Uuid } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { Result } from '../../base/result.ts';
import {
  peerFetchCodec,
  type PeerFetchRequest,
  type PeerFetchRequestPartition,
  type PeerFetchResponse,
  type PeerFetchResponsePartition,
} from '../../wire/kafka/generated/01-peer-fetch.ts';
import type { Voter } from '../replica/voter-set.ts';
import { byTopic, partitionKey } from './by-topic.ts';
import type { PeerCallFailure } from './link-calls.ts';
import type { PeerLink } from './peer-link.ts';
import type { PeerReplica } from './peer-replica.ts';

/** Of one connection: a session epoch is an int32. */
const fetchesMax = 0x7fffffff;

/** Where a follower stood when a Fetch named it. */
export interface FetchPlace {
  /** Whom it followed; undefined: it asked for its leader. */
  readonly leaderId: number | undefined;
  readonly leaderEpoch: LeaderEpoch;
  readonly fetchOffset: Offset;
  readonly lastFetchedEpoch: LeaderEpoch;
  readonly persistedOffset: Offset;
  readonly role?: Voter['role'] | undefined;
  /** False: only where the leader's log stands. */
  readonly wantsRecords: boolean;
}

export interface FetchLaneOptions {
  readonly link: PeerLink;
  readonly clusterId: () => Uuid;
  readonly self: { readonly nodeId: number; readonly directoryId: Uuid };
  readonly fetchWaitMs: number;
  /** Records may be asked for. */
  readonly hasRoom: () => boolean;
  /** An answer to what was asked from that place. */
  readonly answered: (
    replica: PeerReplica,
    place: FetchPlace,
    answer: PeerFetchResponsePartition,
  ) => void;
}

/** A partition on the lane. */
interface Member {
  readonly replica: PeerReplica;
  /** What the Fetches that were not answered yet ask for, and the last that was, oldest first. */
  places: { readonly fetch: number; readonly place: FetchPlace }[];
  /** It is named again though nothing changed: an answer was of no use. */
  mustName: boolean;
}

/**
 * The follower's side of one fetch connection (T1, T2): the partitions that are followed over it.
 * The first Fetch names them all, later ones what changed; two are in progress at most.
 */
export class FetchLane {
  readonly #options: FetchLaneOptions;
  readonly #members = new Map<LogId, Member>();
  readonly #byKey = new Map<string, Member>();
  /** Who may have something new to say. */
  readonly #dirty = new Set<Member>();
  /**
   * What the leader's session may hold, and shall not any more. One that is back is forgotten all
   * the same: what the session has told of it, nobody here has heard.
   */
  #forgotten: PeerReplica[] = [];
  /** Counts the Fetches of the present connection; its session epochs. */
  #fetches = 0;
  #inFlight = 0;
  /** Its first Fetch was answered. */
  #isSession = false;
  /** Counts connections: an answer of an older one is nobody's. */
  #connection = 0;

  constructor(options: FetchLaneOptions) {
    this.#options = options;
  }

  add(replica: PeerReplica): void {
    if (this.#members.has(replica.logId)) return;
    const member: Member = { replica, places: [], mustName: false };
    this.#members.set(replica.logId, member);
    this.#byKey.set(partitionKey(replica.topicId, replica.partition), member);
    this.#dirty.add(member);
    this.#options.link.want(true);
  }

  remove(replica: PeerReplica): void {
    const member = this.#members.get(replica.logId);
    if (member === undefined) return;
    this.#members.delete(replica.logId);
    this.#byKey.delete(partitionKey(replica.topicId, replica.partition));
    this.#dirty.delete(member);
    if (this.#fetches > 0) this.#forgotten.push(replica);
    if (this.#members.size === 0) this.#options.link.want(false);
  }

  /** Its log end, persisted offset or epoch may be another. */
  touch(replica: PeerReplica, mustName = false): void {
    const member = this.#members.get(replica.logId);
    if (member === undefined) return;
    if (mustName) member.mustName = true;
    this.#dirty.add(member);
  }

  /** The link takes calls now, or no more: a session begins anew with each connection. */
  linkChanged(): void {
    this.#connection++;
    this.#fetches = 0;
    this.#inFlight = 0;
    this.#isSession = false;
    this.#forgotten = [];
    for (const member of this.#members.values()) {
      member.places = [];
      this.#dirty.add(member);
    }
  }

  /** The end of a turn: asks for what is new, and always waits for something. */
  flush(): void {
    const { link } = this.#options;
    if (!link.isReady) return;
    if (this.#fetches >= fetchesMax) return link.reset('its numbers are used up');
    if (this.#members.size === 0 && this.#forgotten.length === 0) return;
    const inFlightMax = this.#isSession ? limits.peerFetchesInFlightMax : 1;
    if (this.#inFlight >= inFlightMax) return;
    const named = this.#nameChanged();
    const hasNews = named.length > 0 || this.#forgotten.length > 0;
    if (!hasNews && this.#inFlight > 0) return;
    this.#send(named);
  }

  #nameChanged(): Member[] {
    const named: Member[] = [];
    const fetch = this.#fetches + 1;
    for (const member of this.#dirty) {
      const place = placeOf(member.replica, this.#options.hasRoom());
      if (place === undefined) continue;
      const last = member.places.at(-1)?.place;
      if (!member.mustName && last !== undefined && isSamePlace(last, place)) continue;
      member.mustName = false;
      keepAnswerable(member, fetch);
      member.places.push({ fetch, place });
      named.push(member);
    }
    this.#dirty.clear();
    return named;
  }

  #send(named: readonly Member[]): void {
    const fetch = ++this.#fetches;
    const connection = this.#connection;
    const { link, fetchWaitMs } = this.#options;
    const body = this.#requestOf(fetch, named);
    this.#forgotten = [];
    this.#inFlight++;
    link.call(peerFetchCodec, body, fetchWaitMs + limits.peerConnectMsMax, (outcome) => {
      if (connection === this.#connection) this.#answered(fetch, outcome);
    });
  }

  #requestOf(fetch: number, named: readonly Member[]): PeerFetchRequest {
    const { clusterId, self, fetchWaitMs } = this.#options;
    const toName = named.map(({ replica, places }) => ({ ...idOf(replica), places }));
    const topics = byTopic(toName, ({ partition, places }) => {
      const place = places.at(-1)?.place ?? nowhere;
      return { ...requestPartition(partition, place), replicaDirectoryId: self.directoryId };
    });
    return {
      clusterId: clusterId(),
      replicaState: { replicaId: self.nodeId, replicaEpoch: -1 },
      ...{ maxWaitMs: fetchWaitMs, minBytes: 1, maxBytes: limits.peerFetchBytesMax },
      ...{ isolationLevel: 0, sessionId: fetch === 1 ? 0 : 1, sessionEpoch: fetch - 1 },
      topics,
      forgottenTopicsData: byTopic(this.#forgotten.map(idOf), ({ partition }) => partition),
      rackId: '',
    };
  }

  #answered(fetch: number, outcome: Result<PeerFetchResponse, PeerCallFailure>): void {
    this.#inFlight--;
    if (!outcome.ok || outcome.value.errorCode !== 0) {
      // What the leader knows of the session is unknown now.
      return this.#options.link.reset(outcome.ok ? 'the session is lost' : outcome.error.text);
    }
    this.#isSession = true;
    for (const { topicId, partitions } of outcome.value.responses) {
      for (const answer of partitions) {
        const member = this.#byKey.get(partitionKey(topicId, answer.partitionIndex));
        const place = member && placeAt(member, fetch);
        if (member !== undefined && place !== undefined) {
          this.#options.answered(member.replica, place, answer);
        }
      }
    }
  }
}

/** Places that no answer can be about any more go. */
function keepAnswerable(member: Member, fetch: number): void {
  const oldest = fetch - limits.peerFetchesInFlightMax;
  const at = member.places.findLastIndex((each) => each.fetch <= oldest);
  if (at > 0) member.places = member.places.slice(at);
}

/** What a Fetch asked for: the place that it, or the last one before it, named. */
function placeAt(member: Member, fetch: number): FetchPlace | undefined {
  const at = member.places.findLastIndex((each) => each.fetch <= fetch);
  if (at < 0) return undefined;
  member.places = member.places.slice(at);
  return member.places[0]?.place;
}

function placeOf(replica: PeerReplica, hasRoom: boolean): FetchPlace | undefined {
  const request = replica.isCutting ? undefined : replica.replica.fetchRequest();
  if (request === undefined) return undefined;
  // What a witness keeps is little, and others wait for what it says (C3).
  const wantsRecords = hasRoom || request.role === 'witness';
  return { ...request, leaderId: replica.replica.leaderId, wantsRecords };
}

const isSamePlace = (a: FetchPlace, b: FetchPlace): boolean =>
  a.fetchOffset === b.fetchOffset &&
  a.lastFetchedEpoch === b.lastFetchedEpoch &&
  a.persistedOffset === b.persistedOffset &&
  a.leaderEpoch === b.leaderEpoch &&
  a.leaderId === b.leaderId &&
  a.wantsRecords === b.wantsRecords;

const idOf = ({ topic, topicId, partition }: PeerReplica) => ({ topic, topicId, partition });

const nowhere: FetchPlace = {
  ...{ leaderId: undefined, leaderEpoch: leaderEpoch(0), lastFetchedEpoch: leaderEpoch(0) },
  ...{ fetchOffset: offset(0), persistedOffset: offset(0), wantsRecords: true },
};

function requestPartition(
  partition: number,
  place: FetchPlace,
): Omit<PeerFetchRequestPartition, 'replicaDirectoryId'> {
  return {
    partition,
    currentLeaderEpoch: place.leaderEpoch,
    fetchOffset: place.fetchOffset,
    lastFetchedEpoch: place.lastFetchedEpoch,
    logStartOffset: -1,
    partitionMaxBytes: place.wantsRecords ? limits.peerFetchBytesMax : 0,
    persistedOffset: place.persistedOffset,
    isWitness: place.role === 'witness',
  };
}
