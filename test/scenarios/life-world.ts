import type { CrashMode } from '../fakes/fake-disk.ts';
import type { Fault } from './disk-world.ts';
import { reserveBytes } from './node-process-world.ts';
import { Died, StorageWorld } from './storage-world.ts';

const keys = ['plant/oven', 'plant/pump'] as const;
const reading = (number: number): string =>
  `reading ${number} ${'x'.repeat(30 + (number % 5) * 9)}`;

/** Calls from the start of the scenario's own second recovery to the crash inside it. */
const callsIntoRecovery = 40;

/** The fixed life: every step of it is the same in every run until the fault strikes. */
class Life {
  readonly #world: StorageWorld;
  #number = 0;

  constructor(world: StorageWorld) {
    this.#world = world;
  }

  async run(): Promise<void> {
    await this.#first();
    await this.#world.stop();
    await this.#world.start();
    await this.#second();
    await this.#world.crash('killed');
    await this.#crashInsideRecovery();
    await this.#world.start();
    await this.#third();
  }

  /**
   * Readings, a produce that is sent twice, a QoS 2 handshake, rolls, the first marks of the
   * forwarder.
   */
  async #first(): Promise<void> {
    const world = this.#world;
    await world.start();
    await world.untilIdle();
    await world.extra.create();
    this.#publish(3);
    world.mqtt.publishOnce(7, keys[0], this.#reading());
    await world.untilIdle();
    world.producer.produce([this.#reading(), this.#reading()]);
    await world.untilIdle();
    world.producer.retry();
    await this.#burst(3);
    await world.extra.append(4);
    await world.forward();
    await this.#burst(3);
    await world.extra.truncate(2);
    await world.extra.append(2);
  }

  /** The identifier again, for another reading; more rolls; the retention delete. */
  async #second(): Promise<void> {
    const world = this.#world;
    world.mqtt.tick();
    world.producer.tick();
    world.producer.retry();
    world.mqtt.publishOnce(7, keys[1], this.#reading());
    await world.untilIdle();
    await this.#burst(6);
    await world.forward();
    world.later(1_000);
    await this.#burst(2);
    await world.forward();
    world.later(1_000);
    await world.untilIdle();
    // Under way when the process is killed: written, partly synced, not acknowledged.
    this.#publish(3);
    world.mqtt.publishOnce(8, keys[0], this.#reading());
    world.producer.produce([this.#reading()]);
    await world.turn(6);
    this.#publish(2);
    await world.turn(3);
  }

  async #crashInsideRecovery(): Promise<void> {
    const world = this.#world;
    const { disk } = world;
    const at = disk.callCount + callsIntoRecovery;
    disk.crashAt(at);
    try {
      await world.start();
    } catch (error) {
      if (!(error instanceof Died) || disk.callCount !== at) throw error;
      return world.crash('lost');
    }
    throw new Error('recovery is longer than that');
  }

  /** What the crash left open is finished. */
  async #third(): Promise<void> {
    const world = this.#world;
    world.mqtt.tick();
    world.producer.tick();
    await world.untilIdle();
    world.producer.retry();
    await this.#burst(2);
  }

  /** Publishes that arrive while the disk is at work. */
  async #burst(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      this.#publish(2);
      if (index % 2 === 0) await this.#world.turn(index);
      else await this.#world.settle();
    }
    await this.#world.untilIdle();
  }

  #publish(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#world.mqtt.publish(keys[index % 2] as string, this.#reading());
    }
  }

  #reading(): string {
    return reading(this.#number++);
  }
}

export interface LivedLife {
  readonly world: StorageWorld;
  /** Undefined: nothing ended it. */
  readonly death: Died | undefined;
}

export interface LifeOptions {
  readonly seed: number;
  readonly fault?: Fault;
}

/**
 * The fixed life up to its end or to the death that its fault brings. Any other error is thrown.
 */
export async function live({ seed, fault }: LifeOptions): Promise<LivedLife> {
  const world = new StorageWorld(seed, fault);
  try {
    await new Life(world).run();
    return { world, death: undefined };
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return { world, death: error };
  } finally {
    world.disk.isFaultOver = true;
  }
}

/**
 * After a crash on a full disk that stays full: with the reserve to live on the node starts and
 * serves (L9). Room is made after it.
 */
async function startWhileFull(world: StorageWorld): Promise<void> {
  await world.crash('killed');
  const isReserved = (world.disk.files().get('reserve')?.length ?? 0) === reserveBytes;
  world.staysFull = world.disk.isFull && isReserved;
  if (world.staysFull) {
    await world.start();
    world.ledger.check(await world.readAll(), world.sensors.logStartOffset);
    await world.halt();
    world.counts.startsWhileFull++;
  }
  world.staysFull = false;
  world.disk.free();
}

/**
 * One life with one fault, and all that must hold after it. What fails names the Disk call.
 */
export async function trial(
  options: LifeOptions & { readonly fault: Fault },
  mode: CrashMode,
): Promise<LivedLife> {
  const { type, call } = options.fault;
  try {
    const lived = await live(options);
    if (type === 'fullThenCrash') await startWhileFull(lived.world);
    await checkAfter(lived.world, mode);
    return lived;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${type} at call ${call}, ${mode}: ${what}`, { cause: error });
  }
}

/**
 * After a death, or none: the machine goes down as `mode` says; the node starts without help and
 * serves all that was acknowledged and nothing else, again after a power cut; every client finishes
 * what it had begun, and goes on.
 */
export async function checkAfter(world: StorageWorld, mode: CrashMode): Promise<void> {
  const { ledger, disk, extra } = world;
  if (disk.wasSyncRetried) throw new Error('a failed fsync was tried again (L8)');
  await world.crash(mode);
  await world.start();
  ledger.check(await world.readAll(), world.sensors.logStartOffset);
  await extra.check();
  await world.crash('lost');
  await world.start();
  ledger.check(await world.readAll(), world.sensors.logStartOffset);
  await extra.check();
  world.mqtt.tick();
  world.producer.tick();
  await world.untilIdle();
  world.mqtt.publishOnce(7, keys[0], 'the identifier again');
  world.mqtt.publishOnce(8, keys[0], 'and the other');
  world.producer.produce(['and the producer']);
  world.mqtt.publish(keys[1], 'and at least once');
  await world.untilIdle();
  ledger.check(await world.readAll(), world.sensors.logStartOffset);
  if (ledger.unacknowledged.length > 0) throw new Error('the clients are idle');
}
