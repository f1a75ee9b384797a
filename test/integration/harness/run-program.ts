import { spawn } from 'node:child_process';

export interface ProgramRun {
  readonly command: string;
  readonly args: readonly string[];
  /** What it reads from stdin; default nothing. */
  readonly input?: string | Buffer;
  /** Default 30 s; then SIGKILL. */
  readonly msMax?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProgramEnd {
  /** null: it was killed, by us after `msMax` or by someone else. */
  readonly code: number | null;
  readonly out: Buffer;
  readonly error: string;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export const runProgram = (run: ProgramRun): Promise<ProgramEnd> => {
  const env = { ...process.env, ...run.env };
  const child = spawn(run.command, [...run.args], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const out: Buffer[] = [];
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  // A program that ends early does not read the rest.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), run.msMax ?? 30_000);
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.removeListener('exit', endWithUs);
      resolve({ code, out: Buffer.concat(out), error });
    });
  });
};

/** kcat with its arguments. */
export const runKcat = (args: readonly string[], input = '', msMax = 30_000): Promise<ProgramEnd> =>
  runProgram({ command: 'kcat', args, input, msMax });
