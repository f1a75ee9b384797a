import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { findJava } from '../../../edge/cli/demo/java-tools.ts';
import { ensureKafkaJars } from '../../../edge/cli/demo/kafka-jars.ts';

/** Kafka's own reader of segment files. */
export interface DumpTool {
  readonly java: string;
  readonly classPath: string;
}

/** One record as the tool printed it. */
export interface DumpedRecord {
  readonly offset: number;
  readonly isControl: boolean;
  readonly payload: string;
}

export interface Dump {
  readonly code: number;
  /** Lines that speak of an error, and everything on stderr. */
  readonly complaints: readonly string[];
  /** `<folder>/<segment file>` to its records; index files are not in it. */
  readonly records: ReadonlyMap<string, readonly DumpedRecord[]>;
  /** Entries that the tool listed of all `.index` and `.timeindex` files. */
  readonly indexEntries: number;
}

/** The tool, or a skip with the reason; with REQUIRE_KAFKA=1 its absence fails. */
export const requireDumpTool = async (context: Pick<TestContext, 'skip'>): Promise<DumpTool> => {
  const java = findJava();
  const jars = java.ok ? await ensureKafkaJars(() => {}) : java;
  if (java.ok && jars.ok) return { java: java.value, classPath: join(jars.value, '*') };
  const reason = `no Kafka tools: ${jars.ok ? '' : jars.error.text}`;
  if (process.env['REQUIRE_KAFKA'] === '1') throw new Error(reason);
  return context.skip(reason);
};

/** Every `.log`, `.index` and `.timeindex` below a folder. */
export const segmentFilesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\d{20}\.(?:log|index|timeindex)$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));

/** `DumpLogSegments --deep-iteration --print-data-log` over the files, in one run. */
export const dumpLogSegments = (tool: DumpTool, files: readonly string[]): Promise<Dump> => {
  const args = [
    ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', tool.classPath],
    ...['kafka.tools.DumpLogSegments', '--deep-iteration', '--print-data-log'],
    ...['--files', files.join(',')],
  ];
  return new Promise((resolve) => {
    const limits = { timeout: 60_000, maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(tool.java, args, limits, (error, stdout, stderr) => {
      process.removeListener('exit', endWithUs);
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve(parseDump(code, stdout, stderr));
    });
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
  });
};

/** A batch with a wrong CRC is only `isvalid: false` to the tool. */
const errorWords = /\bFound\b|mismatch|invalid|isvalid: false|Exception|out of order/i;

/** What the tool printed, taken apart. */
export const parseDump = (code: number, stdout: string, stderr: string): Dump => {
  const complaints = stderr.split('\n').filter((line) => line !== '');
  const records = new Map<string, DumpedRecord[]>();
  let current: DumpedRecord[] = [];
  let indexEntries = 0;
  for (const line of stdout.split('\n')) {
    const file = /^Dumping (.+)$/.exec(line)?.[1];
    if (file !== undefined) {
      current = [];
      if (file.endsWith('.log')) records.set(nameOf(file), current);
    } else if (line.startsWith('| offset:')) current.push(recordOf(line));
    // A payload is the sensor's and may say anything.
    else if (errorWords.test(line)) complaints.push(line);
    if (/^(?:offset: \d+ position|timestamp: \d+ offset)/.test(line)) indexEntries += 1;
  }
  return { code, complaints, records, indexEntries };
};

const nameOf = (file: string): string => join(basename(dirname(file)), basename(file));

const recordOf = (line: string): DumpedRecord => ({
  offset: Number(/offset: (\d+)/.exec(line)?.[1]),
  isControl: /controlType: |LeaderChange: |EndTxnMarker|endTxnMarker/.test(line),
  payload: / payload: (.*)$/.exec(line)?.[1]?.trimEnd() ?? '',
});
