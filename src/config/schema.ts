import { z } from 'zod';

import { limits } from '../base/limits.ts';
import { addressPattern } from './address.ts';

/**
 * The one description of the config (DESIGN 2): types, defaults, bounds, meanings. README's table,
 * the JSON schema for editors, the environment overrides and the texts of errors are derived from
 * it. `title` names a type that the JSON schema cannot. Rules between keys are in `rules.ts`.
 */
const int32Max = 2_147_483_647;

const address = (description: string) =>
  z.string().regex(addressPattern).meta({ title: 'host:port', description });
const bytes = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).meta({ description });
const milliseconds = (min: number, max: number, description: string) =>
  z.int().min(min).max(max).meta({ description });
const text = (description: string) => z.string().min(1).meta({ description });
const unlimitedOr = (description: string) =>
  z.union([z.literal('unlimited'), z.int().min(1)]).meta({ description });
const autoOr = (min: number, max: number, description: string) =>
  z.union([z.literal('auto'), z.int().min(min).max(max)]).meta({ description });

const node = z.strictObject({
  id: z.int().min(1).max(int32Max).default(1).describe('Number of this node in its cluster.'),
  dataDir: text('Directory of everything that the node stores.').default('./shorelog-data'),
});

const mqtt = z.strictObject({
  listen: address('Where MQTT clients connect.').default('127.0.0.1:1883'),
  engine: z.enum(['aedes']).default('aedes').describe('MQTT front end.'),
  packetBytesMax: bytes(
    128,
    limits.fetchBytesMax,
    'A larger packet closes its connection.',
  ).default(786_432),
  ingestDeliveryTimeoutMs: milliseconds(
    100,
    3_600_000,
    'A publish that is not committed by then is given up without PUBACK.',
  ).default(10_000),
});

const kafka = z.strictObject({
  listen: address('Where Kafka clients connect.').default('127.0.0.1:9092'),
  advertised: address(
    'Address that Kafka clients are told; default: `kafka` of this node in `cluster.peers`, or `kafka.listen`.',
  ).optional(),
  requestBytesMax: bytes(
    1_024,
    limits.ingestQueueBytesMax,
    'A larger request closes its connection.',
  ).default(16_777_216),
  autoCreateTopics: z
    .boolean()
    .default(false)
    .describe('Make a topic that a client asks for by name and that does not exist.'),
});

const admin = z.strictObject({
  listen: address('Where /healthz, /readyz, /metrics and /api/v1 are served.').default(
    '127.0.0.1:9640',
  ),
});

const log = z.strictObject({
  segmentBytes: bytes(1_024, int32Max, 'A segment file that reached this size is closed.').default(
    16_777_216,
  ),
  batchBytesMax: bytes(1_024, limits.batchBytesMax, 'A larger record batch is refused.').default(
    1_048_588,
  ),
  lingerMs: milliseconds(0, 60_000, 'How long a batch waits for more records.').default(0),
  indexIntervalBytes: bytes(1, int32Max, 'Bytes of log between two index entries.').default(4_096),
});

const disk = z.strictObject({
  budgetBytes: autoOr(
    1,
    Number.MAX_SAFE_INTEGER,
    'Disk space for the node; `auto`: what the file system has.',
  ).default('auto'),
  reserveBytes: bytes(
    0,
    Number.MAX_SAFE_INTEGER,
    'Kept back so that a full node can still start and forward; at most 1/8 of the file system.',
  ).default(67_108_864),
  scrubBytesPerSecond: bytes(
    0,
    Number.MAX_SAFE_INTEGER,
    'How fast stored segments are read again to find rot early; 0: never. 65536 is 32 GB in six days.',
  ).default(65_536),
  whenFull: z
    .enum(['block', 'dropOldest'])
    .default('block')
    .describe('Full disk: hold publishers, or drop the oldest segments and count the gap.'),
});

const topic = z.strictObject({
  name: text('Name of the topic.').meta({ title: 'topic name' }),
  partitions: z
    .int()
    .min(1)
    .max(limits.partitionsPerTopicMax)
    .default(4)
    .describe('Number of partitions.'),
  replicas: autoOr(1, 7, 'Copies; `auto`: all data nodes, at most 3.').default('auto'),
  minInsyncReplicas: autoOr(
    1,
    7,
    'Copies that must be on disk before a record is committed.',
  ).default('auto'),
  retentionMs: unlimitedOr('Age at which a segment may be deleted.').default(604_800_000),
  retentionBytes: unlimitedOr(
    'Size at which the oldest segments of a partition may be deleted.',
  ).default('unlimited'),
  keepUnforwarded: z
    .boolean()
    .default(true)
    .describe(
      'Retention never deletes what is not at central yet, where a forward route names the topic.',
    ),
});

