import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exitCodes } from '../../../edge/cli/exit-codes.ts';
import type * as DiskNode from '../../../edge/disk-node.ts';
import { startNode } from '../../../edge/node.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { DiskError, type DiskFile, type OpenMode } from '../../../src/ports/disk.ts';

/** A disk whose fsync of the first log fails, which is in the boot: its LeaderChange. */
vi.mock('../../../edge/disk-node.ts', async (importActual) => {
  const actual = await importActual<typeof DiskNode>();
  class FailingDisk extends actual.NodeDisk {
    override async open(path: string, mode: OpenMode): Promise<DiskFile> {
      const file = await super.open(path, mode);
      if (!path.startsWith('logs/__cluster-0/') || !path.endsWith('.log')) return file;
      file.sync = () => Promise.reject(new DiskError('EIO', 'sync', path));
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

it('ends with 74 when the disk fails while the node boots (L8)', async () => {
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
