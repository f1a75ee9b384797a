/**
 * A fixed life of what replication asks of the disk: adoption by a cluster, voters, truncation, a
 * log that begins anew, the states of a witness. Whenever it ends: a start without help finds the
 * last answer that was given, or what was asked for after it; nothing half; and the same again at
 * the next start.
 */
import { expect } from 'vitest';
import { leaderEpoch, logGeneration, offset, uuid } from '../../src/base/brand.ts';
import { bytesEqual } from '../../src/base/bytes.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { Storage } from '../../src/log/storage.ts';
import { DiskError } from '../../src/ports/disk.ts';
import type { StoredVoter } from '../../src/ports/stored-voters.ts';
import type { WitnessState } from '../../src/ports/witness-state.ts';
import { zeroUuid } from '../../src/wire/kafka/protocol-reader.ts';
import { buildVotersBatch } from '../../src/wire/kafka/voters-record.ts';
import { FakeDisk, PowerCut } from '../fakes/fake-disk.ts';
import type { CrashMode, DiskCall } from '../fakes/fake-disk.ts';
import {
  emptySnapshot,
  makeBatch,
  otherTopicId,
  readAll,
  storageOptions,
  topicId,
} from '../unit/log/log-fixture.ts';

const clusterId = uuid('cccccccc-6a1b-4c7d-8e9f-102030405060');
const clusterTopicId = uuid('dddddddd-6a1b-4c7d-8e9f-102030405060');
const peer = uuid('aaaaaaaa-6a1b-4c7d-8e9f-102030405060');
const startOf = (startCounter: number) => ({ directoryId: peer, startCounter, startId: peer });

const votersOf = (...nodes: number[]): readonly StoredVoter[] =>
  nodes.map((nodeId) => ({ nodeId, directoryId: peer, role: 'data' }));

const votersBatch = (base: number, epoch: number, voters: readonly StoredVoter[]): Uint8Array =>
  buildVotersBatch(
    voters.map(({ nodeId, directoryId }) => ({ nodeId, directoryId, isWitness: false })),
    { baseOffset: base, leaderEpoch: epoch, timestamp: 1_000 },
  );

const witness = (end: number, epoch: number): WitnessState => ({
  logStartOffset: offset(0),
  endOffset: offset(end),
  epochStarts: [{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(end >> 1) }],
  voters: [{ from: offset(0), voters: votersOf(1, 2) }],
  epochBeforeStart: leaderEpoch(0),
});

/** Answers in their order; what may be found is the last one given, or one asked for after it. */
class Promised<T> {
  readonly #asked: T[] = [];
  #answered = -1;

  ask(value: T): void {
    this.#asked.push(value);
  }

  answer(): void {
    this.#answered = this.#asked.length - 1;
  }

  check(found: T | undefined): void {
    const allowed: (T | undefined)[] = this.#asked.slice(Math.max(0, this.#answered));
    if (this.#answered < 0) allowed.push(undefined);
    expect(allowed).toContainEqual(found);
  }
}

/** What a log may be at some time: its start, and what must be in it. */
interface LogShape {
  readonly start: number;
  readonly epochBefore: number;
  readonly startVoters: readonly StoredVoter[];
  /** Batches that must be there, if the log is at least this much. */
  readonly batches: ReadonlyMap<number, Uint8Array>;
  /** It may end above what it must hold: an append was on its way, or is cut. */
  readonly endMax: number;
}

/** What the outside was told. */
class Ledger {
  readonly cluster = new Promised<string>();
  readonly voters = new Promised<readonly StoredVoter[]>();
  readonly witness = new Promised<WitnessState>();
  readonly peerStart = new Promised<number>();
  /** One of these is what a start must find. */
  shapes: readonly LogShape[] = [];
}

/** One of several nodes. */
async function openClustered(disk: FakeDisk): Promise<Storage> {
  const opened = await Storage.open(disk, { ...storageOptions(), isClustered: true });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

async function retried<T>(storage: Storage, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const isFull = error instanceof DiskError && error.code === 'ENOSPC';
    if (!isFull || storage.verdict !== undefined) throw error;
    return run();
  }
}

/** Asks, does, and notes the answer. */
async function asked<T>(
  storage: Storage,
  promised: Promised<T>,
  value: T,
  run: () => Promise<unknown>,
): Promise<void> {
  promised.ask(value);
  await retried(storage, run);
  promised.answer();
}

class LogLife {
  readonly #storage: Storage;
  readonly #log: PartitionLog;
  readonly #ledger: Ledger;
  #batches = new Map<number, Uint8Array>();
  #start = 0;
  #epochBefore = 0;
  #voters: readonly StoredVoter[];

  constructor(storage: Storage, log: PartitionLog, ledger: Ledger, voters: readonly StoredVoter[]) {
    this.#storage = storage;
    this.#log = log;
    this.#ledger = ledger;
    this.#voters = voters;
    this.#ledger.shapes = [this.#shape()];
  }

