import { describe, expect, it } from 'vitest';

import { defaultConfig, parseConfig } from '../../../src/config/parse-config.ts';

/** Texts and hints of the problems of a document; empty if it is fine. */
function problems(document: unknown): string[] {
  const parsed = parseConfig(document);
  if (parsed.ok) return [];
  return parsed.error.map((problem) =>
    problem.hint === undefined ? problem.text : `${problem.text} | ${problem.hint}`,
  );
}

const forward = { central: { bootstrap: ['127.0.0.1:19092'] } };

describe('defaults', () => {
  it('are those of the design', () => {
    expect(defaultConfig()).toEqual({
      node: { id: 1, dataDir: './shorelog-data' },
      mqtt: {
        listen: '127.0.0.1:1883',
        engine: 'aedes',
        packetBytesMax: 786432,
        ingestDeliveryTimeoutMs: 10000,
      },
      kafka: {
        listen: '127.0.0.1:9092',
        advertised: '127.0.0.1:9092',
        requestBytesMax: 16777216,
        autoCreateTopics: false,
      },
      admin: { listen: '127.0.0.1:9640' },
      log: {
        segmentBytes: 16777216,
        batchBytesMax: 1048588,
        lingerMs: 0,
        indexIntervalBytes: 4096,
      },
      disk: {
        budgetBytes: 'auto',
        reserveBytes: 67108864,
        whenFull: 'block',
        scrubBytesPerSecond: 65536,
      },
      topics: [
        {
          name: 'sensors',
          partitions: 4,
          replicas: 'auto',
          minInsyncReplicas: 'auto',
          retentionMs: 604800000,
          retentionBytes: 'unlimited',
          keepUnforwarded: true,
        },
      ],
      routes: [{ from: '#', topic: 'sensors', key: 'mqttTopic' }],
    });
  });

  it('of forward are those of the design', () => {
    const parsed = parseConfig({ forward });
    expect(parsed.ok && parsed.value.forward).toEqual({
      central: { bootstrap: ['127.0.0.1:19092'] },
      delivery: 'exactlyOnce',
      cursorTopic: 'shorelog-cursors',
      createTopics: false,
      lingerMs: 1000,
      batchBytesMax: 1048588,
      compression: 'gzip',
      routes: [{ from: 'sensors', to: 'sensors' }],
    });
  });

  it.each([null, undefined, {}, { mqtt: null, forward: null }])('stand for %j', (document) => {
    expect(parseConfig(document)).toEqual({ ok: true, value: defaultConfig() });
  });

  it('let advertised follow listen, and forward follow log', () => {
    const parsed = parseConfig({
      kafka: { listen: '0.0.0.0:19095' },
      log: { batchBytesMax: 65536 },
      forward,
    });
    expect(parsed.ok && parsed.value.kafka.advertised).toBe('127.0.0.1:19095');
    expect(parsed.ok && parsed.value.forward?.batchBytesMax).toBe(65536);
  });
});

describe('keys that do not exist', () => {
  it.each([
    [{ mqtt: { lisen: 'x:1' } }, 'unknown key mqtt.lisen | did you mean listen?'],
    [{ mqqt: {} }, 'unknown key mqqt | did you mean mqtt?'],
    [
      { topics: [{ name: 'a', partition: 1 }] },
      'unknown key topics[0].partition | did you mean partitions?',
    ],
    [{ lingerMs: 5 }, 'unknown key lingerMs | did you mean log.lingerMs?'],
    [{ admin: { zzzzzz: 5 } }, 'unknown key admin.zzzzzz | known here: listen'],
    [
      JSON.parse('{"__proto__":{"x":1}}'),
      'unknown key __proto__ | known here: node, mqtt, kafka, admin, log, disk, topics, routes, cluster, forward',
    ],
    [
      { forward: { ...forward, cursortopic: 'x' } },
      'unknown key forward.cursortopic | did you mean cursorTopic?',
    ],
  ])('%j', (document, text) => {
    expect(problems(document)).toEqual([text]);
  });
});

