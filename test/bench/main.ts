import { parseArgs } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeTempFolder } from '../integration/harness/temp-folder.ts';
import { measureRecover } from './recover.ts';
import { reportFigure } from './figure.ts';
import type { Budget, Figure } from './figure.ts';
import { measureFlash } from './flash.ts';
import { measureForward } from './forward.ts';
import { measureIdle } from './idle.ts';
import { measureIngest } from './ingest.ts';
import { measureKills } from './kill.ts';
import { describeMachine } from './machine.ts';

const usage = `npm run bench -- ingest | forward | idle | flash | recover | kill [options]

  --runs N            figures are medians of N runs (default 3; forward 1)
  --folder DIR        where data goes (default: a temporary folder); memory file systems are refused
  --budget N          exit code 1 unless the figure is at least (idle: at most) N
ingest
  --seconds S         of measuring, after 1 s of warming up (default 5)
  --connections N     default 10
  --in-flight N,N     unanswered publishes of each connection, one figure each (default 50,500)
  --payload BYTES     default 64
  --qos 0|1           default 1
  --baselines-only    without a node; the figure is void
forward
  --records N         default 1000000
  --record-bytes N    default 200
  --partitions N      default 4
  --cases A,B         forward, forwardRebuild, forwardRebuildGzip, forwardCatchUp (default: all)
idle
  --seconds S         of rest before weighing (default 10)
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
    'baselines-only': { type: 'boolean' },
    records: { type: 'string' },
    'record-bytes': { type: 'string' },
    partitions: { type: 'string' },
    cases: { type: 'string' },
    rate: { type: 'string' },
    gib: { type: 'string' },
    linger: { type: 'string' },
    kills: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});

type NumberFlag = Exclude<
  keyof typeof values,
  'folder' | 'in-flight' | 'cases' | 'baselines-only' | 'help'
>;

const numberOf = (name: NumberFlag, byDefault: number): number => {
  const value = Number(values[name] ?? byDefault);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number`);
  return value;
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const budgetOf = (name: keyof typeof benches): Budget | undefined => {
  if (values.budget === undefined && name !== 'kill') return undefined;
  return { limit: numberOf('budget', 0), side: benches[name].side };
};

async function* ingestFigures(folder: string): AsyncGenerator<Figure> {
  for (const text of (values['in-flight'] ?? '50,500').split(',')) {
    const shape = {
      connections: numberOf('connections', 10),
      inFlight: Number(text),
      payloadBytes: numberOf('payload', 64),
      qos: numberOf('qos', 1) === 0 ? (0 as const) : (1 as const),
      warmUpMs: 1_000,
      measureMs: numberOf('seconds', 5) * 1_000,
    };
    const baselinesOnly = values['baselines-only'] ?? false;
    yield await measureIngest({ folder, runs: numberOf('runs', 3), shape, baselinesOnly, say });
  }
}

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
    seconds: numberOf('seconds', 10),
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

const benches = {
  ingest: { figures: ingestFigures, side: 'atLeast' },
  forward: { figures: forwardFigures, side: 'atLeast' },
  idle: { figures: idleFigures, side: 'atMost' },
  flash: { figures: flashFigures, side: 'atMost' },
  recover: { figures: recoverFigures, side: 'atMost' },
  kill: { figures: killFigures, side: 'atMost' },
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
