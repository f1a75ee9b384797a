import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadConfig } from '../../../edge/config-file.ts';
import { defaultConfig } from '../../../src/config/parse-config.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shorelog-config-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** `where text | hint` of each problem, the file called FILE; or the config. */
async function load(text: string, env: Record<string, string> = {}) {
  const file = join(dir, 'shorelog.yaml');
  await writeFile(file, text);
  const loaded = await loadConfig({ file, env });
  if (loaded.ok) return loaded.value;
  return loaded.error.map(
    ({ where, text, hint }) =>
      `${where.replace(file, 'FILE')} ${text}${hint === undefined ? '' : ` | ${hint}`}`,
  );
}

describe('a file', () => {
  it('is not needed', async () => {
    expect(await loadConfig({ env: {} })).toEqual({
      ok: true,
      value: { config: defaultConfig(), file: undefined, overrides: [] },
    });
  });

  it.each(['', '# nothing yet\n', 'mqtt:\n  # listen: x\n', '---\n'])(
    'may hold nothing: %j',
    async (text) => {
      expect(await load(text)).toMatchObject({ config: defaultConfig() });
    },
  );

  it('overrides defaults', async () => {
    expect(await load('node: { id: 7 }\nkafka:\n  listen: 127.0.0.1:9999\n')).toMatchObject({
      config: { node: { id: 7 }, kafka: { advertised: '127.0.0.1:9999' } },
    });
  });

  it('that is not there is one clear line', async () => {
    expect(await loadConfig({ file: '/nowhere/x.yaml', env: {} })).toEqual({
      ok: false,
      error: [
        {
          path: [],
          where: '/nowhere/x.yaml',
          text: 'cannot read the config file (ENOENT)',
          hint: 'give another with --config FILE',
        },
      ],
    });
  });
});

describe('problems have their place', () => {
  it.each([
    ['mqtt:\n  listn: 127.0.0.1:1\n', ['FILE:2:3 unknown key mqtt.listn | did you mean listen?']],
    [
      'node:\n  id: one\n',
      ['FILE:2:7 node.id: expected whole number from 1 to 2147483647, found "one"'],
    ],
    ['# c\n\nnode: { id: 1, dataDir: 5 }\n', ['FILE:3:25 node.dataDir: expected text, found 5']],
    [
      'topics:\n  - name: sensors\n  - partitions: 2\n',
      ['FILE:3:5 topics[1].name is missing: expected topic name'],
    ],
    [
      'topics:\n  - name: sensors\n    partitons: 2\n',
      ['FILE:3:5 unknown key topics[0].partitons | did you mean partitions?'],
    ],
    [
      'forward:\n  lingerMs: 5\n',
      ['FILE:1:1 forward.central is missing: expected section with keys'],
    ],
    [
      'topics: [ { name: a } ]\n',
      ['FILE:1:1 routes[0].topic names "sensors", which topics does not list | listed: a'],
    ],
    ['- a\n- b\n', ['FILE:1:1 the config: expected section with keys, found a list']],
    [
      'node: 1\nxyz: 2\nmqtt: 3\n',
      [
        'FILE:1:7 node: expected section with keys, found 1',
        'FILE:3:7 mqtt: expected section with keys, found 3',
        'FILE:2:1 unknown key xyz | known here: node, mqtt, kafka, admin, log, disk, topics, routes, cluster, forward',
      ],
    ],
  ])('%j', async (text, expected) => {
    expect(await load(text)).toEqual(expected);
  });

  it.each([
    ['mqtt: [1, 2\n', /^FILE:\d+:\d+ broken YAML: /],
    ['a: 1\na: 2\n', /^FILE:2:1 broken YAML: .*unique/],
    ['mqtt:\n\tlisten: x\n', /^FILE:2:1 broken YAML: /],
    ['mqtt: *nowhere\n', /^FILE:1:\d+ broken YAML: /],
    ['a: 1\n---\nb: 2\n', /^FILE:2:1 broken YAML: /],
    ['x: !!python/object y\n', /^FILE:1:4 broken YAML: /],
    ['\u0000\u0001\u0002', /^FILE:1:1 /],
  ])('broken YAML %j', async (text, expected) => {
    const found = await load(text);
    expect(Array.isArray(found) && found[0]).toMatch(expected);
  });
});

