import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exitCodes } from '../../../edge/cli/exit-codes.ts';
import { NodeDisk } from '../../../edge/disk-node.ts';
import { startNode } from '../../../edge/node.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import {
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type OpenMode,
} from '../../../src/ports/disk.ts';

/** From now on the fsync of each file whose path begins so fails. */
const failSyncsOf = (path: string, code: DiskErrorCode): void => {
  const open = NodeDisk.prototype.open;
  vi.spyOn(NodeDisk.prototype, 'open').mockImplementation(async function (
    this: NodeDisk,
    name: string,
    mode: OpenMode,
  ): Promise<DiskFile> {
    const file = await open.call(this, name, mode);
    if (name.startsWith(path)) {
      file.sync = () => Promise.reject(new DiskError(code, 'sync', name));
    }
    return file;
  });
};

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shorelog-boot-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

it.each([
  ['logs/__cluster-0/00000000000000000000.log', 'EIO'],
  ['journal', 'OTHER'],
] as const)('ends with 74 when an fsync of a start fails: %s, %s (L8)', async (path, code) => {
  failSyncsOf(path, code);
  const config = parseConfig({
    node: { dataDir },
    mqtt: { listen: '127.0.0.1:0' },
    kafka: { listen: '127.0.0.1:0', advertised: '127.0.0.1:9092' },
    admin: { listen: '127.0.0.1:0' },
  });
  if (!config.ok) throw new Error('the config of this test is wrong');
  const started = await startNode(config.value, { telemetry: { write: () => undefined } });
  expect(started).toMatchObject({ ok: false, error: { exitCode: exitCodes.diskCondemned } });
});