describe('values of the wrong type', () => {
  it.each([
    [[], 'the config: expected section with keys, found a list'],
    ['hello', 'the config: expected section with keys, found "hello"'],
    [{ node: { id: 'one' } }, 'node.id: expected whole number from 1 to 2147483647, found "one"'],
    [{ node: { id: 1.5 } }, 'node.id: expected whole number from 1 to 2147483647, found 1.5'],
    [{ node: { id: 0 } }, 'node.id: expected whole number from 1 to 2147483647, found 0'],
    [{ node: 5 }, 'node: expected section with keys, found 5'],
    [{ mqtt: { listen: 1883 } }, 'mqtt.listen: expected host:port, found 1883'],
    [{ mqtt: { listen: ':1883' } }, 'mqtt.listen: expected host:port, found ":1883"'],
    [{ mqtt: { engine: 'own' } }, 'mqtt.engine: expected "aedes", found "own"'],
    [
      { disk: { budgetBytes: 'big' } },
      'disk.budgetBytes: expected "auto" or whole number from 1, found "big"',
    ],
    [
      { disk: { whenFull: 'drop' } },
      'disk.whenFull: expected "block" or "dropOldest", found "drop"',
    ],
    [{ topics: [] }, 'topics: expected at least 1 entry, found an empty list'],
    [{ topics: {} }, 'topics: expected list of sections, found a section'],
    [{ topics: [{ partitions: 2 }] }, 'topics[0].name is missing: expected topic name'],
    [{ topics: [{ name: '' }] }, 'topics[0].name: expected topic name, found ""'],
    [
      { topics: [{ name: 'a', keepUnforwarded: 'no' }] },
      'topics[0].keepUnforwarded: expected true or false, found "no"',
    ],
    [
      { forward: { ...forward, compression: 'zstd' } },
      'forward.compression: expected "none" or "gzip", found "zstd"',
    ],
    [{ forward: {} }, 'forward.central is missing: expected section with keys'],
  ])('%j', (document, text) => {
    expect(problems(document)).toContain(text);
  });

  it('never shows a password', () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 12345 };
    const found = problems({ forward: { central: { bootstrap: ['a:1'], sasl } } });
    expect(found).toEqual(['forward.central.sasl.password: expected text, found something else']);
  });

  it('are told all at once', () => {
    expect(problems({ node: { id: 'x' }, log: { lingerMs: -1 }, nod: 1 })).toHaveLength(3);
  });
});

