import { describe, expect, it } from 'vitest';
import { clusterProblems } from '../../../src/config/cluster-rules.ts';
import type { ClusterConfig, Config, PeerConfig, TopicConfig } from '../../../src/config/config.ts';
import { defaultConfig } from '../../../src/config/parse-config.ts';

const peer = (id: number, change: Partial<PeerConfig> = {}): PeerConfig => ({
  ...{ id, peer: `127.0.0.1:${9_100 + id}`, kafka: `127.0.0.1:${9_091 + id}` },
  ...{ role: 'data', ...change },
});
const three = [peer(1), peer(2), peer(3)];
const tls = { caFile: 'a', certFile: 'b', keyFile: 'c' };

interface Changes {
  readonly cluster?: Partial<ClusterConfig>;
  readonly topic?: Partial<TopicConfig>;
  readonly config?: Partial<Config>;
}

function problems({ cluster = {}, topic = {}, config = {} }: Changes): string[] {
  const base = defaultConfig();
  const found = clusterProblems({
    ...base,
    kafka: { ...base.kafka, advertised: '127.0.0.1:9092' },
    cluster: { id: 'p', replicaLagTimeMaxMs: 1_000, insecure: false, peers: three, ...cluster },
    topics: base.topics.map((each) => ({ ...each, ...topic })),
    ...config,
  });
  return found.map(({ text, hint }) => (hint === undefined ? text : `${text} | ${hint}`));
}

const tlsHint = 'set cluster.tls (the deploy folder says how), or cluster.insecure: true';
const addressHint = 'give the address by which the other nodes and clients reach it';

describe('a cluster may be', () => {
  it.each<[string, Changes]>([
    ['three nodes on one machine', {}],
    ['two and a witness', { cluster: { peers: [peer(1), peer(2), peer(3, { role: 'witness' })] } }],
    [
      'of other machines with TLS',
      { cluster: { tls, peers: [peer(1), peer(2, { peer: 'b:1' })] } },
    ],
    ['of other machines, insecure', { cluster: { insecure: true, listen: '0.0.0.0:9094' } }],
    ['reached on IPv6', { cluster: { peers: [peer(1, { peer: '[::1]:9101' }), peer(2)] } }],
    ['with copies on all nodes', { topic: { replicas: 3, minInsyncReplicas: 3 } }],
  ])('%s', (_, changes) => {
    expect(problems(changes)).toEqual([]);
  });
});

describe('a cluster may not', () => {
  it.each<[string, Changes, string]>([
    [
      'leave this node out',
      { config: { node: { id: 4, dataDir: 'x' } } },
      'cluster.peers lists 1, 2, 3, but this is node 4 | set node.id, or SHORELOG_NODE__ID, to the number of this node',
    ],
    [
      'list a node twice',
      { cluster: { peers: [...three, peer(2, { peer: '127.0.0.1:1', kafka: '127.0.0.1:2' })] } },
      'cluster.peers[3].id lists node 2 a second time',
    ],
    [
      'give two nodes one address',
      { cluster: { peers: [peer(1), peer(2, { peer: '127.0.0.1:9101' })] } },
      'cluster.peers[1].peer is 127.0.0.1:9101, which node 1 has already',
    ],
    [
      'give two nodes one address for clients',
      { cluster: { peers: [peer(1), peer(2, { kafka: '127.0.0.1:9092' })] } },
      'cluster.peers[1].kafka is 127.0.0.1:9092, which node 1 has already',
    ],
    [
      'use a port that is none',
      { cluster: { peers: [peer(1), peer(2, { peer: '127.0.0.1:65536' })] } },
      'cluster.peers[1].peer has a port above 65535: 127.0.0.1:65536',
    ],
    [
      'listen on a port that is none',
      { cluster: { listen: '127.0.0.1:65536' } },
      'cluster.listen has a port above 65535: 127.0.0.1:65536',
    ],
    [
      'leave an address open',
      { cluster: { insecure: true, peers: [peer(1), peer(2, { peer: '0.0.0.0:9094' })] } },
      `cluster.peers[1].peer is 0.0.0.0:9094, to which nobody can connect | ${addressHint}`,
    ],
    [
      'leave a port open',
      { cluster: { peers: [peer(1), peer(2, { kafka: '127.0.0.1:0' })] } },
      `cluster.peers[1].kafka is 127.0.0.1:0, to which nobody can connect | ${addressHint}`,
    ],
    [
      'tell clients two addresses of this node',
      { cluster: { peers: [peer(1, { kafka: '127.0.0.1:1' }), peer(2)] } },
      'kafka.advertised is 127.0.0.1:9092, but cluster.peers[0].kafka is 127.0.0.1:1 | leave it out: clients are told the latter',
    ],
    [
      'go to another machine without TLS',
      { cluster: { peers: [peer(1), peer(2, { peer: '10.0.0.2:9094' })] } },
      `cluster.peers[1].peer is 10.0.0.2:9094, and nodes would talk without TLS | ${tlsHint}`,
    ],
    [
      'listen to other machines without TLS',
      { cluster: { listen: '0.0.0.0:9094' } },
      `cluster.listen is 0.0.0.0:9094, and nodes would talk without TLS | ${tlsHint}`,
    ],
    [
      'be both secure and not',
      { cluster: { insecure: true, tls } },
      'cluster.insecure is true beside cluster.tls',
    ],
    [
      'copy more often than there are data nodes',
      { topic: { replicas: 4 } },
      'topics[0].replicas is 4, but there are 3 data nodes | leave it at auto',
    ],
    [
      'count a witness as a copy',
      {
        cluster: { peers: [peer(1), peer(2), peer(3, { role: 'witness' })] },
        topic: { replicas: 3 },
      },
      'topics[0].replicas is 3, but there are 2 data nodes | leave it at auto',
    ],
    [
      'ask for more copies on disk than there are',
      { topic: { replicas: 2, minInsyncReplicas: 3 } },
      'topics[0].minInsyncReplicas is 3, more than the 2 replicas | auto is 1 here',
    ],
  ])('%s', (_, changes, text) => {
    expect(problems(changes)).toEqual([text]);
  });

  it('be of witnesses alone', () => {
    const peers = [peer(1, { role: 'witness' })];
    expect(problems({ cluster: { peers } })).toContain('cluster.peers needs a node of role data');
  });
});
