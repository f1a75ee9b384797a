import { parseArgs } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hasTool } from '../support/require-tool.ts';
import { makeTempFolder } from '../integration/harness/temp-folder.ts';
import { measureRecover } from './recover.ts';
import { reportFigure } from './figure.ts';
import type { Budget, Figure } from './figure.ts';
import { measureFailover } from './failover/failover.ts';
import { measureFlash } from './flash.ts';
import { measureForward } from './forward.ts';
import { measureIdle } from './idle.ts';
import { chooseCases, customCase } from './ingest-cases.ts';
import type { IngestCase } from './ingest-cases.ts';
import { measureIngest } from './ingest.ts';
import { measureKills } from './kill.ts';
import { describeMachine } from './machine.ts';
import { measureReplicate } from './replicate.ts';

const usage = `npm run bench -- ingest | forward | idle | flash | recover | kill |
                         replicate | failover [options]

  --runs N            figures are medians of N runs (default 3; ingest 5; forward 1)
  --folder DIR        where data goes (default: a temporary folder); memory file systems are refused
  --budget N          exit code 1 unless the figure is at least (idle: at most) N
ingest                (default: all cases, 5 runs; about 13 minutes)
  --cases A,B         standard, deep, many, thousand, kilobyte, qos0, qos2, latency
  --quick             one run of 1 s each; void figures, to see that it works
  --seconds S         of measuring, after 1 s of warming up (default 3)
  --connections N, --in-flight N,N, --payload BYTES, --qos 0|1|2, --rate N
                      a case of your own, one for each in-flight number; what is not given is as
                      in standard: 10, 50, 64, 1, and 0 for as many as the window allows
  --profile DIR       CPU profiles of one further run of each case, and what they say
  --baselines-only    without a node; the figures are void
forward
  --records N         default 1000000
  --record-bytes N    default 200
  --partitions N      default 4
  --cases A,B         forward, forwardRebuild, forwardRebuildGzip, forwardCatchUp (default: all)
idle
  --seconds S         of rest that are weighed, after 45 s (default 30)
recover
  --gib N             size of the log (default 10)
  --partitions N      default 4
flash                 (needs root: a loop device)
  --rate N            messages per second over all sensors (default 100)
  --payload BYTES     default 200
  --connections N     sensors (default 100)
  --linger MS         log.lingerMs (default 0)
  --seconds S         default 20
kill
  --kills N           by SIGKILL, under load, unsynced bytes cut (default 200); needs kcat
  --seed N            default: another one each time
replicate             three nodes on this machine, beside one and beside NATS
  --nats PATH,PATH    NATS servers (default: nats-server, where it is installed)
  --connections N, --in-flight N,N, --payload BYTES, --partitions N, --seconds S
                      default 10, 50,500, 64, 1 and 3
  --baselines-only    without three nodes; the figures are void
failover              three nodes, or two and a witness, one of which goes
  --victims A,B       leader, follower, plannedStop, witness (default: all)
  --kills N           of each (default 100: half an hour for all)
  --partitions N,N    default 4,64
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string' },
    folder: { type: 'string' },
    budget: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string' },
    'in-flight': { type: 'string' },
    payload: { type: 'string' },
    qos: { type: 'string' },
    quick: { type: 'boolean' },
    profile: { type: 'string' },
    'baselines-only': { type: 'boolean' },
    records: { type: 'string' },
    'record-bytes': { type: 'string' },
    partitions: { type: 'string' },
    nats: { type: 'string' },
    victims: { type: 'string' },
    cases: { type: 'string' },
    rate: { type: 'string' },
    gib: { type: 'string' },
    linger: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});

type TextFlag = 'folder' | 'in-flight' | 'cases' | 'profile' | 'nats' | 'victims';
type NumberFlag = Exclude<keyof typeof values, TextFlag | 'quick' | 'baselines-only' | 'help'>;

const numberOf = (name: NumberFlag, byDefault: number): number => {
  const value = Number(values[name] ?? byDefault);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
};

const numbersOf = (name: 'in-flight' | 'partitions', byDefault: readonly number[]): number[] => {
  const numbers = values[name]?.split(',').map(Number) ?? [...byDefault];
  if (numbers.some((value) => !(value > 0))) throw new Error(`--${name} must be numbers`);
  return numbers;
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const budgetOf = (name: keyof typeof benches): Budget | undefined => {
  if (values.budget === undefined && name !== 'kill') return undefined;
  return { limit: numberOf('budget', 0), side: benches[name].side };
};

async function* ingestFigures(folder: string): AsyncGenerator<Figure> {
  const isQuick = values.quick ?? false;
  yield* measureIngest({
    folder,
    runs: numberOf('runs', isQuick ? 1 : 5),
    cases: customCases() ?? chooseCases(values.cases?.split(',') ?? []),
    measureMs: numberOf('seconds', isQuick ? 1 : 3) * 1_000,
    baselinesOnly: values['baselines-only'] ?? false,
    profileFolder: values.profile,
    void: isQuick ? '--quick measures too little' : undefined,
    say,
  });
}

const customCases = (): readonly IngestCase[] | undefined => {
  const { connections, 'in-flight': inFlight, payload, qos, rate } = values;
  if ([connections, inFlight, payload, qos, rate].every((value) => value === undefined)) {
    return undefined;
  }
  return (inFlight ?? '50').split(',').map((text) =>
    customCase({
      connections: numberOf('connections', 10),
      inFlight: Number(text),
      payloadBytes: numberOf('payload', 64),
      qos: qosOf(numberOf('qos', 1)),
      rate: numberOf('rate', 0),
    }),
  );
};

const qosOf = (value: number): 0 | 1 | 2 => {
  if (value === 0 || value === 1 || value === 2) return value;
  throw new Error('--qos must be 0, 1 or 2');
};

async function* forwardFigures(folder: string): AsyncGenerator<Figure> {
  yield* measureForward({
    folder,
    runs: numberOf('runs', 1),
    cases: values.cases?.split(',') ?? [],
    records: numberOf('records', 1_000_000),
    recordBytes: numberOf('record-bytes', 200),
    partitions: numberOf('partitions', 4),
    say,
  });
}

async function* idleFigures(folder: string): AsyncGenerator<Figure> {
  yield* measureIdle({
    folder,
    runs: numberOf('runs', 3),
    seconds: numberOf('seconds', 30),
    say,
  });
}

async function* recoverFigures(folder: string): AsyncGenerator<Figure> {
  yield* measureRecover({
    folder,
    runs: numberOf('runs', 5),
    bytes: numberOf('gib', 10) * 2 ** 30,
    partitions: numberOf('partitions', 4),
    say,
  });
}

async function* flashFigures(folder: string): AsyncGenerator<Figure> {
  yield await measureFlash({
    folder,
    runs: numberOf('runs', 3),
    seconds: numberOf('seconds', 20),
    rate: numberOf('rate', 100),
    sensors: numberOf('connections', 100),
    payloadBytes: numberOf('payload', 200),
    lingerMs: numberOf('linger', 0),
    say,
  });
}

/** Its budget is always 0: nothing may be lost or doubled. */
async function* killFigures(folder: string): AsyncGenerator<Figure> {
  yield await measureKills({
    folder,
    kills: numberOf('kills', 200),
    seed: numberOf('seed', Date.now() % 1_000_000),
    say,
  });
}

async function* replicateFigures(folder: string): AsyncGenerator<Figure> {
  yield* measureReplicate({
    folder,
    runs: numberOf('runs', 3),
    inFlight: numbersOf('in-flight', [50, 500]),
    connections: numberOf('connections', 10),
    payloadBytes: numberOf('payload', 64),
    partitions: numberOf('partitions', 1),
    measureMs: numberOf('seconds', 3) * 1_000,
    natsPrograms: values.nats?.split(',') ?? (hasTool('nats-server') ? ['nats-server'] : []),
    baselinesOnly: values['baselines-only'] ?? false,
    say,
  });
}

async function* failoverFigures(folder: string): AsyncGenerator<Figure> {
  yield* measureFailover({
    folder,
    kills: numberOf('kills', 100),
    victims: values.victims?.split(',') ?? [],
    partitions: numbersOf('partitions', [4, 64]),
    say,
  });
}

const benches = {
  ingest: { figures: ingestFigures, side: 'atLeast' },
  forward: { figures: forwardFigures, side: 'atLeast' },
  idle: { figures: idleFigures, side: 'atMost' },
  flash: { figures: flashFigures, side: 'atMost' },
  recover: { figures: recoverFigures, side: 'atMost' },
  kill: { figures: killFigures, side: 'atMost' },
  replicate: { figures: replicateFigures, side: 'atLeast' },
  failover: { figures: failoverFigures, side: 'atMost' },
} as const;

const run = async (name: keyof typeof benches): Promise<number> => {
  const folder = newFolder();
  try {
    const machine = describeMachine(folder);
    let code = 0;
    for await (const figure of benches[name].figures(folder)) {
      if (!reportFigure(figure, machine, budgetOf(name))) code = 1;
    }
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Always a new folder, also below one that the user names: it is removed at the end. */
const newFolder = (): string => {
  if (values.folder === undefined) return makeTempFolder('bench');
  const parent = resolve(values.folder);
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'shorelog-bench-'));
};

const [name, ...more] = positionals;
if (values.help === true || name === undefined || !(name in benches) || more.length > 0) {
  process.stdout.write(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  try {
    process.exitCode = await run(name as keyof typeof benches);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
