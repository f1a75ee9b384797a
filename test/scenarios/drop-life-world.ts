import type { CrashMode } from '../fakes/fake-disk.ts';
import type { Outcome } from './central-world.ts';
import type { LifeOptions, LivedLife } from './life-world.ts';
import { segmentBytesMax } from './node-process-world.ts';
import { Died, StorageWorld } from './storage-world.ts';

const keys = ['plant/oven', 'plant/pump'] as const;

/** All logs together: a few segments of the sensors beside the internal topics. */
export const droppingAtBytes = 4 * segmentBytesMax;

/** Disk calls of a drop and a few after it: count, commit, log start, unlink. */
export const callsOfDrop = 24;

/**
 * The fixed life of a node whose disk is too small and that drops the oldest, with a forwarder that
 * falls behind, hears of some of its transactions nothing, and finds gaps.
 */
class DropLife {
  readonly #world: StorageWorld;
  #number = 0;

  constructor(world: StorageWorld) {
    this.#world = world;
  }

  async run(): Promise<void> {
    const world = this.#world;
    await world.start();
    await world.untilIdle();
    await world.central.takeOver();
    world.mqtt.publishOnce(7, keys[0], this.#reading());
    world.producer.produce([this.#reading(), this.#reading()]);
    await world.untilIdle();
    await this.#forwarded(2, 'committed');
    await this.#forwarded(1, 'unheardCommit');
    await this.#publishUntilDropped();
    await world.central.takeOver();
    await this.#forwarded(1, 'unheardAbort');
    await this.#publishUntilDropped();
    await world.crash('killed');
    await world.start();
    await this.#comeBack();
  }

  /** A transaction, or a short pause of forwarding where the node is dropping just there. */
  async #forwarded(batches: number, outcome: Outcome): Promise<void> {
    await this.#world.central.forward(batches, outcome);
  }

  async #comeBack(): Promise<void> {
    const world = this.#world;
    world.mqtt.tick();
    world.producer.tick();
    await world.untilIdle();
    await world.central.takeOver();
  }

  async #publishUntilDropped(): Promise<void> {
    const world = this.#world;
    await world.settle();
    const before = world.process.core.view.droppedRecords;
    for (let burst = 0; world.process.core.view.droppedRecords <= before; burst++) {
      if (burst > 40) throw new Error('nothing is ever dropped');
      for (let index = 0; index < 5; index++) {
        world.mqtt.publish(keys[index % 2] as string, this.#reading());
      }
      await world.untilIdle();
      world.process.executor.measureDisk();
      await world.settle();
    }
  }

  #reading(): string {
    const number = this.#number++;
    return `reading ${number} ${'x'.repeat(160 + (number % 5) * 9)}`;
  }
}

/** That life up to its end or to the death that its fault brings. */
export async function liveDropping({ seed, fault }: LifeOptions): Promise<LivedLife> {
  const world = new StorageWorld(seed, fault, droppingAtBytes);
  try {
    await new DropLife(world).run();
    return { world, death: undefined };
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return { world, death: error };
  } finally {
    world.disk.isFaultOver = true;
  }
}

/** One life with one fault, and all that must hold after it. What fails names the Disk call. */
export async function dropTrial(
  options: LifeOptions & { readonly fault: NonNullable<LifeOptions['fault']> },
  mode: CrashMode,
): Promise<LivedLife> {
  const { type, call } = options.fault;
  try {
    const lived = await liveDropping(options);
    await checkDropped(lived.world, mode);
    return lived;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${type} at call ${call}, ${mode}: ${what}`, { cause: error });
  }
}

/**
 * After a death, or none: the machine goes down as `mode` says, the node starts, the clients
 * finish, a forwarder takes over and brings all there is to central. What is not there is told.
 */
export async function checkDropped(world: StorageWorld, mode: CrashMode): Promise<void> {
  if (world.disk.wasSyncRetried) throw new Error('a failed fsync was tried again (L8)');
  world.disk.free();
  await world.crash(mode);
  await world.start();
  await world.settle();
  await world.central.takeOver();
  world.mqtt.tick();
  world.producer.tick();
  await world.untilIdle();
  await world.central.forwardAll();
  const { droppedRecords } = world.process.core.view;
  const mayTear = mode === 'torn' || mode === 'some';
  const mayOverstate = mayTear || world.disk.fault?.type === 'EIO';
  world.central.check(droppedRecords, { mayTear, mayOverstate });
  if (world.ledger.unacknowledged.length > 0) throw new Error('the clients are idle');
}