describe('rules between keys', () => {
  const bad = (name: string): string =>
    `is no legal topic name: ${JSON.stringify(name)} | letters, digits, ".", "_" and "-", at most 249 of them`;
  it.each([
    [{ mqtt: { listen: 'a:70000' } }, 'mqtt.listen has a port above 65535: a:70000'],
    [
      { kafka: { advertised: '0.0.0.0:9' } },
      'kafka.advertised is 0.0.0.0:9, to which no client can connect | give the address of this machine',
    ],
    [
      { admin: { listen: '127.0.0.1:1883' } },
      'admin.listen is 127.0.0.1:1883, which mqtt.listen has already',
    ],
    [
      { log: { batchBytesMax: 4000000 }, kafka: { requestBytesMax: 2000000 } },
      'log.batchBytesMax is 4000000, more than kafka.requestBytesMax (2000000)',
    ],
    [
      { forward: { ...forward, batchBytesMax: 2000000 } },
      'forward.batchBytesMax is 2000000, more than log.batchBytesMax (1048588)',
    ],
    [{ topics: [{ name: 'sensors' }, { name: 'a/b' }] }, `topics[1].name ${bad('a/b')}`],
    [{ topics: [{ name: 'sensors' }, { name: '..' }] }, `topics[1].name ${bad('..')}`],
    [
      { topics: [{ name: 'sensors' }, { name: 'x'.repeat(250) }] },
      `topics[1].name ${bad('x'.repeat(250))}`,
    ],
    [
      { topics: [{ name: 'sensors' }, { name: '__x' }] },
      'topics[1].name is "__x": names that begin with "__" are internal',
    ],
    [
      { topics: [{ name: 'sensors' }, { name: 'sensors' }] },
      'topics[1].name lists "sensors" a second time',
    ],
    [
      { topics: [{ name: 'sensors', replicas: 2 }] },
      'topics[0].replicas is 2, but there is one data node | leave it at auto',
    ],
    [
      { topics: [{ name: 'a' }] },
      'routes[0].topic names "sensors", which topics does not list | listed: a',
    ],
    [
      { routes: [{ from: '#', topic: '__cluster' }] },
      'routes[0].topic is "__cluster": names that begin with "__" are internal',
    ],
    [
      { routes: [{ from: 'a/#/b', topic: 'sensors' }] },
      'routes[0].from has a "#" before its last level: "a/#/b"',
    ],
    [
      { routes: [{ from: 'a+', topic: 'sensors' }] },
      'routes[0].from has a "+" that does not fill its level: "a+"',
    ],
    [
      { forward: { ...forward, cursorTopic: '__c' } },
      'forward.cursorTopic is "__c": names that begin with "__" are internal',
    ],
    [
      { forward: { ...forward, routes: [{ from: '__cluster', to: 'x' }] } },
      'forward.routes[0].from is "__cluster": names that begin with "__" are internal',
    ],
    [
      { forward: { ...forward, routes: [{ from: 'nope', to: 'x' }] } },
      'forward.routes[0].from names "nope", which topics does not list | listed: sensors',
    ],
    [
      {
        forward: {
          ...forward,
          routes: [
            { from: 'sensors', to: 'a' },
            { from: 'sensors', to: 'b' },
          ],
        },
      },
      'forward.routes[1].from names "sensors" a second time',
    ],
    [
      { forward: { ...forward, routes: [{ from: 'sensors', to: 'shorelog-cursors' }] } },
      'forward.routes[0].to is "shorelog-cursors", the cursor topic',
    ],
    [
      { forward: { central: { bootstrap: ['a:1'], tls: { certFile: 'c' } } } },
      'forward.central.tls needs certFile and keyFile together',
    ],
    [
      { forward: { central: { bootstrap: ['a:1'], sasl: { mechanism: 'plain', username: 'u' } } } },
      'forward.central.sasl needs either password or passwordFile',
    ],
  ])('%j', (document, text) => {
    expect(problems(document)).toEqual([text]);
  });

  const peer = (id: number) => ({
    ...{ id, peer: `127.0.0.1:${9_000 + id}`, kafka: `127.0.0.1:${9_100 + id}` },
  });
  const withPeers = (ids: readonly number[]) => ({ cluster: { id: 'p', peers: ids.map(peer) } });

  it('take a cluster of this node alone, and tell clients its address there', () => {
    const parsed = parseConfig(withPeers([1]));
    expect(parsed.ok && parsed.value.kafka.advertised).toBe('127.0.0.1:9101');
    expect(parsed.ok && parsed.value.cluster?.insecure).toBe(false);
  });

  it.each([
    [
      [2],
      'cluster.peers lists 2, but this is node 1 | set node.id, or SHORELOG_NODE__ID, to the number of this node',
    ],
  ])('refuse peers %j', (ids, text) => {
    expect(problems(withPeers(ids))).toEqual([text]);
  });

  it('keep the port between nodes apart from the others', () => {
    const text = 'cluster.listen is 127.0.0.1:9001, which admin.listen has already';
    expect(problems({ ...withPeers([1]), admin: { listen: '127.0.0.1:9001' } })).toEqual([text]);
  });

  it('let any port be asked for three times', () => {
    const any = { listen: '127.0.0.1:0' };
    expect(problems({ mqtt: any, kafka: any, admin: any })).toEqual([]);
  });
});
