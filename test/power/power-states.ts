import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareNode } from '../../edge/cli/demo/node-launcher.ts';
import type { Prng } from '../../src/base/prng.ts';
import { BlockImage } from './block-image.ts';
import { chooseBlockState, flushEnds } from './block-state.ts';
import type { BlockState } from './block-state.ts';
import { ext4Kinds, LoopFileSystem } from './loop-file-system.ts';
import { checkAfterCut } from './power-check.ts';
import { recordPower } from './power-recording.ts';
import type { Recording, RecordingStart } from './power-recording.ts';
import { addVerdict } from './power-tally.ts';
import type { PowerTally } from './power-tally.ts';
import { runTool } from './run-tool.ts';

export interface PowerStatesOptions {
  readonly folder: string;
  readonly states: number;
  readonly recordings: number;
  readonly loadMs: number;
  /** States that are checked at the same time. */
  readonly workers: number;
  readonly random: Prng;
  readonly say: (text: string) => void;
}

/**
 * Recipe B: records lives of the program on a device, and starts it on random states that a power
 * cut may have left of them. Every second recording begins on such a state of the one before, so
 * that its states are cuts within the recovery from a cut.
 */
export const runPowerStates = async (
  options: PowerStatesOptions,
  tally: PowerTally,
): Promise<void> => {
  const { recordings, random, loadMs, say } = options;
  let next: RecordingStart | undefined;
  for (let index = 0; index < recordings; index += 1) {
    const folder = join(options.folder, `recording${index}`);
    mkdirSync(folder);
    const from = next ?? ext4Kinds[(index >> 1) % ext4Kinds.length] ?? random.pick(ext4Kinds);
    const recording = await recordPower({ name: `r${index}`, folder, from, random, loadMs });
    tally.acked += recording.acked;
    const flushes = flushEnds(recording.entries, 0, recording.entries.length).length;
    say(
      `recording ${index} (${recording.kind.data}, ${recording.kind.blockBytes}): ` +
        `${recording.entries.length} entries, ${flushes} flushes, ${recording.acked} acknowledged, ` +
        `log starts ${[...recording.logStarts].map((pair) => pair.join(' ')).join(', ')}`,
    );
    const share = shareOf(options.states, recordings, index);
    const checker = new StateChecker(options, recording, folder, tally);
    await checker.check(chooseStates(recording, share, random));
    next = index % 2 === 0 ? await startFrom(recording, options.folder, index, random) : undefined;
    recording.log.close();
    rmSync(folder, { recursive: true });
  }
};

const shareOf = (states: number, recordings: number, index: number): number =>
  Math.floor((states * (index + 1)) / recordings) - Math.floor((states * index) / recordings);

/**
 * Random states in the order of the log, each phase with the same weight: a start has few flushes,
 * and they matter most.
 */
const chooseStates = (recording: Recording, count: number, random: Prng): BlockState[] => {
  const { entries, phases } = recording;
  const places = phases
    .map(({ from }, index) => flushEnds(entries, from, phases[index + 1]?.from ?? entries.length))
    .filter((ends) => ends.length > 0);
  return Array.from({ length: count }, () =>
    chooseBlockState(entries, random.pick(random.pick(places)), random),
  ).sort((a, b) => a.durable - b.durable);
};

/** A state of one recording for another to begin with. */
const startFrom = async (
  recording: Recording,
  folder: string,
  index: number,
  random: Prng,
): Promise<RecordingStart> => {
  const [state] = chooseStates(recording, 1, random);
  if (state === undefined) throw new Error('no state');
  const path = join(folder, `start${index}`);
  const base = join(folder, `base${index}`);
  await makeState(recording, base, state, path);
  rmSync(base);
  return { image: path, kind: recording.kind, promised: recording.promisedBy(state.durable) };
};

const makeState = async (
  recording: Recording,
  base: string,
  state: BlockState,
  path: string,
): Promise<void> => {
  await runTool('cp', ['--sparse=always', recording.initialImage, base]);
  const image = new BlockImage(base, recording.log, recording.entries);
  try {
    await image.makeState(state, path);
  } finally {
    image.close();
  }
};

/** Starts a node on each of the states of one recording. */
class StateChecker {
  readonly #options: PowerStatesOptions;
  readonly #recording: Recording;
  readonly #folder: string;
  readonly #tally: PowerTally;

  constructor(
    options: PowerStatesOptions,
    recording: Recording,
    folder: string,
    tally: PowerTally,
  ) {
    this.#options = options;
    this.#recording = recording;
    this.#folder = folder;
    this.#tally = tally;
  }

  /**
   * The image only plays forward, so states are made one after the other and checked side by side.
   */
  async check(states: readonly BlockState[]): Promise<void> {
    const { initialImage, log, entries } = this.#recording;
    const base = join(this.#folder, 'base');
    await runTool('cp', ['--sparse=always', initialImage, base]);
    const image = new BlockImage(base, log, entries);
    const running = new Set<Promise<void>>();
    try {
      for (const [index, state] of states.entries()) {
        const path = join(this.#folder, `state${index}`);
        await image.makeState(state, path);
        const run: Promise<void> = this.#checkOne(state, path).finally(() => running.delete(run));
        running.add(run);
        if (running.size >= this.#options.workers) await Promise.race(running);
      }
    } finally {
      await Promise.allSettled(running);
      image.close();
    }
    await Promise.all(running);
  }

  async #checkOne(state: BlockState, path: string): Promise<void> {
    const tally = this.#tally;
    const where = `recording of ${this.#phaseOf(state)}, durable ${state.durable}, cut ${state.cut}`;
    const fileSystem = await this.#mount(path);
    tally.states += 1;
    if (fileSystem === undefined) {
      tally.unmountable += 1;
      rmSync(path);
      return;
    }
    const folder = `${path}.node`;
    const dataDir = join(fileSystem.folder, 'data');
    const node = await prepareNode({
      folder,
      config: { ...this.#recording.config, node: { dataDir } },
    });
    try {
      const verdict = await checkAfterCut(node, this.#recording.promisedBy(state.durable));
      addVerdict(tally, where, verdict);
      this.#options.say(
        `state ${tally.states} ${where}: ${verdict.required} required, ${verdict.records} read, ` +
          `start ${verdict.startMs.toFixed(0)} ms, ${verdict.faults.length} faults`,
      );
    } catch (error) {
      tally.faults.push(`${where}: ${String(error)}`);
    } finally {
      if (node.isRunning) await node.kill();
      await fileSystem.close();
      rmSync(path);
    }
  }

  /**
   * Undefined where ext4 itself gives up: torn sectors of its superblock are beyond its promise.
   */
  async #mount(path: string): Promise<LoopFileSystem | undefined> {
    try {
      return await LoopFileSystem.open(path, `${path}.mount`, this.#recording.kind);
    } catch {
      return undefined;
    }
  }

  #phaseOf(state: BlockState): string {
    return this.#recording.phases.findLast(({ from }) => from <= state.durable)?.name ?? 'nothing';
  }
}
