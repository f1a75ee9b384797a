import { access, constants, stat, statfs, truncate } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { Config } from '../src/config/config.ts';
import { limits } from '../src/base/limits.ts';
import { isWitness } from '../src/config/cluster-nodes.ts';
import { reserveName, reserveStepBytes } from '../src/log/reserve.ts';
import { describeOpenError, Storage } from '../src/log/storage.ts';
import { DiskError } from '../src/ports/disk.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { clockNode } from './clock-node.ts';
import { lockDataDirectory, type DataLock, type DataLockError } from './data-lock.ts';
import { NodeDisk } from './disk-node.ts';
import { exitCodes } from './cli/exit-codes.ts';
import type { StartError } from './running-node.ts';
import { randomNode } from './random-node.ts';
import { makeDirs } from './make-dirs.ts';
import { LevelStateView } from './state-level.ts';

/** A data directory that is locked, recovered and ours. */
export interface OpenedStorage {
  readonly dataDir: string;
  readonly lock: DataLock;
  readonly storage: Storage;
  readonly views: LevelStateView;
  /** What the logs may hold, as of now. */
  readonly roomBytes: number;
}

/**
 * Locks and opens the data directory: recovery runs in here (L6, L7). Nothing is written before the
 * lock is held.
 */
export async function openNodeStorage(
  config: Config,
  telemetry: Telemetry,
): Promise<Result<OpenedStorage, StartError>> {
  const dataDir = resolve(config.node.dataDir);
  const made = await makePrivateDir(dataDir);
  if (made !== undefined) return fail(made);
  const lock = await lockOnFullDisk(dataDir);
  if (!lock.ok) return fail(lockProblem(dataDir, lock.error));
  const opened = await openLocked(config, telemetry, { dataDir, lock: lock.value });
  if (!opened.ok) await lock.value.release();
  return opened;
}

async function openLocked(
  config: Config,
  telemetry: Telemetry,
  { dataDir, lock }: { readonly dataDir: string; readonly lock: DataLock },
): Promise<Result<OpenedStorage, StartError>> {
  try {
    const disk = new NodeDisk(dataDir);
    const { segmentBytes, indexIntervalBytes } = config.log;
    const storage = await Storage.open(disk, {
      nodeId: config.node.id,
      random: randomNode,
      clock: clockNode,
      isClustered: config.cluster !== undefined,
      isWitness: isWitness(config),
      telemetry,
      config: { segmentBytes, indexIntervalBytes, reserveBytes: reserveBytes(config) },
    });
    if (!storage.ok) return fail(problem(dataDir, describeOpenError(storage.error)));
    const views = new LevelStateView(join(dataDir, 'state'));
    const roomBytes = await room(config, storage.value);
    return ok({ dataDir, lock, storage: storage.value, views, roomBytes });
  } catch (error) {
    if (error instanceof DiskError) return fail(diskProblem(dataDir, error));
    throw error;
  }
}

/**
 * LevelDB writes files of its own when it is opened. Where they find no room the reserve is what it
 * was kept for (L9); of a directory that another process holds nothing is touched.
 */
async function lockOnFullDisk(dataDir: string): Promise<Result<DataLock, DataLockError>> {
  for (;;) {
    const lock = await lockDataDirectory(dataDir);
    if (lock.ok || lock.error !== 'unusable' || !(await giveUpReserve(dataDir))) return lock;
  }
}

/** A step of it, if it is the room that is missing. False: there is no more to give. */
async function giveUpReserve(dataDir: string): Promise<boolean> {
  const path = join(dataDir, reserveName);
  const [{ bavail, bsize }, held] = await Promise.all([
    statfs(dataDir),
    stat(path).catch(() => undefined),
  ]);
  if (bavail * bsize >= reserveStepBytes || held === undefined || held.size === 0) return false;
  await truncate(path, Math.max(0, held.size - reserveStepBytes));
  return true;
}

/** A witness writes little: votes, places and `__cluster` (V3). */
function reserveBytes(config: Config): number {
  const { reserveBytes: asked } = config.disk;
  return isWitness(config) ? Math.min(asked, limits.witnessReserveBytes) : asked;
}

async function room({ disk }: Config, storage: Storage): Promise<number> {
  if (disk.budgetBytes !== 'auto') return disk.budgetBytes;
  return storage.bytes + (await storage.space()).freeBytes;
}

/** 0700: a gateway's readings are nobody else's business. */
async function makePrivateDir(dataDir: string): Promise<StartError | undefined> {
  try {
    await makeDirs(dataDir, 0o700);
    // With the dot a file in its place is ENOTDIR, and not a right that is missing.
    await access(`${dataDir}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EIO') return diskProblem(dataDir, new DiskError(code, 'open', '.'));
    return {
      ...problem(dataDir, `this process cannot use the data directory (${code})`),
      hint: 'Give its user the right to write there, or name another directory in node.dataDir.',
    };
  }
}

function lockProblem(dataDir: string, reason: string): StartError {
  if (reason === 'held') {
    return {
      ...problem(dataDir, 'another process holds the data directory'),
      hint: 'Stop that node first, or give this one a directory of its own in node.dataDir.',
    };
  }
  return problem(dataDir, `the data directory cannot be locked (${reason})`);
}

function diskProblem(dataDir: string, error: DiskError): StartError {
  // Whatever code an fsync fails with, what it was to make durable is in doubt (L8).
  const isSync = error.operation.startsWith('sync');
  const isCondemned = isSync || error.code === 'EIO' || error.code === 'EROFS';
  return {
    exitCode: isCondemned ? exitCodes.diskCondemned : exitCodes.problem,
    text: `node.dataDir ${dataDir}: ${error.message}.`,
  };
}

const problem = (dataDir: string, text: string): StartError => ({
  exitCode: exitCodes.problem,
  text: `node.dataDir ${dataDir}: ${text}.`,
});
