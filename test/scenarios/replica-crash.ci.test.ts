/** Every call of the fixed life of `replica-crash-world.ts`. */
import { describe, it } from 'vitest';
import { dieAtCalls, dieInRecovery, failAtCalls } from './replica-crash-world.ts';

describe('a replica that dies', { timeout: 120_000 }, () => {
  it.each(['killed', 'lost', 'some', 'torn'] as const)('finds what it was answered: %s', (mode) =>
    dieAtCalls(mode, 1),
  );

  it.each(['EIO', 'ENOSPC'] as const)('finds it when any call fails: %s', (code) =>
    failAtCalls(code, 1),
  );

  it('finds it when the start after it dies too', () => dieInRecovery(20, 47));
});
