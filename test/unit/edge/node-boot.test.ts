import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exitCodes } from '../../../edge/cli/exit-codes.ts';
import type * as DiskNode from '../../../edge/disk-node.ts';
import { startNode } from '../../../edge/node.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import {
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type OpenMode,
} from '../../../src/ports/disk.ts';

const fault = vi.hoisted(() => ({ path: '', code: 'EIO' }));

/** A disk whose fsync of one kind of file fails. */
vi.mock('../../../edge/disk-node.ts', async (importActual) => {
  const actual = await importActual<typeof DiskNode>();
  class FailingDisk extends actual.NodeDisk {
    override async open(path: string, mode: OpenMode): Promise<DiskFile> {
      const file = await super.open(path, mode);
      if (!path.startsWith(fault.path)) return file;
      file.sync = () => Promise.reject(new DiskError(fault.code as DiskErrorCode, 'sync', path));
      return file;
    }
  }
  return { ...actual, NodeDisk: FailingDisk };
});

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shorelog-boot-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

it.each([
  ['logs/__cluster-0/00000000000000000000.log', 'EIO'],
  ['journal', 'OTHER'],
])('ends with 74 when an fsync of a start fails: %s, %s (L8)', async (path, code) => {
  Object.assign(fault, { path, code });
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
