import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { NodeDisk } from '../../../edge/disk-node.ts';
import { diskContract } from '../../contracts/disk-contract.ts';

const made: string[] = [];

async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'shorelog-disk-'));
  made.push(root);
  return root;
}

afterAll(async () => {
  for (const root of made) await rm(root, { recursive: true });
});

diskContract('NodeDisk', async () => new NodeDisk(await freshRoot()));

describe('NodeDisk', () => {
  it('keeps to its root', async () => {
    const disk = new NodeDisk(await freshRoot());
    await expect(disk.open('../x', 'read')).rejects.toThrow('below the root');
    await expect(disk.open('/etc/hosts', 'read')).rejects.toThrow('below the root');
  });

  it('hands every fsync to the operating system (L4)', async () => {
    const root = await freshRoot();
    const disk = new NodeDisk(root);
    const probe = await open(join(root, 'probe'), 'w');
    const handles = Object.getPrototypeOf(probe) as typeof probe;
    await probe.close();
    const [data, whole] = [vi.spyOn(handles, 'datasync'), vi.spyOn(handles, 'sync')];
    const file = await disk.open('file', 'create');
    await file.sync();
    expect([data.mock.calls.length, whole.mock.calls.length]).toEqual([1, 0]);
    await disk.syncDir('');
    expect([data.mock.calls.length, whole.mock.calls.length]).toEqual([1, 1]);
    await file.close();
  });

  it('maps the errors of the operating system', async () => {
    const root = await freshRoot();
    await writeFile(join(root, 'file'), '');
    const disk = new NodeDisk(root);
    await expect(disk.open('file/below', 'create')).rejects.toMatchObject({ code: 'OTHER' });
    await expect(disk.open('none', 'read')).rejects.toMatchObject({
      code: 'ENOENT',
      operation: 'open',
      path: 'none',
    });
  });
});
