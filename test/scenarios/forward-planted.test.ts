import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { ForwardWorld } from '../fakes/forward-world.ts';

/**
 * The suite must notice what the rules forbid: a mistake is planted in a copy of the sources, the
 * same world runs it, and central's reader must see the damage. Without the mistake the same runs
 * are clean.
 */
type World = typeof ForwardWorld;

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders: string[] = [];

interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The project files speak of folders that are not copied. */
const isSource = (path: string): boolean => !path.endsWith('tsconfig.json');

/** The world over a copy of the sources with one text replaced. */
async function worldWith(patch: Patch | undefined): Promise<World> {
  mkdirSync(join(root, 'dist-test'), { recursive: true });
  const folder = mkdtempSync(join(root, 'dist-test', 'planted-'));
  folders.push(folder);
  for (const part of ['src', 'cloud-sync', 'test/fakes']) {
    cpSync(join(root, part), join(folder, part), { recursive: true, filter: isSource });
  }
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
  if (patch !== undefined) {
    const file = join(folder, patch.file);
    const text = readFileSync(file, 'utf8');
    expect(text.split(patch.from)).toHaveLength(2);
    writeFileSync(file, text.replace(patch.from, patch.to));
  }
  const url = pathToFileURL(join(folder, 'test/fakes/forward-world.ts')).href;
  const module = (await import(url)) as { readonly ForwardWorld: World };
  return module.ForwardWorld;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Whether central's reader has each record once and in order. */
const isClean = (world: ForwardWorld): boolean =>
  [...world.written].every(([partition, list]) => {
    const arrived = world.arrived(partition);
    return arrived.length === list.length && arrived.every((value, at) => value === list[at]);
  });

/**
 * One EndTxn is slow: it reaches the coordinator when the next transaction has half of its data.
 */
function runSlowEndTxn(ForwardWorldClass: World): ForwardWorld {
  const world = new ForwardWorldClass(21);
  world.createTopics(1, 1);
  const handled = (name: string): number => world.central.calls.get(name) ?? 0;
  let ends = 0;
  world.fault = (name) => {
    if (name !== 'EndTxn' || ++ends !== 3) return 'none';
    const endsBefore = handled('EndTxn');
    let producesBefore: number | undefined;
    // First another EndTxn is carried out, then a Produce of the transaction behind it: now.
    const heldUntil = (): boolean => {
      if (handled('EndTxn') > endsBefore) producesBefore ??= handled('Produce');
      return producesBefore !== undefined && handled('Produce') > producesBefore;
    };
    return { heldUntil };
  };
  world.start('only');
  for (let round = 0; round < 20; round++) {
    world.write(0, 6, 9_000);
    world.run(2_500);
  }
  world.run(120_000, () => world.isComplete);
  world.run(10_000);
  return world;
}

/** The data directory was replaced by another one of the same name. */
function runForeignLog(ForwardWorldClass: World): ForwardWorld {
  const world = new ForwardWorldClass(22);
  world.createTopics(1, 1);
  const first = world.start('first');
  world.write(0, 5);
  world.run(3_000);
  world.kill(first);
  const log = world.edge.log('sensors', 0);
  const kept = log.batches.splice(0);
  log.leaderEpoch++;
  for (const { bytes } of kept) log.append(bytes);
  world.start('second');
  world.run(20_000);
  return world;
}

const resend: Patch = {
  file: 'src/core/forward/exactly-once.ts',
  from: `    if (!answer.ok) return noAnswer(answer.error, 'central, EndTxn');`,
  to: `    if (!answer.ok) {
      yield* wait(this.#context.sleep(1_000));
      return yield* this.#end({ identity } as Producer, committed);
    }`,
};

const atZero: Patch = {
  file: 'src/core/forward/cursor-check.ts',
  from: "  const found = facts.edgeBatch === 'none' ?",
  to: `  if (edge.leaderEpoch > 0) return { type: 'resume', from: edge.logStartOffset };
  const found = facts.edgeBatch === 'none' ?`,
};

const unread: Patch = {
  file: 'src/core/forward/cursor-scan.ts',
  from: `      if (header.isTransactional) this.#undecided.set(header.producerId, candidate);
      else this.#keepNewer(candidate);`,
  to: '      this.#keepNewer(candidate);',
};

test('without a mistake the same runs are clean', async () => {
  const World = await worldWith(undefined);
  expect(isClean(runSlowEndTxn(World))).toBe(true);
  expect(isClean(runForeignLog(World))).toBe(true);
  expect(isClean(runLostEnds(World))).toBe(true);
});

test('X3: an EndTxn that is re-sent is noticed', async () => {
  expect(isClean(runSlowEndTxn(await worldWith(resend)))).toBe(false);
});

test('X1: starting again at 0 on a foreign cursor is noticed', async () => {
  expect(isClean(runForeignLog(await worldWith(atZero)))).toBe(false);
});

/** EndTxn never arrives: what it would have committed is aborted, its cursor too. */
function runLostEnds(ForwardWorldClass: World): ForwardWorld {
  const world = new ForwardWorldClass(23);
  world.createTopics(1, 1);
  world.fault = (name) => (name === 'EndTxn' && world.prng.chance(0.3) ? 'lose' : 'none');
  world.start('only');
  for (let round = 0; round < 20; round++) {
    world.write(0, 2);
    world.run(1_500);
  }
  world.run(200_000, () => world.isComplete);
  return world;
}

test('X2: taking an aborted cursor for a committed one is noticed', async () => {
  expect(isClean(runLostEnds(await worldWith(unread)))).toBe(false);
});
