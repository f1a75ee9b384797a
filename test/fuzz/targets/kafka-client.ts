import { monotonicMs } from '../../../src/base/brand.ts';
import type { Prng } from '../../../src/base/prng.ts';
import { apis } from '../../../src/client/kafka/api.ts';
import { KafkaConnection } from '../../../src/client/kafka/connection.ts';
import { encodeResponse } from '../../../src/wire/kafka/header.ts';
import type { FuzzTarget } from '../engine/fuzz-target.ts';
import { cutInPieces, framesOf } from '../grammar/stream.ts';
import { randomResponseFrame } from './kafka-response.ts';

const deadline = monotonicMs(30_000);
const offered = [apis.metadata, apis.findCoordinator, apis.initProducerId, apis.endTxn];
const calls = offered.length * 2;

interface Talk {
  readonly answers: readonly string[];
  readonly fault: string | undefined;
  readonly pieces: number;
}

/**
 * Our client against a broker that says anything: versions first, then answers to calls of four
 * kinds. Every call is answered exactly once, whatever comes.
 */
export const kafkaClientTarget: FuzzTarget<Talk> = {
  name: 'kafka-client',
  inputBytesMax: 16 * 1024,
  generate: (prng) => framesOf(prng, (id) => (id === 0 ? versions(prng) : answer(prng, id))),
  execute(input) {
    const answers: string[] = [];
    const connection = new KafkaConnection('fuzz');
    connection.opened(deadline);
    const done = (outcome: { readonly ok: boolean }): void => {
      answers.push(outcome.ok ? 'ok' : 'failed');
    };
    for (let round = 0; round < 2; round++) {
      connection.call(apis.metadata, metadata, deadline, done);
      connection.call(apis.findCoordinator, coordinator, deadline, done);
      connection.call(apis.initProducerId, init, deadline, done);
      connection.call(apis.endTxn, end, deadline, done);
    }
    let fault: string | undefined;
    const pieces = cutInPieces(input);
    for (const piece of pieces) {
      fault ??= connection.received(piece)?.reason;
      connection.takeOutgoing();
    }
    fault ??= connection.expire(monotonicMs(deadline + 1))?.reason;
    return { answers, fault, pieces: pieces.length };
  },
  check(_input, { answers, fault }) {
    if (answers.length !== calls) throw new Error(`${answers.length} answers to ${calls} calls`);
    if (fault === undefined && answers.includes('failed')) return 'refused';
    return `${fault} ${answers.filter((one) => one === 'ok').length}`;
  },
  allowance: (input, { pieces }) => 192 * 1024 + pieces * 1_024 + input.length * 40,
};

const metadata = {
  ...{ topics: null, allowAutoTopicCreation: false },
  ...{ includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false },
};
const coordinator = { key: 'g', keyType: 1, coordinatorKeys: [] };
const init = {
  ...{ transactionalId: 'g', transactionTimeoutMs: 1_000 },
  ...{ producerId: -1n, producerEpoch: -1 },
};
const end = { transactionalId: 'g', producerId: 1n, producerEpoch: 0, committed: true };

function versions(prng: Prng): Uint8Array {
  const apiKeys = offered.map(({ key, versionMin, versionMax }) => ({
    apiKey: key,
    minVersion: versionMin,
    maxVersion: prng.chance(0.9) ? versionMax : prng.below(12),
  }));
  const known = { errorCode: prng.chance(0.95) ? 0 : 35, apiKeys, throttleTimeMs: 0 };
  const body = {
    ...{ supportedFeatures: [], finalizedFeaturesEpoch: -1, finalizedFeatures: [] },
    ...{ zkMigrationReady: false, ...known },
  };
  return encodeResponse(apis.apiVersions, 3, 0, body).slice(4);
}

function answer(prng: Prng, correlationId: number): Uint8Array {
  const api = offered[(correlationId - 1) % offered.length];
  const of = { key: api?.key ?? 3, version: api?.versionMax ?? 12, correlationId };
  return randomResponseFrame(prng, prng.chance(0.97) ? of : { ...of, correlationId: 99 });
}
