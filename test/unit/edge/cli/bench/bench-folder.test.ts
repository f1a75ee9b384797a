import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { makeBenchFolder } from '../../../../../edge/cli/bench/bench-folder.ts';
import { makeTempFolder, removeTempFolder } from '../../../../integration/harness/temp-folder.ts';

let root: string;

beforeEach(() => {
  root = makeTempFolder('bench-folder');
});
afterEach(() => removeTempFolder(root));

it('is made beside the data directory, and removed', async () => {
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'data', 'meta.json'), '{}');
  const folder = await makeBenchFolder(join(root, 'data'));
  expect(dirname(folder.path)).toBe(root);
  writeFileSync(join(folder.path, 'file'), 'x');
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
  expect(readdirSync(join(root, 'data'))).toEqual(['meta.json']);
});

it('is made above a data directory that does not exist yet', async () => {
  const folder = await makeBenchFolder(join(root, 'not', 'there', 'data'));
  expect(dirname(folder.path)).toBe(root);
  await folder.remove();
  expect(readdirSync(root)).toEqual([]);
});
