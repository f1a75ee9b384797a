import { autoReplicas, clusterNodes } from './cluster-nodes.ts';
import type { Config } from './config.ts';
import type { ConfigProblem } from './problem.ts';
import { problemAt } from './problem.ts';

/** What is allowed, and what its owner may not have meant; told at start and by `check`. */
export function configWarnings(config: Config): readonly ConfigProblem[] {
  if (config.cluster === undefined || config.cluster.peers.length === 1) return [];
  return [
    ...insecureWarnings(config.cluster.insecure),
    ...voterWarnings(config),
    ...config.topics.flatMap((_, at) => topicWarnings(config, at)),
    ...timeWarnings(config, config.cluster.replicaLagTimeMaxMs),
  ];
}

function insecureWarnings(isInsecure: boolean): ConfigProblem[] {
  if (!isInsecure) return [];
  const text =
    'is true: nodes talk without TLS, and whoever reaches the peer port can read, change and ' +
    'delete everything';
  return [problemAt(['cluster', 'insecure'], text, 'make certificates and set cluster.tls')];
}

const witnessHint = 'add a node of role witness, any small third machine, or a third data node';

/** V5: an even number of voters stops as soon as half of them are away. */
function voterWarnings(config: Config): ConfigProblem[] {
  const nodes = clusterNodes(config);
  const voters = autoReplicas(nodes);
  if (voters % 2 === 1 || nodes.witnesses > 0) return [];
  const text = `has ${nodes.dataNodes} data nodes and no witness: the cluster stops when one is away`;
  return [problemAt(['cluster', 'peers'], text, witnessHint)];
}

function topicWarnings(config: Config, at: number): ConfigProblem[] {
  const { replicas = 'auto', minInsyncReplicas } = config.topics[at] ?? {};
  const nodes = clusterNodes(config);
  const copies = replicas === 'auto' ? autoReplicas(nodes) : replicas;
  const found: ConfigProblem[] = [];
  if (typeof replicas === 'number' && replicas % 2 === 0 && nodes.witnesses === 0) {
    const text = `is even and there is no witness: the topic stops when half of them are away`;
    found.push(problemAt(['topics', at, 'replicas'], text, witnessHint));
  }
  if (copies > 1 && minInsyncReplicas === copies) {
    const text = `is all ${copies} replicas: the topic stops when one is away`;
    found.push(problemAt(['topics', at, 'minInsyncReplicas'], text, 'auto survives the loss'));
  }
  return found;
}

/** An election takes a fetch timeout and a bit; publishers should outlast it (P3). */
function timeWarnings({ mqtt }: Config, replicaLagTimeMaxMs: number): ConfigProblem[] {
  if (mqtt.ingestDeliveryTimeoutMs >= electionsOutlasted * replicaLagTimeMaxMs) return [];
  const text =
    `is ${mqtt.ingestDeliveryTimeoutMs}, less than ${electionsOutlasted} times ` +
    `cluster.replicaLagTimeMaxMs (${replicaLagTimeMaxMs}): publishers are disconnected ` +
    'whenever a node fails';
  return [problemAt(['mqtt', 'ingestDeliveryTimeoutMs'], text)];
}

const electionsOutlasted = 3;
