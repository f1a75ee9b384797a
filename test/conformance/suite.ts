import { runProgram, type ProgramRun } from '../integration/harness/run-program.ts';

/** How one case of somebody else's suite ended. */
export interface CaseEnd {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** What it printed. */
  readonly output: string;
}

export interface SuiteRun {
  readonly folder: string;
  /** host:port of the node. */
  readonly bootstrap: string;
  readonly mqttPort: number;
  /** Cases to run; none named: all. */
  readonly only: readonly string[];
}

/** Another project's tests of a Kafka or MQTT broker. */
export interface Suite {
  readonly version: string;
  /** Fetches and builds it below `folder`, if it is not there yet. */
  prepare(folder: string, say: (text: string) => void): Promise<void>;
  run(run: SuiteRun): AsyncIterable<CaseEnd>;
}

/** Runs one step of a preparation; throws with what it printed if it fails. */
export async function prepareStep(run: ProgramRun): Promise<void> {
  const end = await runProgram(run);
  if (end.code === 0) return;
  const printed = `${end.out.toString()}${end.error}`.split('\n').slice(-20).join('\n');
  throw new Error(`${run.command} ${run.args.join(' ')} failed:\n${printed}`);
}

/** Runs one case: passed if the program ends with 0 in its time. */
export async function runCase(name: string, run: ProgramRun): Promise<CaseEnd> {
  const start = performance.now();
  const end = await runProgram(run);
  const seconds = (performance.now() - start) / 1_000;
  return { name, passed: end.code === 0, seconds, output: `${end.out.toString()}${end.error}` };
}
