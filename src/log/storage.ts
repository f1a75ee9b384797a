import { assert } from '../base/assert.ts';
import { logId, offset } from '../base/brand.ts';
import type { Uuid } from '../base/brand.ts';
import { fail, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Clock } from '../ports/clock.ts';
import { DiskError } from '../ports/disk.ts';
import type { Disk, DiskSpace } from '../ports/disk.ts';
import type { StoredFacts } from '../ports/stored-facts.ts';
import type { StoredVoter } from '../ports/stored-voters.ts';
import type { Random } from '../ports/random.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Decompression } from '../wire/kafka/record-iterator.ts';
import { zeroUuid } from '../wire/kafka/protocol-reader.ts';
import { CondemnableDisk } from './condemnable-disk.ts';
import { holdsIdentity, openDataDirectory, renewed, writeMeta } from './data-directory.ts';
import type { DataDirectoryError, DataDirectoryMeta } from './data-directory.ts';
import { readFolderIdentity, writeFolderIdentity } from './folder-identity.ts';
import { isDiskError, toleratingNoSpace, unlinkIfThere } from './files.ts';
import { Journal } from './journal.ts';
import type { LogContext } from './log-context.ts';
import { PartitionLog } from './partition-log.ts';
import { createSegment } from './recovery.ts';
import { Reserve } from './reserve.ts';
import { storedEntries } from './stored-entries.ts';
import type { AdoptedCluster } from './stored-entries.ts';
import { setFolderAside } from './set-aside.ts';

const logsDir = 'logs';
/** Folders are made here whole and then moved to `logs/` in one step. */
const creatingDir = 'creating';

export interface StorageConfig {
  readonly segmentBytes: number;
  readonly indexIntervalBytes: number;
  readonly reserveBytes: number;
}

export interface StorageOptions {
  readonly nodeId: number;
  readonly random: Random;
  readonly clock: Clock;
  readonly config: StorageConfig;
  /** One of several nodes: an empty directory waits for the birth of its cluster (V2). */
  readonly isClustered?: boolean;
  /** It keeps no records (V3). */
  readonly isWitness?: boolean;
  /**
   * Opens compressed batches for lookups by time; without it they answer with the batch's base
   * offset.
   */
  readonly decompression?: Decompression;
  /** Is told what was found damaged after the start, and what was healed. */
  readonly telemetry?: Telemetry;
}

/** A folder that was found and is not used: not deleted either (V6). */
export interface FolderSetAside {
  readonly folder: string;
  readonly path: string;
  readonly reason: string;
}

/** It belongs to another cluster, or to one with another `__cluster`. */
export interface AdoptionError {
  readonly code: 'OTHER_CLUSTER';
  readonly found: Uuid;
  readonly wanted: Uuid;
}

/** What a person must decide before a data directory can be opened. */
export type OpenError = DataDirectoryError;

/** One sentence for people. */
export function describeOpenError(error: OpenError): string {
  switch (error.code) {
    case 'NEWER_FORMAT':
      return `the data directory has format ${error.found}, this version reads up to format ${error.supported}; nothing was changed`;
    case 'NO_IDENTITY':
      return `the data directory holds ${error.found.join(', ')} but no intact meta.json; it is neither empty nor known to be ours`;
    case 'OTHER_NODE':
      return `the data directory belongs to node ${error.found}, not to node ${error.wanted}`;
    case 'OTHER_ROLE': {
      const [was, is] = error.isWitness
        ? ['a witness', 'a data node']
        : ['a data node', 'a witness'];
      return (
        `the data directory is that of ${was}, and cluster.peers makes this node ${is}; nothing was ` +
        'changed: set its role back, for the other role a node needs a new number and an empty directory'
      );
    }
  }
}

/** The data directory of one node: identity, journal, reserve and all logs. */
export class Storage {
  readonly journal: Journal;
  readonly reserve: Reserve;
  readonly config: StorageConfig;
  readonly #disk: CondemnableDisk;
  readonly #options: StorageOptions;
  #meta: DataDirectoryMeta;
  readonly #logs: PartitionLog[] = [];
  readonly #setAside: FolderSetAside[] = [];
  #nextLogId = 0;

  private constructor(
    disk: CondemnableDisk,
    options: StorageOptions,
    meta: DataDirectoryMeta,
    parts: { readonly journal: Journal; readonly reserve: Reserve },
  ) {
    this.#disk = disk;
    this.#options = options;
    this.config = options.config;
    this.#meta = meta;
    this.journal = parts.journal;
    this.reserve = parts.reserve;
  }

