import { uuid } from '../base/brand.ts';
import type { Uuid } from '../base/brand.ts';
import { bytesEqual, utf8Decode, utf8Encode } from '../base/bytes.ts';
import { crc32c } from '../base/crc32c.ts';
import type { Disk } from '../ports/disk.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { joinPath, readWhole, replaceFile, toleratingNoSpace, writeDurably } from './files.ts';
import { hex32 } from './hex32.ts';
import {
  decodePartitionMetadata,
  encodePartitionMetadata,
  partitionMetadataName,
} from './partition-metadata.ts';

/**
 * Second copy of the topic id, with a CRC. Kafka's own file has none: one wrong bit in it may be
 * the id of another topic, and a whole log would be set aside for it (V6).
 */
export const partitionCopyName = 'partition.copy.json';

/** Writes whose folder it is, twice; the names are not durable yet. */
export async function writeFolderIdentity(disk: Disk, dir: string, topicId: Uuid): Promise<void> {
  await writeDurably(disk, joinPath(dir, partitionMetadataName), [
    encodePartitionMetadata(topicId),
  ]);
  await writeDurably(disk, joinPath(dir, partitionCopyName), [encodeCopy(topicId)]);
}

/**
 * The topic id of a folder, undefined where neither file says it. The copy is believed, since only
 * it has a CRC; whichever of the two is missing or damaged is written anew.
 */
export async function readFolderIdentity(
  disk: Disk,
  dir: string,
  telemetry?: Telemetry,
): Promise<Uuid | undefined> {
  const metadata = await readWhole(disk, joinPath(dir, partitionMetadataName));
  const copy = await readWhole(disk, joinPath(dir, partitionCopyName));
  const topicId = (copy && decodeCopy(copy)) ?? (metadata && decodePartitionMetadata(metadata));
  if (topicId === undefined) return undefined;
  const wanted = [
    [partitionMetadataName, metadata, encodePartitionMetadata(topicId)],
    [partitionCopyName, copy, encodeCopy(topicId)],
  ] as const;
  for (const [name, found, right] of wanted) {
    if (found !== undefined && bytesEqual(found, right)) continue;
    const isHealed = await toleratingNoSpace(() => replaceFile(disk, dir, name, right));
    // Folders of older versions have no copy: that is no damage.
    if (!isHealed || (found === undefined && name === partitionCopyName)) continue;
    telemetry?.write(
      'warn',
      'A file was missing or damaged; its copy is intact and it is whole again.',
      {
        file: joinPath(dir, name),
      },
    );
  }
  return topicId;
}

function encodeCopy(topicId: Uuid): Uint8Array {
  const json = JSON.stringify({ topicId });
  return utf8Encode(`${hex32(crc32c(utf8Encode(json)))} ${json}\n`);
}

function decodeCopy(bytes: Uint8Array): Uuid | undefined {
  const text = utf8Decode(bytes);
  const json = text.slice(9, -1);
  if (text !== `${hex32(crc32c(utf8Encode(json)))} ${json}\n`) return undefined;
  return uuid((JSON.parse(json) as { topicId: string }).topicId);
}
