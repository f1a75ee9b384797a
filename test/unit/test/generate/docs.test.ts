import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { generatedDocs, withSections } from '../../../generate/docs.ts';

it('has fresh docs (npx tsx test/generate/docs.ts)', async () => {
  for (const { path, content } of await generatedDocs()) {
    expect(readFileSync(path, 'utf8'), path).toBe(content);
  }
});

it('replaces a marked section and nothing else', () => {
  const text = 'a\n<!-- generated: errors -->\nSTALE\n<!-- /generated -->\nb\n';
  const fresh = withSections(text);
  expect(fresh).toMatch(/^a\n<!-- generated: errors -->\n\n\| error \|/);
  expect(fresh).toMatch(/\|\n\n<!-- \/generated -->\nb\n$/);
  expect(fresh).not.toContain('STALE');
  expect(withSections(fresh)).toBe(fresh);
});

it('refuses a section that nobody generates', () => {
  const text = '<!-- generated: nothing -->\n<!-- /generated -->';
  expect(() => withSections(text)).toThrow('no generator for section nothing');
});
