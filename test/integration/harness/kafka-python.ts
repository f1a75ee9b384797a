import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ReadRecord } from '../../../edge/cli/demo/kcat-reader.ts';

export interface PythonRecord extends ReadRecord {
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, Buffer | undefined])[];
}

export interface PythonTarget {
  readonly bootstrap: string;
  readonly topic: string;
  readonly msMax: number;
}

export interface RecordToProduce {
  readonly partition?: number;
  readonly key?: Buffer | string;
  readonly value?: Buffer | string;
}

const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('kafka_python.py', import.meta.url));

/** Whether the system's Python has kafka-python; with REQUIRE_TOOLS=1 its absence is a failure. */
export const hasKafkaPython = (): boolean => {
  if (spawnSync(python, ['-c', 'import kafka'], { stdio: 'ignore' }).status === 0) return true;
  if (process.env['REQUIRE_TOOLS'] === '1') throw new Error('not installed: kafka-python');
  return false;
};

/**
 * All records of a topic up to its present end, each partition in order. Rejects when the script
 * fails.
 */
export const readAllWithKafkaPython = async (target: PythonTarget): Promise<PythonRecord[]> => {
  const lines = await runScript('consume', target, '');
  return lines.map((line) => {
    const raw = JSON.parse(line) as RawRecord;
    return {
      partition: raw.partition,
      offset: raw.offset,
      timestamp: raw.timestamp,
      key: fromBase64(raw.key),
      value: fromBase64(raw.value),
      headers: raw.headers.map(([name, value]) => [name, fromBase64(value)] as const),
    };
  });
};

/** Produces with acks=all; the answer says where each record went, in the order given. */
export const produceWithKafkaPython = async (
  target: PythonTarget,
  records: readonly RecordToProduce[],
): Promise<{ readonly partition: number; readonly offset: number }[]> => {
  const input = records.map(({ partition, key, value }) =>
    JSON.stringify({ partition, key: toBase64(key), value: toBase64(value) }),
  );
  const lines = await runScript('produce', target, `${input.join('\n')}\n`);
  return lines.map((line) => JSON.parse(line) as { partition: number; offset: number });
};

interface RawRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

const fromBase64 = (text: string | null): Buffer | undefined =>
  text === null ? undefined : Buffer.from(text, 'base64');

const toBase64 = (data: Buffer | string | undefined): string | null =>
  data === undefined ? null : Buffer.from(data).toString('base64');

const runScript = (
  verb: 'consume' | 'produce',
  { bootstrap, topic, msMax }: PythonTarget,
  input: string,
): Promise<string[]> => {
  const args = [script, verb, bootstrap, topic, `${msMax / 1_000}`];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on(
    'data',
    (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-1_000)),
  );
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  // The script has the same limit; this one is for a script that hangs.
  const timer = setTimeout(() => child.kill('SIGKILL'), msMax + 5_000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
      if (code === 0) resolve(lines);
      else reject(new Error(`kafka-python ended with ${code ?? 'a kill'}: ${complaint.trim()}`));
    });
  });
};
