import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identityFinding } from '../../../../edge/cli/check-identity.ts';
import { NodeDisk } from '../../../../edge/disk-node.ts';
import { randomNode } from '../../../../edge/random-node.ts';
import type { Config } from '../../../../src/config/config.ts';
import { defaultConfig } from '../../../../src/config/parse-config.ts';
import { openDataDirectory } from '../../../../src/log/data-directory.ts';

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shorelog-identity-'));
});

afterEach(() => rm(dataDir, { recursive: true }));

const configOf = (id: number): Config => ({ ...defaultConfig(), node: { id, dataDir } });
const verdict = async (id: number): Promise<unknown> =>
  (await identityFinding(configOf(id))).map((found) => `${found.verdict} ${found.text}`);

it('says whose directory it is, as a start would, and changes nothing', async () => {
  expect(await verdict(1)).toEqual(['ok none yet: a first start']);
  expect(await readdir(dataDir)).toEqual([]);
  await openDataDirectory(new NodeDisk(dataDir), 1, randomNode);
  expect(await verdict(1)).toEqual([expect.stringMatching(/^ok node 1, cluster [-0-9a-f]{36}$/)]);
  expect(await verdict(2)).toEqual([expect.stringContaining('belongs to node 1, not to node 2')]);
  const again = await openDataDirectory(new NodeDisk(dataDir), 1, randomNode);
  expect(again.ok && again.value.meta.startCounter).toBe(2);
});

it('refuses what a start refuses: data without an identity', async () => {
  await writeFile(join(dataDir, 'photo.jpg'), 'x');
  expect(await verdict(1)).toEqual([expect.stringMatching(/^fail .*photo\.jpg/)]);
});

it('leaves a directory that is not there to the probe of the disk', async () => {
  const config = { ...configOf(1), node: { id: 1, dataDir: join(dataDir, 'nowhere') } };
  // Nothing in it either: but a list of what is not there is no identity.
  expect(await identityFinding(config)).toEqual([]);
});
