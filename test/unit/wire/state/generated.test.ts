import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generateState } from '../../../generate/state.ts';

test('the code generated from state.proto is fresh', async () => {
  const committed = (name: string): Promise<string> =>
    readFile(new URL(`../../../../src/wire/state/generated/${name}`, import.meta.url), 'utf8');
  const { js, dts } = await generateState();
  expect(js).toBe(await committed('state.js'));
  expect(dts).toBe(await committed('state.d.ts'));
}, 30_000);