  /** The first batch is a control batch: of voters if there are any. */
  async append(count: number, epoch: number, voters?: readonly StoredVoter[]): Promise<void> {
    const batches: Uint8Array[] = [];
    for (let base: number = this.#log.logEndOffset; batches.length < count; base++) {
      const isControl = batches.length === 0;
      const isVoters = isControl && voters !== undefined;
      batches.push(
        isVoters
          ? votersBatch(base, epoch, voters)
          : makeBatch({ base, epoch, fill: epoch, isControl }),
      );
    }
    const from: number = this.#log.logEndOffset;
    this.#ledger.shapes = [{ ...this.#shape(), endMax: from + count }];
    await retried(this.#storage, () => this.#log.append(batches));
    await this.#log.sync();
    batches.forEach((batch, index) => this.#batches.set(from + index, batch));
    this.#ledger.shapes = [this.#shape()];
  }

  roll(): Promise<void> {
    return retried(this.#storage, () => this.#log.roll(emptySnapshot));
  }

  async truncate(to: number): Promise<void> {
    const endMax = this.#log.logEndOffset;
    for (const base of [...this.#batches.keys()]) if (base >= to) this.#batches.delete(base);
    this.#ledger.shapes = [{ ...this.#shape(), endMax }];
    const generation = logGeneration(this.#log.generation + 1);
    await retried(this.#storage, () => this.#log.truncate(offset(to), generation));
    expect([this.#log.generation, this.#log.logEndOffset]).toEqual([generation, to]);
    this.#ledger.shapes = [this.#shape()];
  }

  async reset(at: number, epochBefore: number, voters: readonly StoredVoter[]): Promise<void> {
    const before = this.#shape();
    this.#batches = new Map();
    [this.#start, this.#epochBefore, this.#voters] = [at, epochBefore, voters];
    this.#ledger.shapes = [before, this.#shape()];
    const start = { at: offset(at), epochBefore: leaderEpoch(epochBefore), voters };
    const generation = logGeneration(this.#log.generation + 1);
    const recovered = await retried(this.#storage, () => this.#log.reset(start, generation));
    expect(recovered).toMatchObject({ generation, logStartOffset: at, logEndOffset: at });
    this.#ledger.shapes = [this.#shape()];
  }

  async advance(to: number, epochBefore: number, voters = this.#voters): Promise<void> {
    const before = this.#shape();
    [this.#start, this.#epochBefore, this.#voters] = [to, epochBefore, voters];
    this.#ledger.shapes = [before, this.#shape()];
    await retried(this.#storage, () => this.#log.advanceLogStart(offset(to)));
    this.#ledger.shapes = [this.#shape()];
  }

  #shape(): LogShape {
    return {
      start: this.#start,
      epochBefore: this.#epochBefore,
      startVoters: this.#voters,
      batches: new Map(this.#batches),
      endMax: Math.max(this.#start, ...[...this.#batches.keys()].map((base) => base + 1)),
    };
  }
}

/** All of the life. */
async function live(disk: FakeDisk, ledger: Ledger): Promise<void> {
  const storage = await openClustered(disk);
  const { journal } = storage;
  const cluster = { clusterId, clusterTopicId };
  await asked(storage, ledger.cluster, clusterId, () =>
    storage.adoptCluster(cluster, votersOf(1, 2, 3)),
  );
  const key = { topicId, partition: 0 };
  await asked(storage, ledger.voters, votersOf(1, 2), () =>
    journal.persistVoters(key, votersOf(1, 2)),
  );
  await asked(storage, ledger.peerStart, 4, () => journal.notePeerStart(startOf(4)));
  await asked(storage, ledger.peerStart, 5, () => journal.notePeerStart(startOf(5)));
  const opened = await retried(storage, () => storage.createLog('sensors', topicId, 0));
  const log = new LogLife(storage, opened, ledger, votersOf(1, 2));
  await log.append(3, 1);
  await log.roll();
  await log.append(3, 2);
  await log.truncate(4);
  await log.append(2, 3);
  await log.truncate(2);
  await log.append(2, 4);
  ledger.voters.ask(votersOf(2, 3));
  await log.reset(100, 7, votersOf(2, 3));
  ledger.voters.answer();
  await log.append(2, 8);
  await log.roll();
  await log.append(2, 9);
  await log.advance(102, 8);
  // A base offset that the log has a file of already.
  ledger.voters.ask(votersOf(3));
  await log.reset(102, 9, votersOf(3));
  ledger.voters.answer();
  await log.append(1, 10);
  await log.append(2, 11, votersOf(3, 4));
  await log.roll();
  await log.append(2, 12, votersOf(4));
  ledger.voters.ask(votersOf(3, 4));
  await log.advance(105, 11, votersOf(3, 4));
  ledger.voters.answer();
  await log.truncate(106);
  const place = { topicId: otherTopicId, partition: 2 };
  const states = [witness(10, 1), witness(12, 1), witness(14, 2), witness(11, 2), witness(9, 1)];
  for (const state of states) {
    await asked(storage, ledger.witness, state, () => journal.persistWitness(place, state));
  }
}

/** The life until the disk ends it; what else goes wrong is the product's fault. */
async function liveUntilDeath(disk: FakeDisk, ledger: Ledger): Promise<void> {
  try {
    await live(disk, ledger);
  } catch (error) {
    if (error instanceof PowerCut || error instanceof DiskError) return;
    throw error;
  }
}

async function check(disk: FakeDisk, ledger: Ledger): Promise<number | undefined> {
  const storage = await openClustered(disk);
  const { facts, meta } = storage;
  expect(storage.journal.isDamaged).toBe(false);
  ledger.cluster.check(meta.clusterId === zeroUuid ? undefined : meta.clusterId);
  expect(facts.clusterTopicId).toBe(meta.clusterId === zeroUuid ? undefined : clusterTopicId);
  ledger.voters.check(facts.startVoters.find((one) => one.topicId === topicId)?.voters);
  if (meta.clusterId !== zeroUuid) {
    const first = facts.startVoters.find((one) => one.topicId === clusterTopicId);
    expect(first?.voters).toEqual(votersOf(1, 2, 3));
  }
  ledger.peerStart.check(facts.peerStarts[0]?.startCounter);
  ledger.witness.check(facts.witnesses[0]?.state);
  const log = storage.logs[0];
  if (log === undefined) return undefined;
  if (ledger.shapes.length > 0) await checkLog(log, ledger.shapes);
  return log.logEndOffset;
}

async function checkLog(log: PartitionLog, shapes: readonly LogShape[]): Promise<void> {
  const { recovered } = log;
  const { logStartOffset, epochBeforeStart } = recovered;
  const shape = shapes.find(
    ({ start, epochBefore }) => start === logStartOffset && epochBefore === epochBeforeStart,
  );
  if (shape === undefined) throw new Error(`a log from ${logStartOffset}@${epochBeforeStart}`);
  expect(recovered.startVoters).toEqual(shape.startVoters);
  expect(log.logEndOffset).toBeLessThanOrEqual(shape.endMax);
  for (const { from, voters } of recovered.voterRecords) {
    expect([from, voters]).toEqual(from === 105 ? [105, votersOf(4)] : [103, votersOf(3, 4)]);
  }
  const { batches } = await readAll(log);
  for (const [base, bytes] of shape.batches) {
    if (base < shape.start) continue;
    const found = batches.get(base);
    if (found === undefined || !bytesEqual(found, bytes)) throw new Error(`lost ${base}`);
  }
}

/** Twice, with a power cut in between: what a start finds is durable (L7). */
async function checkTwice(disk: FakeDisk, ledger: Ledger): Promise<void> {
  const end = await check(disk, ledger);
  disk.reboot('lost');
  expect(await check(disk, ledger)).toBe(end);
}

/** The calls that the life makes of the disk. */
async function lifeTrace(): Promise<readonly DiskCall[]> {
  const disk = new FakeDisk(1);
  await live(disk, new Ledger());
  return disk.trace;
}

/** Every `stride`-th call is the last one. */
export async function dieAtCalls(mode: CrashMode, stride: number): Promise<void> {
  const trace = await lifeTrace();
  for (let call = 1 + modeShift(mode, stride); call <= trace.length; call += stride) {
    const disk = new FakeDisk(call);
    const ledger = new Ledger();
    disk.crashAt(call);
    await liveUntilDeath(disk, ledger);
    disk.reboot(mode);
    await naming(`call ${call} (${trace[call - 1]}) ${mode}`, () => checkTwice(disk, ledger));
  }
}

/** Every `stride`-th call fails once; then the power goes. */
export async function failAtCalls(code: 'EIO' | 'ENOSPC', stride: number): Promise<void> {
  const fitting = new Set<DiskCall>(['open', 'write', 'sync', 'syncDir', 'rename', 'makeDir']);
  const trace = await lifeTrace();
  for (let call = 1; call <= trace.length; call += stride) {
    if (code === 'ENOSPC' && !fitting.has(trace[call - 1] as DiskCall)) continue;
    const disk = new FakeDisk(call);
    const ledger = new Ledger();
    disk.failAt(call, code);
    await liveUntilDeath(disk, ledger);
    disk.reboot('lost');
    await naming(`call ${call} (${trace[call - 1]}) ${code}`, () => checkTwice(disk, ledger));
  }
}

/** The start after every `stride`-th call dies at each of its own calls. */
export async function dieInRecovery(first: number, stride: number): Promise<void> {
  const trace = await lifeTrace();
  for (let call = first; call <= trace.length; call += stride) {
    for (let second = 1; ; second++) {
      const disk = new FakeDisk(call);
      const ledger = new Ledger();
      disk.crashAt(call);
      await liveUntilDeath(disk, ledger);
      disk.reboot('some');
      disk.crashAt(disk.callCount + second);
      if (await recovers(disk)) break;
      disk.reboot(second % 2 === 0 ? 'lost' : 'some');
      await naming(`call ${call}, then ${second}`, () => checkTwice(disk, ledger));
    }
  }
}

async function recovers(disk: FakeDisk): Promise<boolean> {
  try {
    await openClustered(disk);
    return true;
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    return false;
  }
}

async function naming(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

const modeShift = (mode: CrashMode, stride: number): number => mode.length % stride;
