import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readAllWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { Prng } from '../../src/base/prng.ts';
import { requireTools } from '../support/require-tool.ts';
import { accountOf, faultless } from './harness/log-account.ts';
import { PowerCut } from './harness/power-cut.ts';
import type { UnsyncedBytes } from './harness/power-cut.ts';
import { Qos2Publisher } from './harness/qos2-publisher.ts';
import type { Qos2Debt } from './harness/qos2-publisher.ts';
import { makeTempFolder, removeTempFolder } from './harness/temp-folder.ts';

const seed = Number(process.env['SHORELOG_TEST_SEED'] ?? Date.now() % 1_000_000);
const random = new Prng(seed);
const folder = makeTempFolder('qos2-kill');
const clientsOfAKill = 6;

let node: NodeProcess;
let power: PowerCut;
/** Readings whose hand-over was finished: each has to be in the log once. */
const readings = new Set<string>();
let kills = 0;

beforeAll(async () => {
  power = new PowerCut(join(folder, 'data'), join(folder, 'synced.txt'));
  node = await prepareNode({
    folder,
    env: power.env,
    config: {
      log: { segmentBytes: 16_384 },
      disk: { reserveBytes: 1_048_576 },
      topics: [{ name: 'sensors', partitions: 2 }],
    },
  });
  await node.start();
});
afterAll(async () => {
  if (node.isRunning) await node.kill();
  removeTempFolder(folder);
});

const publishers = async (name: string): Promise<Qos2Publisher[]> => {
  const { mqtt: port } = node.ports;
  const made = Array.from(
    { length: clientsOfAKill },
    (_, index) => new Qos2Publisher({ port, clientId: `${name}${index}` }),
  );
  await Promise.all(made.map((publisher) => publisher.connect()));
  return made;
};

const crash = async (unsynced: UnsyncedBytes): Promise<void> => {
  kills += 1;
  await node.kill();
  power.cut(unsynced, () => random.next());
  await node.start();
};

/** Who has a PUBREC and sent no PUBREL has an identifier that is open. */
const holdsOpen = (publisher: Qos2Publisher): boolean =>
  publisher.debt === 'release' && !publisher.mayBeReleased;

/** As the standard has it; then the identifier serves a new reading. */
const goOn = async (publisher: Qos2Publisher, isOpen = holdsOpen(publisher)): Promise<void> => {
  const isPresent = await publisher.connect();
  if (isOpen) expect(isPresent).toBe(true);
  await publisher.resume();
  await publisher.handOver();
};

const goOnAll = async (all: readonly Qos2Publisher[], isOpen?: boolean): Promise<void> => {
  await Promise.all(all.map((publisher) => goOn(publisher, isOpen)));
  for (const publisher of all) {
    for (const reading of publisher.readings) readings.add(reading);
    publisher.destroy();
  }
};

interface Crash {
  readonly name: string;
  readonly walk: (publisher: Qos2Publisher) => Promise<void>;
  /** The identifier is open: CONNACK has to say session present. */
  readonly isOpen?: boolean;
  /** What the client believes to owe, where that is not what it saw: an answer may be lost. */
  readonly believes?: Qos2Debt;
}

const crashes: readonly Crash[] = [
  { name: 'PUBLISH is sent', walk: (publisher) => publisher.begin() },
  {
    name: 'PUBREC has come',
    isOpen: true,
    walk: async (publisher) => {
      await publisher.begin();
      await publisher.takeRec();
    },
  },
  {
    name: 'PUBREC is lost',
    isOpen: true,
    believes: 'publish',
    walk: async (publisher) => {
      await publisher.begin();
      await publisher.takeRec();
    },
  },
  {
    name: 'PUBREL is sent',
    walk: async (publisher) => {
      await publisher.begin();
      await publisher.takeRec();
      await publisher.release();
    },
  },
  { name: 'PUBCOMP is lost', believes: 'release', walk: (publisher) => publisher.handOver() },
  { name: 'PUBCOMP has come', walk: (publisher) => publisher.handOver() },
];

const cuts: readonly UnsyncedBytes[] = ['all', 'none'];

test.each(crashes.flatMap((at) => cuts.map((unsynced) => ({ ...at, unsynced }))))(
  'SIGKILL when $name, $unsynced of the unsynced bytes kept',
  async ({ name, walk, isOpen, believes, unsynced }) => {
    const all = await publishers(`${name}/${unsynced}/`.replaceAll(' ', '.'));
    await Promise.all(all.map(walk));
    if (believes !== undefined) for (const publisher of all) publisher.debt = believes;
    await crash(unsynced);
    await goOnAll(all, isOpen);
  },
);

test('SIGKILL while stores and removals are in flight, at least 5 times', async () => {
  const debts: Record<Qos2Debt, number> = { publish: 0, release: 0, nothing: 0 };
  const all = await publishers('flight');
  // What a machine with other work takes for it is not known before.
  const startMs = performance.now();
  await Promise.all(all.map((publisher) => publisher.handOver()));
  const handOverMs = Math.ceil(performance.now() - startMs);
  const isMissed = (): boolean => Math.min(debts.publish, debts.release) === 0;
  for (let kill = 0; kill < 5 || (isMissed() && kill < 15); kill += 1) {
    const walks = all.map(async (publisher) => {
      await delay(random.below(10));
      await publisher.handOver().catch(() => {});
    });
    await delay(random.below(10 + handOverMs));
    await crash((['all', 'some', 'none'] as const)[kill % 3] ?? 'all');
    await Promise.all(walks);
    for (const publisher of all) debts[publisher.debt] += 1;
    await Promise.all(all.map((publisher) => goOn(publisher)));
  }
  await goOnAll(all);
  console.log(`qos2-kill: seed ${seed}, owed at a kill: ${JSON.stringify(debts)}`);
  expect(Math.min(debts.publish, debts.release)).toBeGreaterThan(0);
});

test('each reading is in the log once, in order', async (context) => {
  requireTools(context, 'kcat');
  const log = await readAllWithKcat({
    ...{ bootstrap: node.bootstrap, topic: 'sensors', msMax: 30_000 },
  });
  const account = accountOf(log, readings, new Set());
  console.log(
    `qos2-kill: seed ${seed}, ${kills} kills, ${readings.size} readings, ${account.records} in the ` +
      `log, ${account.lost.length} lost, ${account.duplicates.length} twice, ` +
      `${power.bytesCut} unsynced bytes cut`,
  );
  expect(account).toMatchObject(faultless);
  expect(account.records).toBe(readings.size);
  expect(readings.size).toBeGreaterThanOrEqual(2 * clientsOfAKill * crashes.length);
});
