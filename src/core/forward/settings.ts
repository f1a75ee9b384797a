import type { CompressionType } from '../../ports/compression.ts';

/** One topic of the node and where its records go at central. A `from` appears once (X6). */
export interface ForwardRoute {
  readonly from: string;
  readonly to: string;
}

/** Where central is; the two optional parts are the socket's business, never the core's. */
export interface CentralSettings {
  /** host:port of some of central's brokers, tried in turn. */
  readonly bootstrap: readonly string[];
  readonly tls?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly serverName?: string;
  };
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
}

/** What the supervisor gives the forwarder process at its start; plain JSON. */
export interface ForwarderSettings {
  readonly central: CentralSettings;
  readonly delivery: 'exactlyOnce' | 'atLeastOnce';
  readonly cursorTopic: string;
  readonly createTopics: boolean;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  /** For batches that must be rebuilt; others pass as they are. */
  readonly compression: CompressionType;
  readonly routes: readonly ForwardRoute[];
  /** Central aborts a transaction that was left open for longer. */
  readonly transactionTimeoutMs: number;
}
