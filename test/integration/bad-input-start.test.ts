import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { prepareNode, shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import { dataFormatVersion, decodeMeta, encodeMeta } from '../../src/log/data-directory.ts';
import { requireTools } from '../support/require-tool.ts';
import { batchOf, KafkaRawClient } from './harness/kafka-raw-client.ts';
import { runProgram } from './harness/run-program.ts';
import { startTestNode } from './harness/shorelog-node.ts';

let node: NodeProcess;
let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ node, folder, remove } = await startTestNode('bad-input-start'));
  chmodSync(folder, 0o755);
});
afterAll(() => remove());

interface Refusal {
  readonly code: number | null;
  /** What was printed, stdout and stderr. */
  readonly text: string;
}

/** What stands before a command so that rights bind it: root is root by its capabilities alone. */
const withoutRights = (context: Pick<TestContext, 'skip'>): readonly string[] => {
  if (process.getuid?.() !== 0) return [];
  requireTools(context, 'setpriv');
  return ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
};

/** `shorelog start` that is expected to end by itself; a stack trace is never an answer. */
const start = async (args: readonly string[], how: StartHow = {}): Promise<Refusal> => {
  const { prefix = [], env = {} } = how;
  const verb = how.verb ?? 'start';
  const [command = '', ...rest] = [...prefix, process.execPath, shorelogProgram(), verb, ...args];
  const run = await runProgram({ command, args: rest, env, msMax: 20_000 });
  const text = `${run.out.toString()}${run.error}`;
  expect(text).not.toMatch(/^\s+at /m);
  expect(text).not.toContain('node:internal');
  expect(text).not.toContain('a bug');
  return { code: run.code, text };
};

interface StartHow {
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly verb?: 'start' | 'check';
}

const configFile = (name: string, content: string): string => {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, content);
  return file;
};

test.each([
  ['unknown key', 'mqtt:\n  listem: 127.0.0.1:1\n', '2:3: unknown key mqtt.listem', 'listen?'],
  ['unknown section', 'node: {}\nmqqt: {}\n', '2:1: unknown key mqqt', 'did you mean mqtt?'],
  ['wrong type', 'node:\n  id: one\n', '2:7: node.id: expected whole number', 'found "one"'],
  ['wrong address', 'kafka:\n  listen: here\n', '2:11: kafka.listen: expected host:port', 'here'],
  ['port too large', 'kafka: { listen: "127.0.0.1:70000" }\n', '1:18: kafka.listen', '65535'],
  ['out of bounds', 'log:\n  segmentBytes: -5\n', '2:17: log.segmentBytes', 'from 1024 to'],
  ['broken YAML', 'mqtt:\n  listen: "127\n', ': broken YAML', 'quote'],
  ['tabs', 'mqtt:\n\tlisten: x\n', '2:1: broken YAML', 'Tabs'],
  ['a key twice', 'node: {id: 1}\nnode: {id: 2}\n', '2:1: broken YAML', 'unique'],
  ['no anchor', 'node: *x\n', ': broken YAML', 'alias'],
  ['a list', '- 1\n- 2\n', '1:1: the config: expected section', 'found'],
  ['a word', 'hello\n', '1:1: the config: expected section', 'found "hello"'],
  ['bytes', '\u0000\u0001\u001b[2J\uffff', ':1:', ''],
  [
    'internal route',
    'routes: [{from: "#", topic: __cluster}]\n',
    '1:29: routes[0].topic',
    'internal',
  ],
  ['internal topic', 'topics: [{name: __mine}]\n', '1:17: topics[0].name', 'internal'],
  [
    'no such topic',
    'routes: [{from: "#", topic: no}]\n',
    'topics does not list',
    'listed: sensors',
  ],
  ['bad filter', 'routes: [{from: "a/#/b", topic: sensors}]\n', '1:17: routes[0].from', '#'],
  [
    'internal forward route',
    'forward:\n  central: {bootstrap: ["127.0.0.1:1"]}\n  routes: [{from: sensors, to: __x}]\n',
    '3:32: forward.routes[0].to',
    'internal',
  ],
])('config with %s: file, line and what was meant', async (name, content, place, hint) => {
  const file = configFile(name.replaceAll(' ', '-'), content);
  const refusal = await start(['--config', file]);
  expect(refusal.code).toBe(2);
  expect(refusal.text).toContain(`${file}:`);
  expect(refusal.text).toContain(place);
  expect(refusal.text).toContain(hint);
  // A terminal is not driven by what stands in a file.
  expect(refusal.text).not.toContain('\u001b[2J');
});

test('check says the same as start, and so do variables and missing files', async () => {
  const file = configFile('checked', 'mqtt:\n  listem: x\n');
  const started = await start(['--config', file]);
  const checked = await start(['--config', file], { verb: 'check' });
  expect(checked.code).toBe(2);
  expect(checked.text).toBe(started.text);
  const variable = await start([], { env: { SHORELOG_MQTT__LISTEM: 'x' } });
  expect(variable).toMatchObject({ code: 2 });
  expect(variable.text).toContain('did you mean SHORELOG_MQTT__LISTEN?');
  const missing = await start(['--config', join(folder, 'missing.yaml')]);
  expect(missing).toMatchObject({ code: 2 });
  expect(missing.text).toContain('cannot read the config file (ENOENT)');
});

const listenSomewhere = async (): Promise<{ server: Server; port: number }> => {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
};

