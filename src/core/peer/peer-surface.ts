import { limits } from '../../base/limits.ts';
import { apiKeys, peerApis } from '../../wire/kafka/api-keys.ts';
import { peerProduceCodec } from '../../wire/kafka/generated/00-peer-produce.ts';
import { peerFetchCodec } from '../../wire/kafka/generated/01-peer-fetch.ts';
import { introduceCodec } from '../../wire/kafka/generated/10000-introduce.ts';
import { voteCodec } from '../../wire/kafka/generated/52-vote.ts';
import { beginQuorumEpochCodec } from '../../wire/kafka/generated/53-begin-quorum-epoch.ts';
import { endQuorumEpochCodec } from '../../wire/kafka/generated/54-end-quorum-epoch.ts';
import { handlerOf, type Handler } from '../kafka/handler.ts';
import type { RouterSurface } from '../kafka/router.ts';
import type { FetchSessions } from './fetch-sessions.ts';
import { guardedHandler, peerHandler } from './peer-handler.ts';
import type { PeerIntroductions } from './peer-introductions.ts';
import type { ProduceAnswers } from './produce-answers.ts';
import type { VoteAnswers } from './vote-answers.ts';

export interface PeerSurfaceParts {
  readonly nodes: PeerIntroductions;
  readonly votes: VoteAnswers;
  readonly sessions: FetchSessions;
  readonly produces: ProduceAnswers;
  /** Further requests of nodes of the cluster, by API key. */
  readonly handlers: ReadonlyMap<number, Handler>;
  /** The same of nodes that are not of the cluster yet. */
  readonly newcomerHandlers: ReadonlyMap<number, Handler>;
}

/** What other nodes may ask on the peer port, and who is to answer. */
export function peerSurface(parts: PeerSurfaceParts): RouterSurface {
  const { nodes, votes, sessions, produces, handlers, newcomerHandlers } = parts;
  const own: readonly (readonly [number, Handler])[] = [
    [apiKeys.introduce, handlerOf(introduceCodec, (asked, typed) => nodes.introduce(asked, typed))],
    [apiKeys.vote, peerHandler(nodes, voteCodec, (asked, typed) => votes.vote(asked, typed))],
    [
      apiKeys.beginQuorumEpoch,
      peerHandler(nodes, beginQuorumEpochCodec, (asked, typed) => votes.begin(asked, typed)),
    ],
    [
      apiKeys.endQuorumEpoch,
      peerHandler(nodes, endQuorumEpochCodec, (asked, typed) => votes.end(asked, typed)),
    ],
    [
      apiKeys.fetch,
      peerHandler(nodes, peerFetchCodec, (asked, typed) => sessions.fetch(asked, typed)),
    ],
    [
      apiKeys.produce,
      peerHandler(nodes, peerProduceCodec, (asked, typed) => produces.produce(asked, typed)),
    ],
  ];
  const guarded = [...handlers].map(
    ([apiKey, handler]) => [apiKey, guardedHandler(nodes, handler)] as const,
  );
  return {
    apis: peerApis,
    handlers: new Map([...newcomerHandlers, ...guarded, ...own]),
    unserved: (connection, apiKey) => nodes.unserved(connection, apiKey === apiKeys.introduce),
    rules: {
      inFlightMax: limits.peerInFlightPerConnectionMax,
      isFetchAlone: false,
      isOrdered: false,
    },
  };
}
