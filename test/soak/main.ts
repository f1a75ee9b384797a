import { parseArgs } from 'node:util';
import { runSoak } from './soak.ts';

const usage = `npm run soak -- [options]

  --minutes N   how long (default 10)
  --clients N   MQTT connections (default 1000)
  --rate N      publishes a second, all together (default 1000)
  --memory N    MiB that the node may have (default 256)
  --bad N       bad peers of each kind beside them (default 10)

Ends with one JSON line; exit code 0 if nothing was lost and no sensor was disconnected.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    clients: { type: 'string' },
    rate: { type: 'string' },
    memory: { type: 'string' },
    bad: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const numberOf = (
  name: 'minutes' | 'clients' | 'rate' | 'memory' | 'bad',
  other: number,
): number => {
  const value = Number(values[name] ?? other);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
};

if (values.help === true) process.stdout.write(usage);
else {
  const result = await runSoak({
    seconds: numberOf('minutes', 10) * 60,
    clients: numberOf('clients', 1_000),
    rate: numberOf('rate', 1_000),
    memoryMiB: numberOf('memory', 256),
    badEach: numberOf('bad', 10),
    say: (text) => void process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.lost === 0 && result.disconnected === 0 ? 0 : 1;
}
