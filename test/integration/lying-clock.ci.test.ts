import { setTimeout as delay } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { expect, it } from 'vitest';
import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { launchNode, type NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { requireTools } from '../support/require-tool.ts';
import { openCentralKafka } from './harness/central-kafka.ts';
import { fakeClock } from './harness/fake-clock.ts';
import { LoadPublisher } from './harness/load-publisher.ts';
import { PacedPublishers } from './harness/paced-publishers.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';
import { waitUntil } from './harness/wait-until.ts';

const topic = 'sensors';
const twoDays = 172_800;

const load = async (node: NodeProcess, name: string, ackedMax: number): Promise<void> => {
  const publisher = new LoadPublisher({
    ...{ port: node.ports.mqtt, name, inFlight: 20, payloadBytes: 500, ackedMax },
  });
  await publisher.finished();
  expect(publisher.uncertain.size).toBe(0);
};

const countOf = async ({ bootstrap }: NodeProcess): Promise<number> =>
  (await readAllWithKcat({ bootstrap, topic, msMax: 20_000 })).length;

it('a clock that starts in 1970 and jumps about loses no reading, ping or deadline', async (context) => {
  requireTools(context, 'kcat');
  const folder = makeTempFolder('lying-clock');
  const clock = fakeClock(context, folder, -Math.floor(Date.now() / 1_000) + 10);
  const config = {
    log: { segmentBytes: 65_536 },
    topics: [{ name: topic, partitions: 1, retentionMs: 3_600_000 }],
  };
  const node = await launchNode({ folder, config, env: clock.env });
  try {
    const sensors = await PacedPublishers.start({
      ...{ port: node.ports.mqtt, name: 'paced', clients: 10, rate: 50 },
    });
    const stateOf = async (): Promise<string> => (await node.status()).clock.state;
    await waitUntil(
      'an unset clock in the status',
      30_000,
      async () => (await stateOf()) === 'unset',
    );
    await load(node, 'in-1970', 1_000);
    for (const aheadSeconds of [0, 3 * twoDays, -twoDays, 0]) {
      const { jumps } = (await node.status()).clock;
      clock.set(aheadSeconds);
      await waitUntil('a jump', 30_000, async () => (await node.status()).clock.jumps > jumps);
      expect(await stateOf()).toBe('jumped');
      await load(node, `at${aheadSeconds}-${jumps}`, 500);
    }
    // Retention looks every second: it has seen every one of these clocks.
    await delay(2_500);
    await sensors.stop();
    expect(sensors.disconnected).toBe(0);
    expect(sensors.unansweredPings(2_000)).toBe(0);
    expect(sensors.acked.size).toBe(sensors.sent.size);
    expect(await countOf(node)).toBe(3_000 + sensors.acked.size);
    await node.restart('kill');
    await delay(2_500);
    expect(await countOf(node)).toBe(3_000 + sensors.acked.size);
    process.stdout.write(`clock: ${JSON.stringify((await node.status()).clock)}\n`);
  } finally {
    await node.kill();
    removeTempFolder(folder);
  }
}, 300_000);

it('a clock two days ahead blocks the partition with its way out, and others go on', async (context) => {
  const specs = [topic, 'fine'].map((name) => ({ name, partitions: 1 }));
  const cursorTopic = 'cursors';
  const kafka = await openCentralKafka(context, [
    ...specs,
    { name: cursorTopic, partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  ]);
  const folder = makeTempFolder('clock-ahead');
  const clock = fakeClock(context, folder, twoDays);
  const config = {
    topics: specs,
    routes: [
      { from: 'fine/#', topic: 'fine' },
      { from: '#', topic },
    ],
    forward: {
      central: { bootstrap: [kafka.broker.bootstrap] },
      ...{ cursorTopic, lingerMs: 50 },
      routes: specs.map(({ name }) => ({ from: name, to: name })),
    },
  };
  const node = await launchNode({ folder, config, env: clock.env });
  const forwardOf = async (name: string) =>
    (await node.status()).forward.find((each) => each.topic === name);
  try {
    await load(node, 'ahead', 100);
    const blocked = await waitUntil('the alarm', 30_000, async () => {
      const found = await forwardOf(topic);
      return found?.state === 'blocked' ? found : undefined;
    });
    process.stdout.write(`clock ahead: ${blocked.lastError ?? ''}\n`);
    expect(blocked.lastError).toMatch(/INVALID_TIMESTAMP.*offsets \d+ to \d+ here.*after\.max\.ms/);
    expect((await node.status()).health).toBe('degraded');
    // The clock is right again: what comes now goes where nothing lies before it.
    clock.set(0);
    await waitUntil('the jump', 30_000, async () => (await node.status()).clock.jumps > 0);
    const fine = new LoadPublisher({
      ...{ port: node.ports.mqtt, name: 'fine', inFlight: 10, ackedMax: 100 },
      mqttTopicOf: () => 'fine/here',
    });
    await fine.finished();
    await waitUntil('the other topic', 30_000, async () => {
      const found = await forwardOf('fine');
      return found?.lag === 0 && found.state === 'idle';
    });
    expect((await forwardOf(topic))?.state).toBe('blocked');
    const admin = new Kafka({ brokers: [kafka.broker.bootstrap], logLevel: 0 }).admin();
    await admin.connect();
    const configEntries = [
      { name: 'message.timestamp.after.max.ms', value: '9223372036854775807' },
    ];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries }],
    });
    await admin.disconnect();
    await waitUntil('all of it', 125_000, async () => (await forwardOf(topic))?.lag === 0);
    const { bootstrap } = kafka.broker;
    expect(await readAllWithKcat({ bootstrap, topic, msMax: 20_000 })).toHaveLength(100);
  } finally {
    await node.kill();
    removeTempFolder(folder);
    await kafka.close();
  }
}, 300_000);
