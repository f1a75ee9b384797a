import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generateKafka } from '../../../generate/main.ts';

test('the code generated from the schema tables is fresh', async () => {
  const folder = new URL('../../../../src/wire/kafka/generated/', import.meta.url);
  const files = await generateKafka();
  expect((await readdir(folder)).sort()).toEqual(files.map(({ name }) => name).sort());
  for (const { name, text } of files) {
    expect(await readFile(new URL(name, folder), 'utf8'), name).toBe(text);
  }
}, 30_000);
