import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchKafka } from '../../../edge/cli/demo/kafka-launcher.ts';
import type { KafkaBroker } from '../../../edge/cli/demo/kafka-launcher.ts';
import { makeTempFolder, removeTempFolder } from '../../integration/harness/temp-folder.ts';
import { clientKinds } from '../load/cluster-load.ts';
import type { NodeRole } from '../test-cluster.ts';
import { chaosKinds } from './chaos-plan.ts';
import { centralTopics, isClean, runChaos } from './chaos-run.ts';

const usage = `npm run chaos -- [options]

  --minutes N    of faults (default 10)
  --seed N       of the plan (default: another one each time; it is in the last line)
  --nodes N      data nodes (default 3)
  --witnesses N  further nodes that keep no records (default 0)
  --rate N       records a second, all clients together (default 1500)
  --kinds A,B    of faults: ${chaosKinds.join(', ')}
                 (default: all)
  --without A,B  clients to leave out: ${clientKinds.join(', ')}
  --central      forward to an Apache Kafka of its own, and hold that against the log, too

Real nodes in network namespaces of their own (loopback ports where those are not allowed: then
links are not cut). Ends with one JSON line; exit code 0 if nothing was lost, doubled, reordered,
diverging or acknowledged by somebody who did not lead. Otherwise the folder with data, output and
timeline stays. Needs kcat; strace for slow disks.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    nodes: { type: 'string' },
    witnesses: { type: 'string' },
    rate: { type: 'string' },
    kinds: { type: 'string' },
    without: { type: 'string' },
    central: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

const numberOf = (
  name: 'minutes' | 'seed' | 'nodes' | 'witnesses' | 'rate',
  byDefault: number,
): number => {
  const value = Number(values[name] ?? byDefault);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
};

/** Undefined: the option was not given. */
const listOf = <T extends string>(
  name: 'kinds' | 'without',
  all: readonly T[],
): readonly T[] | undefined =>
  values[name]?.split(',').map((given) => {
    const known = all.find((one) => one === given);
    if (known === undefined) throw new Error(`--${name}: ${given} is none of ${all.join(', ')}`);
    return known;
  });

const openCentral = async (folder: string, host: string): Promise<KafkaBroker> => {
  mkdirSync(folder);
  const launched = await launchKafka({ folder, host });
  if (!launched.ok) throw new Error(launched.error.text);
  await launched.value.createTopics(centralTopics);
  return launched.value;
};

const run = async (): Promise<number> => {
  const folder = makeTempFolder('chaos');
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  const roles: NodeRole[] = [
    ...Array.from({ length: numberOf('nodes', 3) }, (): NodeRole => 'data'),
    ...Array.from({ length: numberOf('witnesses', 0) }, (): NodeRole => 'witness'),
  ];
  const result = await runChaos({
    ...{ folder, roles },
    seconds: numberOf('minutes', 10) * 60,
    seed: numberOf('seed', Date.now() % 1_000_000),
    ratePerSecond: numberOf('rate', 1_500),
    kinds: listOf('kinds', chaosKinds) ?? chaosKinds,
    without: listOf('without', clientKinds) ?? [],
    say: (text) => void process.stderr.write(`${text}\n`),
    openCentral: values.central ? (host) => openCentral(join(folder, 'central'), host) : undefined,
    signal: interrupt.signal,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (isClean(result)) {
    removeTempFolder(folder);
    return 0;
  }
  process.stderr.write(`What the nodes stored and printed is in ${folder}\n`);
  return 1;
};

if (values.help === true) process.stdout.write(usage);
else process.exitCode = await run();
