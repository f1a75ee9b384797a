/** Some of the calls of `replica-crash-world.ts`; the long suites take them all. */
import { describe, it } from 'vitest';
import { dieAtCalls, failAtCalls } from './replica-crash-world.ts';

describe('a replica that dies', () => {
  it.each(['killed', 'lost', 'some', 'torn'] as const)('finds what it was answered: %s', (mode) =>
    dieAtCalls(mode, 61),
  );

  it.each(['EIO', 'ENOSPC'] as const)('finds it when a call fails: %s', (code) =>
    failAtCalls(code, 61),
  );
});