test('a port in use: which key, and the data directory is none the worse', async () => {
  const other = await prepareNode({ folder: join(folder, 'ports') });
  const { server, port } = await listenSomewhere();
  for (const key of ['mqtt', 'kafka', 'admin'] as const) {
    const env = { [`SHORELOG_${key.toUpperCase()}__LISTEN`]: `127.0.0.1:${port}` };
    const refusal = await start(['--config', other.configFile], { env });
    expect(refusal.code).toBe(1);
    expect(refusal.text).toContain(
      `error: ${key}.listen: cannot listen on 127.0.0.1:${port}: another process listens there.`,
    );
  }
  server.close();
  await other.start();
  expect(await other.stop()).toMatchObject({ code: 0 });
});

const produceOne = async (to: NodeProcess): Promise<void> => {
  const client = await KafkaRawClient.connect(to.ports.kafka);
  expect(await client.produce('sensors', batchOf('still here'))).toMatchObject({ errorCode: 0 });
  client.destroy();
};

test('a data directory that another node holds', async () => {
  const other = await prepareNode({
    folder: join(folder, 'second'),
    config: { node: { dataDir: node.dataDir } },
  });
  const refusal = await start(['--config', other.configFile]);
  expect(refusal.code).toBe(1);
  expect(refusal.text).toContain(node.dataDir);
  expect(refusal.text).toContain('another process holds the data directory');
  await produceOne(node);
});

test('a data directory that is not writable, or none at all', async (context) => {
  const prefix = withoutRights(context);
  const locked = join(folder, 'locked');
  mkdirSync(join(locked, 'there'), { recursive: true });
  writeFileSync(join(folder, 'a-file'), 'x');
  chmodSync(join(locked, 'there'), 0o555);
  chmodSync(locked, 0o555);
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [join(locked, 'there'), prefix, /cannot use the data directory \(EACCES\)/],
    [join(locked, 'to-be-made'), prefix, /cannot use the data directory \(EACCES\)/],
    [join(folder, 'a-file'), [], /ENOTDIR|EEXIST/],
    [join(folder, 'a-file', 'below'), [], /ENOTDIR|EEXIST/],
  ];
  for (const [dataDir, as, reason] of cases) {
    const file = configFile('locked', `node: { dataDir: ${dataDir} }\n`);
    const refusal = await start(['--config', file], { prefix: as });
    expect(refusal.code).toBe(1);
    expect(refusal.text).toContain(dataDir);
    expect(refusal.text).toMatch(reason);
  }
  chmodSync(locked, 0o755);
});

test('a data directory with a file in it that this user may not open', async (context) => {
  const prefix = withoutRights(context);
  const other = await prepareNode({ folder: join(folder, 'foreign') });
  await other.start();
  expect(await other.stop()).toMatchObject({ code: 0 });
  for (const name of ['lock/LOCK', 'journal', 'logs/sensors-0', 'meta.json']) {
    const path = join(other.dataDir, name);
    const { mode } = statSync(path);
    chmodSync(path, 0o000);
    const refusal = await start(['--config', other.configFile], { prefix });
    chmodSync(path, mode);
    expect(refusal.code, name).toBe(1);
    expect(refusal.text, name).toContain(other.dataDir);
    expect(refusal.text, name).toMatch(/EACCES|notWritable|permission/i);
  }
  await other.start();
  expect(await other.stop()).toMatchObject({ code: 0 });
});

/** Names and bytes of everything below a folder, but for LevelDB's own lock. */
const digestOf = (root: string): Map<string, string> =>
  new Map(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('lock') && statSync(join(root, name)).isFile())
      .toSorted()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(root, name)))
          .digest('hex'),
      ]),
  );

test('a data directory of a newer format, of another node, of nobody', async () => {
  await produceOne(node);
  expect(await node.stop()).toMatchObject({ code: 0 });
  const paths = ['meta.json', 'meta.copy.json'].map((name) => join(node.dataDir, name));
  const [path = '', copy = ''] = paths;
  const [bytes, copyBytes] = [readFileSync(path), readFileSync(copy)];
  const meta = decodeMeta(bytes);
  if (meta === undefined) throw new Error('no meta');

  const newer = encodeMeta({ ...meta, formatVersion: dataFormatVersion + 1 });
  for (const changed of [[path], [path, copy]]) {
    for (const one of changed) writeFileSync(one, newer);
    const before = digestOf(node.dataDir);
    const refusal = await start(['--config', node.configFile]);
    expect(refusal.code).toBe(1);
    expect(refusal.text).toContain(`${dataFormatVersion + 1}`);
    expect(refusal.text).toMatch(/newer|format/i);
    expect(digestOf(node.dataDir)).toEqual(before);
  }
  writeFileSync(path, bytes);
  writeFileSync(copy, copyBytes);

  const before = digestOf(node.dataDir);
  const otherId = await start(['--config', node.configFile], { env: { SHORELOG_NODE__ID: '7' } });
  expect(otherId).toMatchObject({ code: 1 });
  expect(otherId.text).toMatch(/node 1|node\.id/);
  expect(digestOf(node.dataDir)).toEqual(before);

  for (const one of paths) writeFileSync(one, '{"formatVersion":1');
  const noIdentity = await start(['--config', node.configFile]);
  expect(noIdentity).toMatchObject({ code: 1 });
  expect(noIdentity.text).toContain(node.dataDir);
  writeFileSync(path, bytes);
  writeFileSync(copy, copyBytes);

  await node.start();
  const { partitions } = await node.status();
  const sensors = partitions.filter(({ topic }) => topic === 'sensors');
  // Two records, and LeaderChange of two starts in each of four partitions.
  expect(sensors.reduce((sum, { highWatermark }) => sum + highWatermark, 0)).toBe(2 + 2 * 4);
});
