import type { FuzzTarget } from './engine/fuzz-target.ts';
import { configTarget } from './targets/config.ts';
import { decompressTarget } from './targets/decompress.ts';
import { filesTarget } from './targets/files.ts';
import { kafkaClientTarget } from './targets/kafka-client.ts';
import { kafkaRequestTarget, peerRequestTarget } from './targets/kafka-request.ts';
import { kafkaResponseTarget, peerResponseTarget } from './targets/kafka-response.ts';
import { kafkaRouterTarget } from './targets/kafka-router.ts';
import { startMqttTarget } from './targets/mqtt.ts';
import { peerPortTarget } from './targets/peer-port.ts';
import { recordBatchTarget } from './targets/record-batch.ts';
import { startRecoveryTarget } from './targets/recovery.ts';
import { stateTarget } from './targets/state.ts';

const ready = [
  ...[kafkaRequestTarget, kafkaResponseTarget, kafkaRouterTarget, kafkaClientTarget],
  ...[peerRequestTarget, peerResponseTarget, peerPortTarget],
  ...[recordBatchTarget, decompressTarget, stateTarget, filesTarget, configTarget],
] as readonly unknown[] as readonly FuzzTarget[];

/** Every target by name; some have to be started first. */
export const fuzzTargets: ReadonlyMap<string, () => FuzzTarget | Promise<FuzzTarget>> = new Map<
  string,
  () => FuzzTarget | Promise<FuzzTarget>
>([
  ...ready.map((target) => [target.name, () => target] as const),
  ['recovery', startRecoveryTarget as () => Promise<unknown> as () => Promise<FuzzTarget>],
  ['mqtt', startMqttTarget as () => Promise<unknown> as () => Promise<FuzzTarget>],
]);
