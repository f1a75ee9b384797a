import { offset, type ConnectionId, type LogId } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type {
  PeerFetchRequest,
  PeerFetchResponse,
  PeerFetchResponsePartition,
} from '../../wire/kafka/generated/01-peer-fetch.ts';
import { fetchAnswer, refusedAnswer, unknownAnswer } from './fetch-answer.ts';
import { FetchSession, type FetchSessionHost } from './fetch-session.ts';
import { sessionlessEpoch } from './hole-repairer.ts';
import type { PeerExchange } from './peer-handler.ts';

/** The fetch sessions of all followers of this node, one for each of their connections. */
export class FetchSessions {
  readonly #host: FetchSessionHost;
  readonly #sessions = new Map<ConnectionId, FetchSession>();
  #touched = new Set<FetchSession>();

  constructor(host: Omit<FetchSessionHost, 'touched'>) {
    this.#host = { ...host, touched: (session) => this.#touched.add(session) };
  }

  fetch(request: PeerFetchRequest, typed: PeerExchange<PeerFetchResponse>): void {
    const { connection } = typed.exchange;
    if (request.sessionEpoch === sessionlessEpoch) return this.#readOnce(request, typed);
    let session = this.#sessions.get(connection);
    if (session === undefined) {
      session = new FetchSession(this.#host);
      this.#sessions.set(connection, session);
    }
    session.fetch(request, typed);
  }

  /**
   * What a replica lost of its log (V4), from its leader: what is committed, and all that it has
   * been seen to have in common with this log. A new leader may know of no commit before the hole
   * is filled, where nobody else votes.
   */
  #readOnce({ topics }: PeerFetchRequest, typed: PeerExchange<PeerFetchResponse>): void {
    const [topic] = topics;
    const asked = topic?.partitions[0];
    if (topic === undefined || asked === undefined) return typed.exchange.close('empty Fetch');
    const { topicId } = topic;
    const reply = (answer: PeerFetchResponsePartition): void => {
      const responses = [{ topicId, partitions: [answer] }];
      typed.reply({ throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses });
    };
    const replica = this.#host.find(topicId, asked.partition);
    if (replica === undefined) return reply(unknownAnswer(asked.partition, 'UNKNOWN_TOPIC_ID'));
    if (!replica.replica.isLeader) return reply(refusedAnswer(replica, 'NOT_LEADER_OR_FOLLOWER'));
    const { fetchOffset } = asked;
    const common = replica.replica.leadership?.progressOf(typed.from)?.fetchOffset ?? 0;
    const to = offset(Math.max(replica.highWatermark, common));
    if (fetchOffset < replica.logStartOffset || fetchOffset >= to) {
      return reply(unknownAnswer(asked.partition, 'OFFSET_OUT_OF_RANGE'));
    }
    const range = { from: offset(fetchOffset), to };
    return this.#host.read(replica, { ...range, bytesMax: limits.peerFetchBytesMax }, (outcome) =>
      reply(
        outcome.ok
          ? fetchAnswer(replica, outcome.bytes)
          : unknownAnswer(asked.partition, outcome.error),
      ),
    );
  }

  /** Something of that log is different. */
  changed(logId: LogId): void {
    for (const session of this.#sessions.values()) session.changed(logId);
  }

  connectionClosed(connection: ConnectionId): void {
    this.#sessions.get(connection)?.close();
    this.#sessions.delete(connection);
  }

  /** The end of a turn. @returns whether any session was looked at. */
  settle(): boolean {
    if (this.#touched.size === 0) return false;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const session of touched) session.settle();
    return true;
  }
}
