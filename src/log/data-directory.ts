import { uuid } from '../base/brand.ts';
import type { Uuid } from '../base/brand.ts';
import { utf8Decode, utf8Encode } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import { limits } from '../base/limits.ts';
import { fail, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Disk } from '../ports/disk.ts';
import type { Random } from '../ports/random.ts';
import { zeroUuid } from '../wire/kafka/protocol-reader.ts';
import { readWhole, replaceFile } from './files.ts';
import { hex32 } from './hex32.ts';
import { isCount, isJsonObject, isText, parseJson } from './json.ts';

/** The format of everything below the data directory. A newer one is refused, untouched. */
export const dataFormatVersion = 1;

/** More than one is kept in case that the cluster never heard of the newest. */
const formerIdsMax = 16;

const copies = ['meta.json', 'meta.copy.json'] as const;
/**
 * What may lie in a directory that no node has lived in: the lock, and what a first start left half
 * done.
 */
const notData = /^(lock|lost\+found|.*\.new)$/;

/** Who lives in a data directory (L1). */
export interface DataDirectoryMeta {
  readonly formatVersion: number;
  /** Zero: its cluster is not born yet (V2). */
  readonly clusterId: Uuid;
  readonly nodeId: number;
  /** Names this disk, for ever: a new disk of the same node has another. */
  readonly directoryId: Uuid;
  /**
   * Starts of this directory, this one included. A copy of the directory shows by a count that went
   * back (V4).
   */
  readonly startCounter: number;
  /**
   * What the last starts drew, the newest last: two copies of a directory that were started equally
   * often differ in them (V4).
   */
  readonly startIds: readonly Uuid[];
  /** What the node was at its last start (V3); undefined: not noted then. */
  readonly isWitness?: boolean;
  /** Ids that this disk gave up because votes may be lost (V4), the newest last. */
  readonly formerDirectoryIds?: readonly Uuid[];
}

export type DataDirectoryError =
  | { readonly code: 'NEWER_FORMAT'; readonly found: number; readonly supported: number }
  | { readonly code: 'NO_IDENTITY'; readonly found: readonly string[] }
  | { readonly code: 'OTHER_NODE'; readonly found: number; readonly wanted: number }
  | { readonly code: 'OTHER_ROLE'; readonly isWitness: boolean };

/** What the config says of the node. */
export interface NodeKind {
  /** One of several. */
  readonly isClustered?: boolean;
  /** It keeps no records (V3). */
  readonly isWitness?: boolean;
}

export interface OpenedDirectory {
  readonly meta: DataDirectoryMeta;
  /** Nobody has lived here before. */
  readonly isFirstStart: boolean;
}

/** Whether an identity lies in the directory, intact or not. */
export async function holdsIdentity(disk: Disk): Promise<boolean> {
  for (const copy of copies) if ((await disk.stat(copy)) !== undefined) return true;
  return false;
}

/**
 * Whose directory it is, as a start finds it, and why that would be refused; nothing is changed.
 * Undefined: nobody has lived here.
 */
export async function identifyDirectory(
  disk: Disk,
  nodeId: number,
  { isWitness = false }: NodeKind,
): Promise<Result<DataDirectoryMeta | undefined, DataDirectoryError>> {
  const found = await readCopies(disk);
  if (!found.ok) return found;
  const old = found.value;
  if (old === undefined) {
    const names = (await disk.list('')).filter((name) => !notData.test(name));
    if (names.length > 0) return fail({ code: 'NO_IDENTITY', found: names });
  } else if (old.nodeId !== nodeId) {
    return fail({ code: 'OTHER_NODE', found: old.nodeId, wanted: nodeId });
  } else if (old.clusterId !== zeroUuid && (old.isWitness ?? isWitness) !== isWitness) {
    return fail({ code: 'OTHER_ROLE', isWitness: !isWitness });
  }
  return ok(old);
}

/**
 * Reads the identity, or gives one to an empty directory, and counts this start durably in both
 * copies. After a crash between the copies the higher count is the true one. A node alone is a
 * cluster of one from its first start on; one of several has the zero UUID until its cluster is
 * born, or takes it (V2). Born, it stays a witness or a data node: what it has promised as the one
 * it could not keep as the other (V3).
 */
