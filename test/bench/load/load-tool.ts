import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../edge/cli/demo/package-root.ts';

export interface LoadShape {
  readonly connections: number;
  /** Unanswered publishes of each connection. */
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly qos: 0 | 1 | 2;
  /** Publishes a second over all connections, on schedule; 0: as many as the window allows. */
  readonly rate: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly acked: number;
  readonly sent: number;
  readonly seconds: number;
  /** PUBACKs at QoS 1, PUBCOMPs at QoS 2, publishes that the sockets took at QoS 0. */
  readonly perSecond: number;
  readonly ackP50Us: number;
  readonly ackP99Us: number;
  readonly ackP999Us: number;
}

/** The load tools, each a C program of one file beside this one. */
export type LoadToolName = 'mqtt-load' | 'nats-load';

/**
 * Compiles a load tool where it is older than its source, and returns its path. Throws without a C
 * compiler.
 */
export const buildLoadTool = (name: LoadToolName = 'mqtt-load'): string => {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const folder = join(packageRoot(), 'dist-test', 'bench');
  const program = join(folder, name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(folder, { recursive: true });
  const compiled = spawnSync('cc', ['-O2', '-Wall', '-o', program, source], { encoding: 'utf8' });
  if (compiled.error !== undefined) {
    throw new Error('the load tool is written in C and needs a C compiler named cc (Debian: gcc)');
  }
  if (compiled.status !== 0) throw new Error(`cc failed on ${name}.c:\n${compiled.stderr}`);
  return program;
};

/** One run against a server on loopback. Rejects with what the tool complains about. */
export const runLoad = (program: string, port: number, shape: LoadShape): Promise<LoadResult> => {
  const { connections, inFlight, payloadBytes, qos, rate, warmUpMs, measureMs } = shape;
  const numbers = [port, connections, inFlight, payloadBytes, qos, warmUpMs, measureMs, rate];
  return runTool(program, ['127.0.0.1', ...numbers.map(String)], shape);
};

/** What `nats-load` does: a window of publishes to a stream, as fast as it goes. */
export type NatsShape = Omit<LoadShape, 'qos' | 'rate'>;

/** One run against a NATS server on loopback. Rejects with what the tool complains about. */
export const runNatsLoad = (
  program: string,
  target: { readonly port: number; readonly subject: string },
  shape: NatsShape,
): Promise<LoadResult> => {
  const { connections, inFlight, payloadBytes, warmUpMs, measureMs } = shape;
  const numbers = [target.port, connections, inFlight, payloadBytes, warmUpMs, measureMs];
  return runTool(program, ['127.0.0.1', ...numbers.map(String), target.subject], shape);
};

const runTool = (
  program: string,
  args: readonly string[],
  { warmUpMs, measureMs }: Pick<LoadShape, 'warmUpMs' | 'measureMs'>,
): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const timeout = warmUpMs + measureMs + 30_000;
    execFile(program, [...args], { timeout }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as LoadResult);
      else reject(new Error(stderr.trim() || error.message));
    });
  });
