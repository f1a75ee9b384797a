import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { probeDisk, quantile } from '../../../../edge/cli/probe-disk.ts';
import { clockFinding } from '../../../../edge/cli/check-command.ts';

const size = { syncs: 3, appendBytes: 1024 * 1024 };

it('measures a directory that it makes, and leaves nothing in it', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'shorelog-probe-'));
  try {
    const dir = join(parent, 'a', 'b');
    const probe = await probeDisk(dir, size);
    expect(probe.ok && probe.value.freeBytes > 0 && probe.value.appendBytesPerSecond > 0).toBe(
      true,
    );
    expect(await readdir(dir)).toEqual([]);
  } finally {
    await rm(parent, { recursive: true });
  }
});

it.each([
  ['/proc/nowhere/a', 'ENOENT'],
  ['/dev/null/a', 'ENOTDIR'],
])('fails at %s with %s', async (dir, code) => {
  expect(await probeDisk(dir, size)).toEqual({ ok: false, error: code });
});

it('takes quantiles of sorted values', () => {
  expect([0, 0.5, 0.99, 1].map((q) => quantile([1, 2, 3, 4], q))).toEqual([1, 3, 4, 4]);
  expect(quantile([], 0.5)).toBe(0);
});

it('does not believe a clock that was never set', () => {
  expect(clockFinding(0).verdict).toBe('fail');
  expect(clockFinding(Date.UTC(2026, 5)).verdict).toBe('ok');
});
