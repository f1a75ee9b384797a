import { isInternalTopicName, isLegalTopicName } from '../base/topic-name.ts';
import { isWildcardHost, parseAddress } from './address.ts';
import { peerListen } from './cluster-nodes.ts';
import { clusterProblems } from './cluster-rules.ts';
import type { Config } from './config.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import { problemAt } from './problem.ts';
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

function addressProblems(config: Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const check = (path: ConfigPath, text: string, isTarget: boolean): void => {
    const address = parseAddress(text);
    if (address === undefined) found.push(problemAt(path, `has a port above 65535: ${text}`));
    else if (isTarget && isWildcardHost(address.host)) {
      found.push(
        problemAt(
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
  const peer = peerListen(config);
  const listens = {
    mqtt: config.mqtt.listen,
    kafka: config.kafka.listen,
    admin: config.admin.listen,
    ...(peer === undefined ? {} : { cluster: peer }),
  };
  const taken = new Map<string, string>();
  return Object.entries(listens).flatMap(([section, listen]) => {
    const other = taken.get(listen);
    taken.set(listen, section);
    if (other === undefined || parseAddress(listen)?.port === 0) return [];
    return [problemAt([section, 'listen'], `is ${listen}, which ${other}.listen has already`)];
  });
}

function sizeProblems(config: Config): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const { batchBytesMax } = config.log;
  const { forward } = config;
  if (batchBytesMax > config.kafka.requestBytesMax) {
    const text = `is ${batchBytesMax}, more than kafka.requestBytesMax (${config.kafka.requestBytesMax})`;
    found.push(problemAt(['log', 'batchBytesMax'], text));
  }
  if (forward !== undefined && forward.batchBytesMax > batchBytesMax) {
    const text = `is ${forward.batchBytesMax}, more than log.batchBytesMax (${batchBytesMax})`;
    found.push(problemAt(['forward', 'batchBytesMax'], text));
  }
  return found;
}

function topicProblems(config: Config): ConfigProblem[] {
  return config.topics.flatMap((topic, at) => {
    const path = ['topics', at];
    const isTwice = config.topics.findIndex(({ name }) => name === topic.name) !== at;
    return [
      ...nameProblems([...path, 'name'], topic.name),
      ...(isTwice ? [problemAt([...path, 'name'], `lists "${topic.name}" a second time`)] : []),
    ];
  });
}

function nameProblems(path: ConfigPath, name: string): ConfigProblem[] {
  if (!isLegalTopicName(name)) {
    const hint = 'letters, digits, ".", "_" and "-", at most 249 of them';
    return [problemAt(path, `is no legal topic name: ${JSON.stringify(name)}`, hint)];
  }
  if (!isInternalTopicName(name)) return [];
  return [problemAt(path, `is "${name}": names that begin with "__" are internal`)];
}

function routeProblems(config: Config): ConfigProblem[] {
  return config.routes.flatMap((route, at) => {
    const wrong = topicFilterProblem(route.from);
    return [
      ...(wrong === undefined
        ? []
        : [problemAt(['routes', at, 'from'], `${wrong}: ${JSON.stringify(route.from)}`)]),
      ...knownTopicProblems(config, ['routes', at, 'topic'], route.topic),
    ];
  });
}

function knownTopicProblems(config: Config, path: ConfigPath, name: string): ConfigProblem[] {
  const wrong = nameProblems(path, name);
  if (wrong.length > 0 || config.topics.some((topic) => topic.name === name)) return wrong;
  const known = config.topics.map((topic) => topic.name).join(', ');
  return [problemAt(path, `names "${name}", which topics does not list`, `listed: ${known}`)];
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
    ...(isTwice ? [problemAt([...path, 'from'], `names "${route.from}" a second time`)] : []),
    ...(route.to === cursorTopic
      ? [problemAt([...path, 'to'], `is "${route.to}", the cursor topic`)]
      : []),
  ];
}

function credentialProblems(config: Config): ConfigProblem[] {
  const { tls, sasl } = config.forward?.central ?? {};
  const found: ConfigProblem[] = [];
  if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined)) {
    found.push(problemAt(['forward', 'central', 'tls'], 'needs certFile and keyFile together'));
  }
  const given = [sasl?.password, sasl?.passwordFile].filter((value) => value !== undefined);
  if (sasl !== undefined && given.length !== 1) {
    found.push(problemAt(['forward', 'central', 'sasl'], 'needs either password or passwordFile'));
  }
  return found;
}
