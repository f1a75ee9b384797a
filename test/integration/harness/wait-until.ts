import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks until the answer is neither false nor undefined, and returns it. Throws with `what` after
 * `msMax`.
 */
export const waitUntil = async <T>(
  what: string,
  msMax: number,
  ask: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> => {
  const deadline = Date.now() + msMax;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${msMax} ms in vain for: ${what}`);
    await delay(25);
  }
};