describe('nesting', () => {
  it.each(['[', '{', '- ', '? ', '!x ', '&a '])('of "%s" is bounded', async (piece) => {
    const refused = await load(`\n${piece.repeat(2_000)}`);
    expect(refused).toMatchObject([expect.stringContaining(':2:1 broken YAML')]);
    const env = { SHORELOG_TOPICS: piece.repeat(2_000) };
    const loaded = await loadConfig({ env });
    expect(loaded).toMatchObject({ ok: false, error: [{ where: 'SHORELOG_TOPICS' }] });
  });
});

describe('the environment', () => {
  it.each(['*a', '&a [*a', '[*b]'])('that is no YAML value is a problem: %s', async (value) => {
    const loaded = await loadConfig({ env: { SHORELOG_MQTT__LISTEN: value } });
    expect(loaded).toMatchObject({ ok: false, error: [{ where: 'SHORELOG_MQTT__LISTEN' }] });
  });

  it('overrides the file, with YAML values and any case', async () => {
    const loaded = await load('mqtt: { listen: 127.0.0.1:1 }\nnode: { id: 3 }\n', {
      SHORELOG_MQTT__LISTEN: '127.0.0.1:2',
      SHORELOG_LOG__SEGMENT_BYTES: '65536',
      SHORELOG_disk__whenfull: 'dropOldest',
      SHORELOG_FORWARD__CENTRAL__BOOTSTRAP: '[ "a:1", "b:2" ]',
      SHORELOG_TOPICS: '[{ name: sensors, partitions: 9 }]',
      SHORELOG_PORT: 'tcp://10.0.0.1:1883',
      PATH: '/bin',
    });
    expect(loaded).toMatchObject({
      config: {
        node: { id: 3 },
        mqtt: { listen: '127.0.0.1:2' },
        log: { segmentBytes: 65536 },
        disk: { whenFull: 'dropOldest' },
        forward: { central: { bootstrap: ['a:1', 'b:2'] } },
        topics: [{ partitions: 9 }],
      },
      overrides: [
        { variable: 'SHORELOG_FORWARD__CENTRAL__BOOTSTRAP', key: 'forward.central.bootstrap' },
        { variable: 'SHORELOG_LOG__SEGMENT_BYTES', key: 'log.segmentBytes' },
        { variable: 'SHORELOG_MQTT__LISTEN', key: 'mqtt.listen' },
        { variable: 'SHORELOG_TOPICS', key: 'topics' },
        { variable: 'SHORELOG_disk__whenfull', key: 'disk.whenFull' },
      ],
    });
  });

  it.each([
    [
      'SHORELOG_MQTT__LISTN',
      'x:1',
      'SHORELOG_MQTT__LISTN the environment variable SHORELOG_MQTT__LISTN names no key of the config | did you mean SHORELOG_MQTT__LISTEN?',
    ],
    [
      'SHORELOG_MQTT_LISTEN',
      'x:1',
      'SHORELOG_MQTT_LISTEN the environment variable SHORELOG_MQTT_LISTEN names no key of the config | did you mean SHORELOG_MQTT__LISTEN?',
    ],
    [
      'SHORELOG_XX__YY',
      '1',
      'SHORELOG_XX__YY the environment variable SHORELOG_XX__YY names no key of the config | shorelog check --help',
    ],
    [
      'SHORELOG_NODE__ID',
      'one',
      'SHORELOG_NODE__ID node.id: expected whole number from 1 to 2147483647, found "one"',
    ],
    [
      'SHORELOG_FORWARD',
      '{ centrl: 1 }',
      'SHORELOG_FORWARD forward.central is missing: expected section with keys',
    ],
    ['SHORELOG_TOPICS', '[ {', 'SHORELOG_TOPICS broken YAML: Flow map'],
  ])('%s=%s is refused by name', async (variable, value, expected) => {
    const found = await load('', { [variable]: value });
    expect(Array.isArray(found) ? found[0]?.slice(0, expected.length) : found).toBe(expected);
  });

  it('that says nothing means nothing', async () => {
    expect(await load('', { SHORELOG_MQTT: '' })).toMatchObject({ config: defaultConfig() });
  });
});
