import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from '../support/certificates.ts';
import { requireTools } from '../support/require-tool.ts';
import { untilAllForwarded } from './harness/forward-progress.ts';
import { readEdge, tallyForwarded } from './harness/forward-tally.ts';
import { KcatFeeder } from './harness/kcat-feeder.ts';
import { requireOwnKafka } from './harness/require-kafka.ts';
import { startTestNode } from './harness/shorelog-node.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const central = 'readings';
const partitions = 2;

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** What the broker's listener for gateways asks for: TLS and a password. */
function securedListener(folder: string): {
  readonly caFile: string;
  readonly properties: Readonly<Record<string, string>>;
} {
  const { caFile, certFile, keyFile } = new TestAuthority(folder).issue('central', 'IP:127.0.0.1');
  const store = join(folder, 'central.pem');
  writeFileSync(store, readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8'));
  const listener = 'listener.name.proxied0';
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return {
    caFile,
    properties: {
      'listener.security.protocol.map':
        'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED0:SASL_SSL',
      [`${listener}.ssl.keystore.type`]: 'PEM',
      [`${listener}.ssl.keystore.location`]: store,
      [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN',
      [`${listener}.plain.sasl.jaas.config`]: `${module} required user_plant="right";`,
      // The forwarder cannot read this codec: its cursor topic must not take it over.
      'compression.type': 'zstd',
    },
  };
}

test('forwards to a central with TLS, passwords and packed topics', async (context) => {
  requireTools(context, 'openssl', 'kcat');
  const folder = makeTempFolder('secured');
  cleanUps.push(() => removeTempFolder(folder));
  const { caFile, properties } = securedListener(folder);
  const broker = await requireOwnKafka(context, { folder, proxySlots: 1, properties });
  cleanUps.push(() => broker.kill());
  const [slot] = broker.proxySlots;
  if (slot === undefined) throw new Error('no proxy slot');
  const passage = createServer((socket) => {
    const onward = connect(slot.listenPort, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
    socket.pipe(onward).pipe(socket);
  });
  passage.listen(slot.advertisedPort, '127.0.0.1');
  cleanUps.push(() => passage.close());
  const configWith = (password: string) => ({
    topics: [{ name: topic, partitions }],
    forward: {
      central: {
        bootstrap: [`127.0.0.1:${slot.advertisedPort}`],
        tls: { caFile },
        sasl: { mechanism: 'plain' as const, username: 'plant', password },
      },
      createTopics: true,
      lingerMs: 50,
      routes: [{ from: topic, to: central }],
    },
  });
  const { node, remove } = await startTestNode('secured', configWith('wrong'));
  cleanUps.push(remove);
  const feeder = new KcatFeeder({ bootstrap: node.bootstrap, topic, name: 'feed' });
  cleanUps.push(() => feeder.kill());
  await feeder.send(500);
  await feeder.finish(30_000);
  const states = async (): Promise<readonly string[]> =>
    (await node.status()).forward.map(({ state }) => state);
  await waitUntil('a refused login', 30_000, async () => (await states()).includes('blocked'));

  // Twice: the second start reads back the cursors that the first has written.
  node.configure(configWith('right'));
  for (let start = 0; start < 2; start++) {
    await node.stop();
    await node.start();
    await waitUntil('forwarding', 60_000, async () => {
      const now = await states();
      return now.length === partitions && now.every((state) => state === 'idle');
    });
    await untilAllForwarded(node, 60_000);
  }
  const edge = await readEdge({ bootstrap: node.bootstrap, topic });
  const place = { bootstrap: broker.bootstrap, topic: central, partitions };
  expect(await tallyForwarded(edge, place)).toMatchObject({
    ...{ atEdge: 500, lost: 0, duplicates: 0, outOfOrder: 0, unknown: 0 },
  });
}, 300_000);
