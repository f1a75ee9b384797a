import type { Offset, Uuid } from '../../base/brand.ts';
import type { ClusterClient } from '../../client/kafka/cluster-client.ts';
import type { Compression } from '../../ports/compression.ts';
import type { Random } from '../../ports/random.ts';
import type { TelemetryFields, TelemetryLevel } from '../../ports/telemetry.ts';
import type { Now } from '../now.ts';
import type { EdgePoll } from './edge-poll.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { Wait } from './procedure.ts';
import type { ForwarderSettings } from './settings.ts';
import type { ForwarderToNode, ForwardMark } from './supervision.ts';

/**
 * What the partitions share: the two clusters, time, chance, memory and their ways to the outside.
 */
export interface ForwardContext {
  readonly settings: ForwarderSettings;
  readonly node: { readonly clusterId: Uuid; readonly nodeId: number };
  readonly edge: ClusterClient;
  readonly edgePoll: EdgePoll;
  readonly central: ClusterClient;
  readonly memory: MemoryBudget;
  readonly random: Pick<Random, 'next'>;
  readonly compression: Compression;
  now(): Now;
  sleep(ms: number): Wait<void>;
  /** Whether the node lets the cursor move to `attempt` with what lies at `from` and behind it. */
  ask(attempt: ForwardMark, from: Offset): Wait<boolean>;
  tell(word: ForwarderToNode): void;
  print(level: TelemetryLevel, text: string, fields?: TelemetryFields): void;
}
