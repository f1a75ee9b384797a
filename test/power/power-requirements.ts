import { accessSync, constants, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { hasTool, lackRight, requireTools } from '../support/require-tool.ts';
import { ext4Kinds, LoopFileSystem } from './loop-file-system.ts';
import { RecordedDevice } from './recorded-device.ts';

/** Programs that cutting the power takes (Debian: e2fsprogs, mount, perl-base, kcat). */
export const cutTools = ['mkfs.ext4', 'losetup', 'mount', 'umount', 'perl', 'kcat'] as const;
/** And block states (Debian: qemu-system-common). */
export const stateTools = [...cutTools, 'qemu-storage-daemon'] as const;

/**
 * Why this machine may not do it, whatever is installed, or undefined: it takes root, loop devices,
 * mounting, and for block states FUSE. A container often has none of them, and no package brings
 * them.
 */
export const missingRight = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'power cuts need Linux';
  if (process.getuid?.() !== 0) return 'power cuts need root';
  const folder = makeTempFolder('power-probe');
  try {
    for (const device of ['/dev/loop-control', '/dev/fuse']) {
      accessSync(device, constants.R_OK | constants.W_OK);
    }
    await tryMounting(folder);
    return undefined;
  } catch (error) {
    return `power cuts are not possible here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    removeTempFolder(folder);
  }
};

/** The whole chain: FUSE, loop device, ext4. */
const tryMounting = async (folder: string): Promise<void> => {
  const disk = join(folder, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 16 * 1024 * 1024);
  const device = await RecordedDevice.open(disk, join(folder, 'recorded'));
  try {
    const [kind] = ext4Kinds;
    if (kind === undefined) return;
    const mounted = await LoopFileSystem.open(device.path, join(folder, 'mount'), kind, true);
    await mounted.close();
  } finally {
    await device.close();
    rmSync(disk);
  }
};

/**
 * First line of a test that cuts the power. A missing program or right is a skip that the summary
 * names; with REQUIRE_TOOLS=1 (set by `.ci/run`) a missing program fails, and root without the
 * right.
 */
export const requirePower = async (context: Pick<TestContext, 'skip'>): Promise<void> => {
  requireTools(context, ...stateTools);
  const missing = await missingRight();
  if (missing !== undefined) lackRight(context, missing);
};

/** The same for the command: what is missing, or undefined. */
export const missingForPower = async (): Promise<string | undefined> => {
  const tools = stateTools.filter((name) => !hasTool(name));
  return tools.length > 0 ? `not installed: ${tools.join(', ')}` : missingRight();
};
