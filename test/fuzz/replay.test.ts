import { describe, expect, it } from 'vitest';
import { readCorpus } from './engine/corpus.ts';
import { examine } from './engine/examine.ts';
import { fuzzTargets } from './fuzz-targets.ts';

const kept = [...fuzzTargets].filter(([name]) => readCorpus(name).length > 0);

/** What once was a finding is none any more. */
describe.each(kept)('%s', (name, start) => {
  const corpus = readCorpus(name);
  it('survives what once broke it', async () => {
    const target = await start();
    try {
      for (const { name: input, bytes } of corpus) {
        const { finding } = await examine(target, bytes);
        expect(finding, `${name}/${input}`).toBeUndefined();
      }
    } finally {
      await target.stop?.();
    }
  });
});
