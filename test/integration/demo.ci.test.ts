import { expect, it } from 'vitest';
import { shorelogProgram } from '../../edge/cli/demo/node-launcher.ts';
import { runProgram } from './harness/run-program.ts';
import { requireKafka } from './harness/require-kafka.ts';

async function demo(...flags: string[]): Promise<{ code: number | null; line: unknown }> {
  const args = [shorelogProgram(), 'demo', '--seconds', '5', '--rate', '500', ...flags];
  const { code, out } = await runProgram({ command: process.execPath, args, msMax: 150_000 });
  const last = out.toString().trim().split('\n').at(-1) ?? '';
  return { code, line: JSON.parse(last) };
}

it('brings every reading once into a real Kafka, by readers that are not ours', async (context) => {
  requireKafka(context);
  const { code, line } = await demo();
  expect(line).toMatchObject({
    ...{ published: 2_500, acked: 2_500, inLog: 2_500, atCentral: 2_500 },
    ...{ duplicates: 0, lost: 0, central: { kind: 'kafka' } },
  });
  expect(code).toBe(0);
});

it('accounts for everything when one of three nodes is killed in the middle', async (context) => {
  requireKafka(context);
  const { code, line } = await demo('--nodes', '3', '--seconds', '12');
  expect(line).toMatchObject({
    ...{ nodes: 3, published: 6_000, acked: 6_000, inLog: 6_000, atCentral: 6_000 },
    ...{ duplicates: 0, lost: 0, central: { kind: 'kafka' } },
  });
  expect(code).toBe(0);
});

it('plays central with a second node where there is no Kafka, and says so', async () => {
  const { code, line } = await demo('--central', 'embedded');
  expect(line).toMatchObject({ published: 2_500, lost: 0, central: { kind: 'embedded' } });
  expect(code).toBe(0);
});
