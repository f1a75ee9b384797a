import {
  connectionId,
  monotonicMs,
  timestampMs,
  uuid,
  type MonotonicMs,
} from '../../../src/base/brand.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { Effect } from '../../../src/core/effect.ts';
import type { Now } from '../../../src/core/now.ts';
import type { NodeFacts } from '../../../src/core/peer/node-facts.ts';
import { PeerClocks } from '../../../src/core/peer/peer-clocks.ts';
import { Peers } from '../../../src/core/peer/peers.ts';
import { FrameSplitter } from '../../../src/wire/kafka/frame.ts';
import { peerFetchCodec } from '../../../src/wire/kafka/generated/01-peer-fetch.ts';
import { introduceCodec } from '../../../src/wire/kafka/generated/10000-introduce.ts';
import { voteCodec } from '../../../src/wire/kafka/generated/52-vote.ts';
import {
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  readRequestStart,
} from '../../../src/wire/kafka/header.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { FakeBrokerView } from '../../fakes/fake-broker-view.ts';
import { peerDialect } from '../grammar/kafka-codecs.ts';
import { cutInPieces, framesOf } from '../grammar/stream.ts';
import { randomRequestFrame } from './kafka-request.ts';

const requestBytesMax = 100_000;
const id = connectionId(1);
const directoryOf = (nodeId: number) => uuid(`00000000-0000-4000-8000-00000000000${nodeId}`);

const factsOf = (nodeId: number): NodeFacts => ({
  ...{ clusterName: 'plant', clusterId: directoryOf(9), nodeId, directoryId: directoryOf(nodeId) },
  ...{ startCounter: 3, startIds: [directoryOf(8)], isWitness: false, version: '1' },
  formerDirectoryIds: [],
  peers: [1, 2].map((each) => ({ nodeId: each, isWitness: false })),
  clusterTopicId: directoryOf(7),
});

const at = (ms: number): Now => ({
  monotonicMs: monotonicMs(ms),
  wallMs: timestampMs(1_795_000_000_000 + ms),
});

/** What node 2 says first. */
function introduction(): Uint8Array {
  const { version: softwareVersion, ...facts } = factsOf(2);
  const body = { ...facts, softwareVersion, purpose: 'fetch', wallMs: 1_795_000_000_000 };
  return encodeRequest(introduceCodec, 0, { correlationId: 0, clientId: 'x' }, body).slice(4);
}

/** What a node of the cluster asks, about partitions that may not be here. */
function knownRequest(prng: Prng, correlationId: number): Uint8Array {
  const identity = { correlationId, clientId: 'x' };
  const topicId = directoryOf(prng.below(10));
  if (prng.chance(0.5)) {
    const partition = {
      ...{ partitionIndex: prng.below(3), replicaEpoch: prng.below(9), replicaId: 2 },
      ...{ replicaDirectoryId: directoryOf(2), voterDirectoryId: directoryOf(1) },
      ...{ lastOffsetEpoch: prng.below(9), lastOffset: prng.below(99), preVote: prng.chance(0.5) },
    };
    const topics = [{ topicName: '', topicId, partitions: [partition] }];
    const body = { clusterId: directoryOf(9), voterId: 1, topics };
    return encodeRequest(voteCodec, 2, identity, body).slice(4);
  }
  const partition = {
    ...{ partition: prng.below(3), currentLeaderEpoch: prng.below(4) - 1, lastFetchedEpoch: 0 },
    ...{ fetchOffset: prng.below(9), logStartOffset: 0, partitionMaxBytes: prng.below(9_999) },
    ...{ replicaDirectoryId: directoryOf(2), persistedOffset: prng.below(9) - 1 },
    isWitness: prng.chance(0.3),
  };
  const session = { sessionId: prng.below(3), sessionEpoch: prng.below(4) - 1 };
  const body = {
    ...{ clusterId: null, replicaState: { replicaId: 2, replicaEpoch: 0 }, rackId: '', ...session },
    ...{ maxWaitMs: prng.pick([0, 500]), minBytes: 0, maxBytes: 99_999, isolationLevel: 0 },
    ...{ topics: [{ topicId, partitions: [partition] }], forgottenTopicsData: [] },
  };
  return encodeRequest(peerFetchCodec, 17, identity, body).slice(4);
}

const own = factsOf(1);

