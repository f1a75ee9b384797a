import { expect, test } from 'vitest';
import { DownloadMeter } from '../../../../../edge/cli/demo/download-meter.ts';
import type { DownloadProgress } from '../../../../../edge/cli/demo/download-meter.ts';

const output = [
  '[INFO] Downloading from central: https://repo.example/a/a-1.jar',
  '[INFO] Downloaded from central: https://repo.example/a/a-1.pom (2.1 kB at 10 kB/s)',
  '[INFO] Downloaded from central: https://repo.example/a/a-1.jar (1.5 MB at 8.1 MB/s)',
  'Downloaded from central: https://repo.example/b/b-2.jar (500 kB at 900 kB/s)',
  'Downloaded from central: https://repo.example/c/c-3.jar (812 B at 9 kB/s)',
  '',
].join('\n');

test.each([1, 7, 1_000])('counts jars and not poms, in pieces of %i characters', (size) => {
  const seen: DownloadProgress[] = [];
  const meter = new DownloadMeter((progress) => seen.push(progress));
  for (let at = 0; at < output.length; at += size) meter.read(output.slice(at, at + size));
  expect(seen.map(({ jars }) => jars)).toEqual([1, 2, 3]);
  expect(seen.at(-1)?.megabytes).toBeCloseTo(2.000812, 6);
});
