import { expect, it } from 'vitest';
import { runSoak } from '../soak/soak.ts';
import { requireTools } from '../support/require-tool.ts';

it('1,000 sensors under 256 MiB do not feel the peers that waste what they are given', async (context) => {
  requireTools(context, 'kcat');
  const result = await runSoak({
    ...{ seconds: 35, clients: 1_000, rate: 1_000, memoryMiB: 256, badEach: 10 },
    say: () => undefined,
  });
  process.stdout.write(`soak: ${JSON.stringify(result)}\n`);
  expect(result).toMatchObject({ lost: 0, disconnected: 0, unansweredPings: 0 });
  expect(result.acked).toBe(result.published);
  expect(result.inLog).toBe(result.published);
  expect(result.rssMiB.max).toBeLessThan(256);
}, 180_000);