function newPeers(emit: (effect: Effect) => void): Peers {
  return new Peers({
    facts: () => own,
    clusterFacts: () => ({ clusterLeaderId: -1, clusterLeaderEpoch: -1, clusterVoters: [] }),
    clocks: new PeerClocks(emit),
    ...{ knownDirectories: [], directorySeen: () => undefined, introduced: () => undefined },
    isGivenUp: () => false,
    ...{ replicas: () => [], find: () => undefined, leaderNamed: () => undefined },
    read: (_replica, _range, done) => done({ ok: true, bytes: new Uint8Array(0) }),
    produce: (_topicId, _partition, _batch, done) =>
      done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER' }),
    ...{ view: new FakeBrokerView(), handlers: new Map(), newcomerHandlers: new Map() },
    ...{ requestBytesMax, batchBytesMax: 10_000 },
    ...{ replicaLagTimeMaxMs: 1_000, produceTimeoutMs: 2_000 },
    emit: (effect) => emit(effect as Effect),
    random: new Prng(1),
  });
}

interface Answers {
  readonly answers: readonly Uint8Array[];
  readonly isClosed: boolean;
  readonly pieces: number;
}

/**
 * The peer port behind its socket: one connection's bytes in random pieces, mostly of somebody who
 * has introduced itself. The first byte is the seed of the pieces.
 */
export const peerPortTarget: FuzzTarget<Answers> = {
  name: 'peer-port',
  inputBytesMax: 4 * 1024,
  generate: (prng: Prng) =>
    framesOf(prng, (correlationId) =>
      correlationId === 0 && prng.chance(0.8)
        ? introduction()
        : prng.chance(0.5)
          ? knownRequest(prng, correlationId)
          : randomRequestFrame(prng, correlationId, peerDialect),
    ),
  execute(input) {
    const effects: Effect[] = [];
    const peers = newPeers((effect) => effects.push(effect));
    peers.handle({ type: 'PeerConnectionOpened', connection: id, from: '10.0.0.9' }, at(1));
    const pieces = cutInPieces(input);
    for (const chunk of pieces) {
      peers.handle({ type: 'PeerBytesReceived', connection: id, chunk }, at(1));
      peers.turnEnded(at(1));
    }
    for (let turn = 1; turn < 4; turn++) {
      peers.tick(at(turn * 40_000));
      peers.turnEnded(at(turn * 40_000));
    }
    peers.connectionClosed(id, at(200_000));
    const forever: Now = at(2 ** 40);
    peers.tick(forever);
    expectIdle(peers.nextDeadline());
    const answers = effects.flatMap((effect) => (effect.type === 'SendBytes' ? effect.chunks : []));
    const isClosed = effects.some(({ type }) => type === 'CloseConnection');
    return { answers, isClosed, pieces: pieces.length };
  },
  check(input, { answers, isClosed }) {
    const asked = requestsOf(input);
    const told = answers.map((answer) => answeredAs(asked, answer.subarray(4)));
    return `${isClosed} ${told.slice(0, 6).join(' ')}`;
  },
  // For each piece a view and a turn; for each request its answer and its objects; and the peers.
  allowance(input, { answers, pieces }) {
    let answered = 0;
    for (const { buffer } of answers) answered += buffer.byteLength + 2_048;
    return 512 * 1024 + pieces * 4_096 + answered * 12 + input.length * 100;
  },
};

function expectIdle(deadline: MonotonicMs | undefined): void {
  if (deadline !== undefined) throw new Error('a deadline outlives its connection');
}

/** The frames in front of the first that closes the connection. */
function requestsOf(input: Uint8Array): readonly Uint8Array[] {
  const split = new FrameSplitter(requestBytesMax);
  const asked: Uint8Array[] = [];
  for (const piece of cutInPieces(input)) {
    const frames = split.push(piece);
    if (!frames.ok) break;
    asked.push(...frames.value);
  }
  return asked;
}

/** Answers come in any order; each can be read in the version that somebody asked in. */
function answeredAs(asked: readonly Uint8Array[], frame: Uint8Array): string {
  for (const request of asked) {
    const start = readRequestStart(request);
    if (!start.ok || start.value.correlationId !== correlationIdOf(frame)) continue;
    const { apiKey, apiVersion } = start.value;
    if (apiKey === 18) return 'versions';
    const codec = peerDialect.codecByKey(apiKey);
    if (codec === undefined || apiVersion > codec.versionMax) continue;
    if (decodeResponse(codec, apiVersion, frame).ok) return `${apiKey}/${apiVersion}`;
  }
  throw new Error('an answer that nobody can read');
}