const route = z.strictObject({
  from: text(
    'MQTT topic filter; the first route that matches wins. What none matches gets its PUBACK and is not stored, only counted; `#` leaves out topics that begin with `$`.',
  ).meta({
    title: 'MQTT topic filter',
  }),
  topic: text('Topic that takes the records.').meta({ title: 'topic name' }),
  key: z
    .enum(['mqttTopic', 'clientId'])
    .default('mqttTopic')
    .describe('What becomes the key of the record, and so decides its partition.'),
});

const peer = z.strictObject({
  id: z.int().min(1).max(int32Max).describe('`node.id` of the peer.'),
  peer: address('Its address for replication.'),
  kafka: address('Its address for Kafka clients.'),
  role: z.enum(['data', 'witness']).default('data').describe('Whether it stores records.'),
});

const clusterTls = z
  .strictObject({
    caFile: text('PEM file of the authority that signed the certificates of all nodes.'),
    certFile: text("PEM file of this node's certificate; it names `node-<id>` or the host."),
    keyFile: text('PEM file of its private key.'),
  })
  .describe('Present: nodes talk TLS 1.3 and prove to each other who they are.');

const cluster = z.strictObject({
  id: text('Name of the cluster, the same on every node.').max(limits.topicNameLengthMax),
  listen: address('Where peers connect; default: the `peer` address of this node.').optional(),
  tls: clusterTls.optional(),
  insecure: z
    .boolean()
    .default(false)
    .describe('Let nodes on different machines talk without TLS: whoever reaches the port is in.'),
  replicaLagTimeMaxMs: milliseconds(
    100,
    600_000,
    'A replica that is behind for longer leaves the in-sync set.',
  ).default(1_000),
  peers: z
    .array(peer)
    .min(1)
    .max(limits.clusterNodesMax)
    .describe('Every node of the cluster, this one too.'),
});

const tls = z
  .strictObject({
    caFile: text('PEM file of the authority to trust; default: those of the system.').optional(),
    certFile: text('PEM file of the client certificate.').optional(),
    keyFile: text('PEM file of its private key.').optional(),
    serverName: text('Name to expect in the certificate; default: the host.').optional(),
  })
  .describe('Present: connect with TLS.');

const sasl = z
  .strictObject({
    mechanism: z.enum(['plain', 'scramSha256', 'scramSha512']).describe('SASL mechanism.'),
    username: text('User name.'),
    password: text('Password; better in `passwordFile`.').optional(),
    passwordFile: text('File that holds the password in its first line.').optional(),
  })
  .describe('Present: log in.');

const central = z.strictObject({
  bootstrap: z
    .array(address('Broker address.'))
    .min(1)
    .describe('Brokers of the central cluster to ask first.'),
  tls: tls.optional(),
  sasl: sasl.optional(),
});

const forward = z.strictObject({
  central: central.describe('The Kafka cluster to forward to.'),
  delivery: z
    .enum(['exactlyOnce', 'atLeastOnce'])
    .default('exactlyOnce')
    .describe('`exactlyOnce` needs a central cluster with transactions.'),
  cursorTopic: text('Compacted topic at central that keeps the forward offsets.')
    .meta({ title: 'topic name' })
    .default('shorelog-cursors'),
  createTopics: z.boolean().default(false).describe('Create missing topics at central.'),
  lingerMs: milliseconds(0, 3_600_000, 'How long records wait for more to send together.').default(
    1_000,
  ),
  batchBytesMax: bytes(
    1_024,
    limits.batchBytesMax,
    'Largest batch to send; default: `log.batchBytesMax`.',
  ).optional(),
  compression: z
    .enum(['none', 'gzip'])
    .default('gzip')
    .describe('For batches that it must rebuild; others pass as they are.'),
  routes: z
    .array(
      z.strictObject({
        from: text('Topic here.').meta({ title: 'topic name' }),
        to: text('Topic at central.').meta({ title: 'topic name' }),
      }),
    )
    .min(1)
    .default([{ from: 'sensors', to: 'sensors' }])
    .describe('What to forward; the first forward starts at the log start offset.'),
});

export const configSchema = z.strictObject({
  node: node.prefault({}).describe('This node.'),
  mqtt: mqtt.prefault({}).describe('MQTT in.'),
  kafka: kafka.prefault({}).describe('Kafka clients.'),
  admin: admin.prefault({}).describe('HTTP for operators.'),
  log: log.prefault({}).describe('How partitions are stored.'),
  disk: disk.prefault({}).describe('What the node may take of the disk.'),
  topics: z
    .array(topic)
    .min(1)
    .max(limits.topicsMax)
    .prefault([{ name: 'sensors' }])
    .describe('Topics to create at the first start.'),
  routes: z
    .array(route)
    .prefault([{ from: '#', topic: 'sensors' }])
    .describe('From MQTT topics to topics.'),
  cluster: cluster.optional().describe('Absent: a cluster of one.'),
  forward: forward.optional().describe('Absent: nothing is forwarded.'),
});

export type ParsedConfig = z.output<typeof configSchema>;
