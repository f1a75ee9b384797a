import { isInternalTopicName, isLegalTopicName } from '../base/topic-name.ts';
import { isWildcardHost, parseAddress } from './address.ts';
import type { Config } from './config.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import { formatPath } from './problem.ts';
import { topicFilterProblem } from './topic-filter.ts';

/** Everything wrong with a config that is of the right shape: what one key means for another. */
export function ruleProblems(config: Config): readonly ConfigProblem[] {
  return [
    ...addressProblems(config),
    ...sizeProblems(config),
    ...topicProblems(config),
    ...routeProblems(config),
    ...clusterProblems(config),
    ...forwardProblems(config),
  ];
}

const problem = (path: ConfigPath, text: string, hint?: string): ConfigProblem => ({
  path,
  text: `${formatPath(path)} ${text}`,
  ...(hint === undefined ? {} : { hint }),
});

function addressProblems(config: Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const check = (path: ConfigPath, text: string, isTarget: boolean): void => {
    const address = parseAddress(text);
    if (address === undefined) found.push(problem(path, `has a port above 65535: ${text}`));
    else if (isTarget && isWildcardHost(address.host)) {
      found.push(
        problem(
          path,
          `is ${text}, to which no client can connect`,
          'give the address of this machine',
        ),
      );
    }
  };
  check(['mqtt', 'listen'], config.mqtt.listen, false);
  check(['kafka', 'listen'], config.kafka.listen, false);
  check(['kafka', 'advertised'], config.kafka.advertised, true);
  check(['admin', 'listen'], config.admin.listen, false);
  config.forward?.central.bootstrap.forEach((broker, at) =>
    check(['forward', 'central', 'bootstrap', at], broker, true),
  );
  return [...found, ...samePortProblems(config)];
}

function samePortProblems(config: Config): ConfigProblem[] {
  const listens = {
    mqtt: config.mqtt.listen,
    kafka: config.kafka.listen,
    admin: config.admin.listen,
  };
  const taken = new Map<string, string>();
  return Object.entries(listens).flatMap(([section, listen]) => {
    const other = taken.get(listen);
    taken.set(listen, section);
    if (other === undefined || parseAddress(listen)?.port === 0) return [];
    return [problem([section, 'listen'], `is ${listen}, which ${other}.listen has already`)];
  });
}

function sizeProblems(config: Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const { batchBytesMax } = config.log;
  const { forward } = config;
  if (batchBytesMax > config.kafka.requestBytesMax) {
    const text = `is ${batchBytesMax}, more than kafka.requestBytesMax (${config.kafka.requestBytesMax})`;
    found.push(problem(['log', 'batchBytesMax'], text));
  }
  if (forward !== undefined && forward.batchBytesMax > batchBytesMax) {
    const text = `is ${forward.batchBytesMax}, more than log.batchBytesMax (${batchBytesMax})`;
    found.push(problem(['forward', 'batchBytesMax'], text));
  }
  return found;
}

function topicProblems(config: Config): ConfigProblem[] {
  return config.topics.flatMap((topic, at) => {
    const path = ['topics', at];
    const isTwice = config.topics.findIndex(({ name }) => name === topic.name) !== at;
    return [
      ...nameProblems([...path, 'name'], topic.name),
      ...(isTwice ? [problem([...path, 'name'], `lists "${topic.name}" a second time`)] : []),
      ...replicaProblems(config, at),
    ];
  });
}

/** A cluster of one is all that is built (see clusterProblems). */
function replicaProblems(config: Config, at: number): ConfigProblem[] {
  const keys = ['replicas', 'minInsyncReplicas'] as const;
  return keys.flatMap((key) => {
    const value = config.topics[at]?.[key];
    if (typeof value !== 'number' || value <= 1) return [];
    return [problem(['topics', at, key], `is ${value}, but there is one node`, 'leave it at auto')];
  });
}

function nameProblems(path: ConfigPath, name: string): ConfigProblem[] {
  if (!isLegalTopicName(name)) {
    const hint = 'letters, digits, ".", "_" and "-", at most 249 of them';
    return [problem(path, `is no legal topic name: ${JSON.stringify(name)}`, hint)];
  }
  if (!isInternalTopicName(name)) return [];
  return [problem(path, `is "${name}": names that begin with "__" are internal`)];
}

function routeProblems(config: Config): ConfigProblem[] {
  return config.routes.flatMap((route, at) => {
    const wrong = topicFilterProblem(route.from);
    return [
      ...(wrong === undefined
        ? []
        : [problem(['routes', at, 'from'], `${wrong}: ${JSON.stringify(route.from)}`)]),
      ...knownTopicProblems(config, ['routes', at, 'topic'], route.topic),
    ];
  });
}

function knownTopicProblems(config: Config, path: ConfigPath, name: string): ConfigProblem[] {
  const wrong = nameProblems(path, name);
  if (wrong.length > 0 || config.topics.some((topic) => topic.name === name)) return wrong;
  const known = config.topics.map((topic) => topic.name).join(', ');
  return [problem(path, `names "${name}", which topics does not list`, `listed: ${known}`)];
}

function clusterProblems(config: Config): ConfigProblem[] {
  const { cluster } = config;
  if (cluster === undefined) return [];
  if (cluster.peers.length > 1) {
    const text = 'lists more than one node, but replication is not built yet';
    return [problem(['cluster', 'peers'], text, 'leave out `cluster` to run a cluster of one')];
  }
  const [peer] = cluster.peers;
  if (peer?.id === config.node.id && peer.role === 'data') return [];
  return [problem(['cluster', 'peers', 0], `must be this node (id ${config.node.id}, role data)`)];
}

function forwardProblems(config: Config): ConfigProblem[] {
  const { forward } = config;
  if (forward === undefined) return [];
  return [
    ...nameProblems(['forward', 'cursorTopic'], forward.cursorTopic),
    ...forward.routes.flatMap((_, at) => forwardRouteProblems(config, at)),
    ...credentialProblems(config),
  ];
}

function forwardRouteProblems(config: Config, at: number): ConfigProblem[] {
  const { routes = [], cursorTopic } = config.forward ?? {};
  const route = routes[at];
  if (route === undefined) return [];
  const path = ['forward', 'routes', at];
  const isTwice = routes.findIndex(({ from }) => from === route.from) !== at;
  return [
    ...knownTopicProblems(config, [...path, 'from'], route.from),
    ...nameProblems([...path, 'to'], route.to),
    // X6: one cursor for each topic id and partition, so one route.
    ...(isTwice ? [problem([...path, 'from'], `names "${route.from}" a second time`)] : []),
    ...(route.to === cursorTopic
      ? [problem([...path, 'to'], `is "${route.to}", the cursor topic`)]
      : []),
  ];
}

function credentialProblems(config: Config): ConfigProblem[] {
  const { tls, sasl } = config.forward?.central ?? {};
  const found: ConfigProblem[] = [];
  if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined)) {
    found.push(problem(['forward', 'central', 'tls'], 'needs certFile and keyFile together'));
  }
  const given = [sasl?.password, sasl?.passwordFile].filter((value) => value !== undefined);
  if (sasl !== undefined && given.length !== 1) {
    found.push(problem(['forward', 'central', 'sasl'], 'needs either password or passwordFile'));
  }
  return found;
}
