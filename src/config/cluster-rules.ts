import { isLoopbackHost, isWildcardHost, parseAddress } from './address.ts';
import type { ClusterConfig, Config, PeerConfig } from './config.ts';
import { autoMinInsync, autoReplicas, clusterNodes } from './cluster-nodes.ts';
import type { ConfigPath, ConfigProblem } from './problem.ts';
import { problemAt } from './problem.ts';

/** What is wrong with `cluster`, and with what `topics` ask of it. */
export function clusterProblems(config: Config): readonly ConfigProblem[] {
  const { cluster } = config;
  return [
    ...(cluster === undefined ? [] : [...peerProblems(config, cluster), ...tlsProblems(cluster)]),
    ...config.topics.flatMap((_, at) => replicaProblems(config, at)),
  ];
}

function peerProblems(config: Config, cluster: ClusterConfig): ConfigProblem[] {
  const { peers } = cluster;
  const found = peers.flatMap((_, at) => [
    ...addressProblems(peers, at, 'peer'),
    ...addressProblems(peers, at, 'kafka'),
    ...(peers.findIndex(({ id }) => id === peers[at]?.id) === at
      ? []
      : [problemAt(['cluster', 'peers', at, 'id'], `lists node ${peers[at]?.id} a second time`)]),
  ]);
  if (clusterNodes(config).dataNodes === 0) {
    found.push(problemAt(['cluster', 'peers'], 'needs a node of role data'));
  }
  return [...found, ...selfProblems(config, peers)];
}

function addressProblems(
  peers: readonly PeerConfig[],
  at: number,
  key: 'peer' | 'kafka',
): ConfigProblem[] {
  const path = ['cluster', 'peers', at, key];
  const text = peers[at]?.[key] ?? '';
  const address = parseAddress(text);
  if (address === undefined) return [problemAt(path, `has a port above 65535: ${text}`)];
  if (isWildcardHost(address.host) || address.port === 0) {
    const hint = 'give the address by which the other nodes and clients reach it';
    return [problemAt(path, `is ${text}, to which nobody can connect`, hint)];
  }
  const first = peers.findIndex((peer) => peer[key] === text);
  if (first === at) return [];
  return [problemAt(path, `is ${text}, which node ${peers[first]?.id} has already`)];
}

function selfProblems(config: Config, peers: readonly PeerConfig[]): ConfigProblem[] {
  const { id } = config.node;
  const at = peers.findIndex((peer) => peer.id === id);
  const self = peers[at];
  if (self === undefined) {
    const listed = peers.map((peer) => peer.id).join(', ');
    const hint = 'set node.id, or SHORELOG_NODE__ID, to the number of this node';
    return [problemAt(['cluster', 'peers'], `lists ${listed}, but this is node ${id}`, hint)];
  }
  if (self.kafka === config.kafka.advertised) return [];
  const text = `is ${config.kafka.advertised}, but cluster.peers[${at}].kafka is ${self.kafka}`;
  return [problemAt(['kafka', 'advertised'], text, 'leave it out: clients are told the latter')];
}

/** Bytes of a cluster do not leave a machine in plain text by oversight. */
function tlsProblems({ tls, insecure, listen, peers }: ClusterConfig): ConfigProblem[] {
  const listenAt = ['cluster', 'listen'];
  const found: ConfigProblem[] = [];
  if (listen !== undefined && parseAddress(listen) === undefined) {
    found.push(problemAt(listenAt, `has a port above 65535: ${listen}`));
  }
  if (tls !== undefined && insecure) {
    found.push(problemAt(['cluster', 'insecure'], 'is true beside cluster.tls'));
  }
  if (tls !== undefined || insecure) return found;
  const plain = (path: ConfigPath, text: string): ConfigProblem[] => {
    const address = parseAddress(text);
    if (address === undefined || isLoopbackHost(address.host)) return [];
    const hint = 'set cluster.tls (the deploy folder says how), or cluster.insecure: true';
    return [problemAt(path, `is ${text}, and nodes would talk without TLS`, hint)];
  };
  return [
    ...found,
    ...(listen === undefined ? [] : plain(listenAt, listen)),
    ...peers.flatMap(({ peer }, at) => plain(['cluster', 'peers', at, 'peer'], peer)),
  ];
}

function replicaProblems(config: Config, at: number): ConfigProblem[] {
  const topic = config.topics[at];
  if (topic === undefined) return [];
  const nodes = clusterNodes(config);
  const replicas = topic.replicas === 'auto' ? autoReplicas(nodes) : topic.replicas;
  if (replicas > nodes.dataNodes) {
    const count = nodes.dataNodes === 1 ? 'is one data node' : `are ${nodes.dataNodes} data nodes`;
    const path = ['topics', at, 'replicas'];
    return [problemAt(path, `is ${replicas}, but there ${count}`, 'leave it at auto')];
  }
  const needed = topic.minInsyncReplicas;
  if (needed === 'auto' || needed <= replicas) return [];
  const path = ['topics', at, 'minInsyncReplicas'];
  const text = `is ${needed}, more than the ${replicas} replicas`;
  return [problemAt(path, text, `auto is ${autoMinInsync(replicas)} here`)];
}
