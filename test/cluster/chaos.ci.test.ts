import { afterEach, expect, it } from 'vitest';
import { requireTools } from '../support/require-tool.ts';
import { makeTempFolder, removeTempFolder } from '../integration/harness/temp-folder.ts';
import { chaosKinds } from './chaos/chaos-plan.ts';
import { isClean, runChaos } from './chaos/chaos-run.ts';

const seconds = 120;
const msMax = 400_000;
let folder = '';

afterEach((context) => {
  // What nodes stored and printed explains a failure.
  if (context.task.result?.state !== 'fail') removeTempFolder(folder);
});

it(
  'three nodes lose, double and turn nothing round under every kind of fault',
  async (context) => {
    requireTools(context, 'kcat', 'strace');
    folder = makeTempFolder('chaos');
    const said: string[] = [];
    const result = await runChaos({
      ...{ folder, seconds, seed: 20, ratePerSecond: 300, kinds: chaosKinds },
      roles: ['data', 'data', 'data'],
      without: [],
      say: (text) => void said.push(text),
      openCentral: undefined,
      signal: new AbortController().signal,
    });
    expect(result.verdict.acked, said.join('\n')).toBeGreaterThan(1_000);
    expect(isClean(result), `${folder}\n${JSON.stringify(result)}\n${said.join('\n')}`).toBe(true);
  },
  msMax,
);
