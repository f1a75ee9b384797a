/** A further listener whose clients are told another port: that of a proxy in front of it. */
export interface ProxySlot {
  readonly listenPort: number;
  readonly advertisedPort: number;
}

export interface KafkaPorts {
  /** Of its plain listener; default 127.0.0.1. */
  readonly host?: string;
  readonly broker: number;
  readonly controller: number;
  readonly proxySlots: readonly ProxySlot[];
}

/**
 * server.properties of a small single node, broker and controller in one (KRaft). `extra` wins over
 * ours.
 */
export const kafkaProperties = (
  ports: KafkaPorts,
  logFolder: string,
  extra: Readonly<Record<string, string>>,
): string => {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    ...listenerProperties(ports),
    'log.dirs': logFolder,
    ...singleNodeProperties,
    ...extra,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
};

const listenerProperties = ({
  host = '127.0.0.1',
  broker,
  controller,
  proxySlots,
}: KafkaPorts): Record<string, string> => {
  const proxied = proxySlots.map((slot, index) => ({ ...slot, name: `PROXIED${index}` }));
  const listeners = [
    `PLAINTEXT://${host}:${broker}`,
    `CONTROLLER://127.0.0.1:${controller}`,
    ...proxied.map(({ name, listenPort }) => `${name}://127.0.0.1:${listenPort}`),
  ];
  const advertised = [
    `PLAINTEXT://${host}:${broker}`,
    ...proxied.map(({ name, advertisedPort }) => `${name}://127.0.0.1:${advertisedPort}`),
  ];
  const names = ['CONTROLLER', 'PLAINTEXT', ...proxied.map(({ name }) => name)];
  return {
    listeners: listeners.join(','),
    'advertised.listeners': advertised.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': names.map((name) => `${name}:PLAINTEXT`).join(','),
  };
};

/**
 * One replica of everything, few threads, and a cleaner whose buffer fits a small heap (its default
 * is 128 MB).
 */
const singleNodeProperties: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  // After a SIGKILL the controller admits the broker only when its old session has expired (default
  // 9 s).
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'num.network.threads': '2',
  'num.io.threads': '2',
  'background.threads': '2',
  'log.cleaner.dedupe.buffer.size': '4194304',
  'log.index.size.max.bytes': '1048576',
  'log.segment.bytes': '16777216',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};
