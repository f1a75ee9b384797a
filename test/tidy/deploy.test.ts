import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../edge/config-file.ts';
import { requireTools } from '../support/require-tool.ts';
import { repositoryRoot } from './source-tree.ts';

const unit = join(repositoryRoot, 'deploy/systemd/shorelog.service');

const analyze = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return `exit ${status}\n${stdout}${stderr}`;
};

test('the unit is exposed by 1.5 of 10 at most', (context) => {
  requireTools(context, 'systemd-analyze');
  const report = analyze('security', '--offline=yes', '--no-pager', '--threshold=15', unit);
  expect(report).toMatch(/^exit 0\n[^]*Overall exposure level/);
});

test('systemd understands every line of the unit', (context) => {
  requireTools(context, 'systemd-analyze');
  // Whether the program is installed is not the question.
  const complaints = analyze('verify', '--man=no', unit)
    .split('\n')
    .filter((line) => line.includes('shorelog') && !line.includes('is not executable'));
  expect(complaints).toEqual([]);
});

test('the sample config is valid', async () => {
  const loaded = await loadConfig({ file: join(repositoryRoot, 'deploy/shorelog.yaml'), env: {} });
  expect(loaded).toMatchObject({ ok: true });
});