  /**
   * Opens or founds a data directory and recovers every log in it; everything that is there
   * afterwards is durable. The lock of the directory is the caller's. On a full disk the reserve
   * is given up, step by step, and tried again (L9). Rejects with DiskError; what a person must
   * decide is a typed error.
   */
  static async open(disk: Disk, options: StorageOptions): Promise<Result<Storage, OpenError>> {
    const condemnable = new CondemnableDisk(disk);
    for (;;) {
      try {
        return await Storage.#open(condemnable, options);
      } catch (error) {
        if (!isDiskError(error, 'ENOSPC') || condemnable.verdict !== undefined) throw error;
        const reserve = await Reserve.open(condemnable, options.config.reserveBytes);
        if (!(await reserve.release())) throw error;
      }
    }
  }

  static async #open(
    disk: CondemnableDisk,
    options: StorageOptions,
  ): Promise<Result<Storage, OpenError>> {
    const { nodeId, random } = options;
    const opened = await openDataDirectory(disk, nodeId, random, options);
    if (!opened.ok) return fail(opened.error);
    const isFirst = (await disk.stat(logsDir)) === undefined;
    const journal = await Journal.open(disk, options.clock, isFirst);
    const reserve = await Reserve.open(disk, options.config.reserveBytes);
    journal.onFull(() => reserve.release());
    const meta = await keptIdentity(disk, journal, opened.value.meta, options);
    const storage = new Storage(disk, options, meta, { journal, reserve });
    await storage.#openLogs();
    return ok(storage);
  }

  /** Who lives here. */
  get meta(): DataDirectoryMeta {
    return this.#meta;
  }

  /** What else is stored here; the core is told at start. */
  get facts(): StoredFacts {
    const { journal } = this;
    const { cluster, ...stored } = storedEntries(journal.entries());
    const isAdopted = cluster?.clusterId === this.#meta.clusterId;
    return {
      clusterTopicId: isAdopted ? cluster?.clusterTopicId : undefined,
      formerDirectoryIds: this.#meta.formerDirectoryIds ?? [],
      startVoters: journal.allStartVoters(),
      witnesses: journal.witnesses(),
      ...stored,
    };
  }

  /**
   * Makes this directory one of a cluster, durably: first voters of `__cluster` in the journal,
   * then the identity. After a crash in between it is as unborn as before, and is asked again. A
   * directory with a UUID never takes another (V2). Rejects with DiskError.
   */
  async adoptCluster(
    cluster: AdoptedCluster,
    voters: readonly StoredVoter[],
  ): Promise<Result<undefined, AdoptionError>> {
    const { clusterId } = this.#meta;
    if (clusterId !== zeroUuid && clusterId !== cluster.clusterId) {
      return fail({ code: 'OTHER_CLUSTER', found: clusterId, wanted: cluster.clusterId });
    }
    assert(cluster.clusterId !== zeroUuid, 'a cluster that is born has a UUID');
    const known = this.facts.clusterTopicId;
    if (clusterId !== zeroUuid && known !== cluster.clusterTopicId) {
      return fail({ code: 'OTHER_CLUSTER', found: clusterId, wanted: cluster.clusterId });
    }
    const meta = { ...this.#meta, clusterId: cluster.clusterId };
    await this.journal.persistCluster(cluster, voters);
    await writeMeta(this.#disk, meta);
    this.#meta = meta;
    return ok(undefined);
  }

  get logs(): readonly PartitionLog[] {
    return this.#logs;
  }

  /** Bytes of all logs. */
  get bytes(): number {
    return this.#logs.reduce((sum, log) => sum + log.bytes, 0);
  }

  /**
   * What the file system has. ENOENT: the directory was deleted, or something was mounted over it.
   * The open files would go on taking bytes that no start will find (L9).
   */
  async space(): Promise<DiskSpace> {
    if (!(await holdsIdentity(this.#disk))) throw new DiskError('ENOENT', 'look into', '.');
    return this.#disk.space();
  }

  /** Folders that this start moved out of `logs/`. */
  get foldersSetAside(): readonly FolderSetAside[] {
    return this.#setAside;
  }

  /** Why the data directory may not be used any more (L8). */
  get verdict(): DiskError | undefined {
    return this.#disk.verdict;
  }

  /**
   * Makes an empty log, durably, or gives the one that is there. A folder of another topic id is
   * set aside (V6).
   */
  async createLog(topic: string, topicId: Uuid, partition: number): Promise<PartitionLog> {
    const there = this.#logs.find((log) => log.topic === topic && log.partition === partition);
    if (there?.topicId === topicId) return there;
    if (there !== undefined) await this.setLogAside(there, 'other topic id');
    const dir = `${logsDir}/${topic}-${partition}`;
    if ((await this.#disk.stat(dir)) !== undefined)
      await this.#setFolderAside(dir, 'other topic id');
    await this.#createFolder(dir, topicId);
    return this.#openLog(dir, topic, topicId, partition);
  }

  /** Closes a log and moves its folder aside, so that a topic of the same name can be made anew. */
  async setLogAside(log: PartitionLog, reason: string): Promise<void> {
    await log.close({ clean: false });
    this.#logs.splice(this.#logs.indexOf(log), 1);
    await this.#setFolderAside(`${logsDir}/${log.topic}-${log.partition}`, reason);
  }

  /** Closes the journal; the logs are closed before, each with its snapshot. */
  async close(): Promise<void> {
    // Marks may lag: on a full disk recovery finds what they do not say (L2).
    if (this.verdict === undefined) await toleratingNoSpace(() => this.journal.writeMarks());
    await this.journal.close();
  }

  async #openLogs(): Promise<void> {
    const disk = this.#disk;
    await disk.makeDir(logsDir);
    // Names that a killed process left may not be durable; whoever appends below them must be able
    // to rely on them.
    await disk.syncDir('');
    await disk.syncDir(logsDir);
    await this.#clearCreating();
    for (const name of await disk.list(logsDir)) {
      const found = await this.#identify(name);
      if (typeof found === 'string') await this.#setFolderAside(`${logsDir}/${name}`, found);
      else await this.#openLog(`${logsDir}/${name}`, found.topic, found.topicId, found.partition);
    }
  }

  /** Whose folder it is, or why nobody can say. */
  async #identify(
    name: string,
  ): Promise<
    { readonly topic: string; readonly topicId: Uuid; readonly partition: number } | string
  > {
    const match = /^(.+)-(\d+)$/.exec(name);
    if (match === null) return 'not the folder of a partition';
    const { telemetry } = this.#options;
    const topicId = await readFolderIdentity(this.#disk, `${logsDir}/${name}`, telemetry);
    if (topicId === undefined) return 'no intact partition.metadata';
    return { topic: match[1] as string, topicId, partition: Number(match[2]) };
  }

  async #openLog(
    dir: string,
    topic: string,
    topicId: Uuid,
    partition: number,
  ): Promise<PartitionLog> {
    const context: LogContext = {
      disk: this.#disk,
      journal: this.journal,
      dir,
      logId: logId(this.#nextLogId++),
      topic,
      topicId,
      partition,
      directoryId: this.#meta.directoryId,
      indexIntervalBytes: this.config.indexIntervalBytes,
      decompression: this.#options.decompression,
      telemetry: this.#options.telemetry,
    };
    const log = await PartitionLog.open(context);
    this.#logs.push(log);
    return log;
  }

  async #createFolder(dir: string, topicId: Uuid): Promise<void> {
    const disk = this.#disk;
    await this.#clearCreating();
    const made = `${creatingDir}/${dir.slice(logsDir.length + 1)}`;
    await disk.makeDir(made);
    await writeFolderIdentity(disk, made, topicId);
    await createSegment(disk, made, offset(0));
    await disk.rename(made, dir);
    await disk.syncDir(logsDir);
  }

  /** What a crash or a full disk left of the making of a folder: nobody was told of it. */
  async #clearCreating(): Promise<void> {
    const disk = this.#disk;
    if ((await disk.stat(creatingDir)) === undefined) return;
    for (const name of await disk.list(creatingDir)) {
      const dir = `${creatingDir}/${name}`;
      for (const file of await disk.list(dir)) await unlinkIfThere(disk, `${dir}/${file}`);
      await disk.removeDir(dir);
    }
  }

  async #setFolderAside(dir: string, reason: string): Promise<void> {
    const path = await setFolderAside(this.#disk, dir);
    this.#setAside.push({ folder: dir, path, reason });
    this.#options.telemetry?.write(
      'error',
      'A folder is not a log of this node and was set aside.',
      {
        ...{ folder: dir, path, reason },
      },
    );
  }
}

/**
 * One of several nodes with a damaged journal may have voted and not know it: its disk goes on
 * under a new id, without a vote (V4). The id first: a crash in between gives it another one.
 */
async function keptIdentity(
  disk: Disk,
  journal: Journal,
  meta: DataDirectoryMeta,
  { isClustered, random, telemetry }: StorageOptions,
): Promise<DataDirectoryMeta> {
  if (!journal.isDamaged || isClustered !== true) return meta;
  const next = renewed(meta, random.uuid());
  await writeMeta(disk, next);
  await journal.persistRepair();
  const text = 'The journal was damaged and votes may be lost: this disk goes on as a new one.';
  telemetry?.write('error', text, { before: meta.directoryId, directoryId: next.directoryId });
  return next;
}
