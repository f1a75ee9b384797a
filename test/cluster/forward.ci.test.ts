import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requireOwnKafka } from '../integration/harness/require-kafka.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { requireTools } from '../support/require-tool.ts';
import { centralTopics, runChaos } from './chaos/chaos-run.ts';

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

test('three nodes forward each record once and in order while leaders are killed (X1, X2)', async (context) => {
  requireTools(context, 'kcat');
  const folder = makeTempFolder('forward-cluster');
  cleanUps.push(() => removeTempFolder(folder));
  const openCentral = async (host: string) => {
    const ofCentral = join(folder, 'central');
    mkdirSync(ofCentral);
    const broker = await requireOwnKafka(context, { folder: ofCentral, host });
    await broker.createTopics(centralTopics);
    return broker;
  };
  const result = await runChaos({
    ...{ folder, openCentral, roles: ['data', 'data', 'data'] },
    ...{ seconds: 30, seed: 11, ratePerSecond: 500, kinds: ['kill'] },
    without: ['qos2', 'mqttjs', 'kafkajs', 'kcat'],
    say: () => undefined,
    signal: new AbortController().signal,
  });
  const { verdict, atCentral, faultsDone } = result;
  process.stdout.write(`leaders killed: ${JSON.stringify(result)}\n`);
  expect(verdict.acked).toBeGreaterThan(1_000);
  expect(faultsDone.kill).toBeGreaterThan(3);
  // Of two gateways that took the same publish both forward it; each record of the log goes once.
  expect(atCentral).toBe(verdict.inLog);
  expect(verdict.faults).toEqual({});
}, 300_000);
