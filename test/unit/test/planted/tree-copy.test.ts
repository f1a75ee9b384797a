import { describe, expect, it } from 'vitest';
import { patched } from '../../../planted/tree-copy.ts';

describe('patched', () => {
  it('replaces the old text, whatever the new one looks like', () => {
    expect(patched('a b c', { file: 'f', from: 'b', to: '$& $1' })).toBe('a $& $1 c');
  });

  it.each(['none', 'a'])('refuses an old text that is not there just once: %s', (from) => {
    expect(() => patched('a b a', { file: 'f', from, to: '' })).toThrow('move the patch');
  });
});
