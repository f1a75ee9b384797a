import { parseArgs } from 'node:util';
import { fuzzTargets } from './fuzz-targets.ts';
import { fuzz } from './engine/fuzzer.ts';
import { keepInput, readCorpus } from './engine/corpus.ts';

const usage = `npm run fuzz -- --target NAME [options]

  --target NAME     one of: ${[...fuzzTargets.keys()].join(', ')}; or all
  --executions N    default 100000
  --seed S          default 1; the same seed gives the same inputs
  --seconds N       of the processor: ends then, and says how many executions were done
  --keep            keeps the reproducer of a finding in test/fuzz/corpus

One JSON line for each target; exit code 1 at the first finding.
`;

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    executions: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    keep: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

const numberOf = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is no number`);
  return value;
};

/** Runs one target and prints its line; false if something was found. */
async function run(name: string): Promise<boolean> {
  const target = await fuzzTargets.get(name)?.();
  if (target === undefined) throw new Error(`no target ${name}\n\n${usage}`);
  const report = await fuzz(target, {
    executions: numberOf(values.executions),
    seed: numberOf(values.seed),
    corpus: readCorpus(name).map(({ bytes }) => bytes),
    ...(values.seconds === undefined ? {} : { secondsMax: numberOf(values.seconds) }),
  });
  await target.stop?.();
  const { finding, seconds, ...counts } = report;
  const perSecond = Math.round(counts.executions / Math.max(seconds, 0.001));
  const line = { target: name, ...counts, seconds: Math.round(seconds * 10) / 10, perSecond };
  if (finding === undefined) {
    process.stdout.write(`${JSON.stringify({ ...line, finding: null })}\n`);
    return true;
  }
  const { kind, text, input } = finding;
  const base64 = Buffer.from(input).toString('base64');
  process.stdout.write(`${JSON.stringify({ ...line, finding: { kind, text, base64 } })}\n`);
  if (values.keep === true) process.stderr.write(`kept as ${keepInput(name, kind, input)}\n`);
  return false;
}

const chosen = values.target === 'all' ? [...fuzzTargets.keys()] : [values.target ?? ''];
if (values.help === true || values.target === undefined) {
  process.stderr.write(usage);
  process.exit(values.help === true ? 0 : 2);
}
// The loader's way of naming lines makes an error's text cost a hundred times the error.
process.setSourceMapsEnabled(false);
let isClean = true;
for (const name of chosen) isClean = (await run(name)) && isClean;
process.exit(isClean ? 0 : 1);