export async function openDataDirectory(
  disk: Disk,
  nodeId: number,
  random: Random,
  { isClustered = false, isWitness = false }: NodeKind = {},
): Promise<Result<OpenedDirectory, DataDirectoryError>> {
  const found = await identifyDirectory(disk, nodeId, { isWitness });
  if (!found.ok) return found;
  const old = found.value;
  const counting = old === undefined ? founded(nodeId, random) : counted(old, random);
  const isUnborn = counting.clusterId === zeroUuid;
  const clusterId = isUnborn && !isClustered ? random.uuid() : counting.clusterId;
  const meta = { ...counting, clusterId, isWitness };
  await writeMeta(disk, meta);
  return ok({ meta, isFirstStart: old === undefined });
}

/** The same disk under another id: nothing that it promised before binds it (V4). */
export const renewed = (meta: DataDirectoryMeta, directoryId: Uuid): DataDirectoryMeta => ({
  ...meta,
  directoryId,
  formerDirectoryIds: [...(meta.formerDirectoryIds ?? []), meta.directoryId].slice(-formerIdsMax),
});

/** Writes the identity, durably, in both copies. */
export async function writeMeta(disk: Disk, meta: DataDirectoryMeta): Promise<void> {
  for (const name of copies) await replaceFile(disk, '', name, encodeMeta(meta));
}

const founded = (nodeId: number, random: Random): DataDirectoryMeta => ({
  formatVersion: dataFormatVersion,
  clusterId: zeroUuid,
  nodeId,
  directoryId: random.uuid(),
  startCounter: 1,
  startIds: [random.uuid()],
});

const counted = (meta: DataDirectoryMeta, random: Random): DataDirectoryMeta => ({
  ...meta,
  startCounter: meta.startCounter + 1,
  startIds: [...meta.startIds, random.uuid()].slice(-limits.startIdsKept),
});

/** The newest intact copy; undefined if there is none. */
async function readCopies(
  disk: Disk,
): Promise<Result<DataDirectoryMeta | undefined, DataDirectoryError>> {
  let newest: DataDirectoryMeta | undefined;
  for (const name of copies) {
    const bytes = await readWhole(disk, name);
    const meta = bytes === undefined ? undefined : decodeMeta(bytes);
    if (meta === undefined) continue;
    if (meta.formatVersion > dataFormatVersion) {
      const versions = { found: meta.formatVersion, supported: dataFormatVersion };
      return fail({ code: 'NEWER_FORMAT', ...versions });
    }
    if (newest === undefined || isNewer(meta, newest)) newest = meta;
  }
  return ok(newest);
}

/** By the count; of two with the same one the copy that knows its cluster. */
function isNewer(meta: DataDirectoryMeta, other: DataDirectoryMeta): boolean {
  if (meta.startCounter !== other.startCounter) return meta.startCounter > other.startCounter;
  return other.clusterId === zeroUuid && meta.clusterId !== zeroUuid;
}

const crcField = ',"crc32c":"';

/**
 * JSON whose last field is the CRC-32C of the same JSON without it: people and later formats can
 * read it.
 */
export function encodeMeta(meta: DataDirectoryMeta): Uint8Array {
  const body = JSON.stringify(meta);
  const crc = hex32(crc32c(utf8Encode(body)));
  return utf8Encode(`${body.slice(0, -1)}${crcField}${crc}"}\n`);
}

/**
 * The identity in the bytes, or undefined if they are damaged. A newer format may have fields that
 * we do not know.
 */
export function decodeMeta(bytes: Uint8Array): DataDirectoryMeta | undefined {
  const text = utf8Decode(bytes);
  const at = text.lastIndexOf(crcField);
  if (at < 0) return undefined;
  const body = `${text.slice(0, at)}}`;
  if (text.slice(at) !== `${crcField}${hex32(crc32c(utf8Encode(body)))}"}\n`) return undefined;
  const meta = parseJson(body);
  if (!isJsonObject(meta)) return undefined;
  const { formatVersion, clusterId, nodeId, directoryId, startCounter, formerDirectoryIds } = meta;
  if (!isCount(formatVersion) || !isCount(nodeId) || !isCount(startCounter)) return undefined;
  if (!isText(clusterId) || !isText(directoryId)) return undefined;
  const ids = { clusterId: uuid(clusterId), directoryId: uuid(directoryId) };
  // None: from before they were drawn.
  const startIds = Array.isArray(meta['startIds']) ? meta['startIds'].filter(isText).map(uuid) : [];
  const role = typeof meta['isWitness'] === 'boolean' ? { isWitness: meta['isWitness'] } : {};
  const former = Array.isArray(formerDirectoryIds) ? formerDirectoryIds.filter(isText) : [];
  const formerIds = former.length === 0 ? {} : { formerDirectoryIds: former.map(uuid) };
  return { formatVersion, nodeId, startCounter, startIds, ...ids, ...role, ...formerIds };
}
