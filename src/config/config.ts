import type { ParsedConfig } from './schema.ts';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
type With<T, Filled> = Omit<T, keyof Filled> & Filled;

/** A checked config with every default filled in. */
export type Config = DeepReadonly<
  With<ParsedConfig, { kafka: KafkaFilled; forward?: ForwardFilled | undefined }>
>;
type KafkaFilled = With<ParsedConfig['kafka'], { advertised: string }>;
type ForwardFilled = With<NonNullable<ParsedConfig['forward']>, { batchBytesMax: number }>;

export type TopicConfig = Config['topics'][number];
export type RouteConfig = Config['routes'][number];
export type ForwardConfig = NonNullable<Config['forward']>;
export type CentralConfig = ForwardConfig['central'];
export type ClusterConfig = NonNullable<Config['cluster']>;
export type PeerConfig = ClusterConfig['peers'][number];
export type ClusterTlsConfig = NonNullable<ClusterConfig['tls']>;
