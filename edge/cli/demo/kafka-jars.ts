import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, ok } from '../../../src/base/result.ts';
import type { Result } from '../../../src/base/result.ts';
import { DownloadMeter } from './download-meter.ts';
import type { DownloadProgress } from './download-meter.ts';
import { findMaven } from './java-tools.ts';
import type { KafkaUnavailable } from './java-tools.ts';
import { packageRoot } from './package-root.ts';

/** The Apache Kafka that demo and tests run against. */
export const kafkaVersion = '4.1.1';

/** Written last into a complete folder; its count tells a folder that lost a file afterwards. */
const markerName = 'complete.json';
const downloadMsMax = 15 * 60_000;

/**
 * The folder with Kafka's jars: as it is if it is complete, else filled by one run of Maven. A run
 * that is broken off leaves only a folder that nobody reads, since the finished one appears by a
 * rename.
 */
export const ensureKafkaJars = async (
  onProgress: (progress: DownloadProgress) => void,
): Promise<Result<string, KafkaUnavailable>> => {
  const home = join(kafkaHome(), kafkaVersion);
  const lib = join(home, 'lib');
  if (isComplete(lib)) return ok(lib);
  const maven = findMaven();
  if (!maven.ok) return maven;
  const partial = join(home, `partial-${process.pid}`);
  mkdirSync(partial, { recursive: true });
  try {
    return await download({ maven: maven.value, partial, lib }, onProgress);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
};

/** Whether the jars are there, so that neither Maven nor a network is needed. */
export const hasKafkaJars = (): boolean => isComplete(join(kafkaHome(), kafkaVersion, 'lib'));

/** `.kafka` beside package.json where that can be written, else a cache of the user's. */
const kafkaHome = (): string => {
  const root = packageRoot();
  try {
    accessSync(root, constants.W_OK);
    return join(root, '.kafka');
  } catch {
    return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shorelog', 'kafka');
  }
};

const isComplete = (lib: string): boolean => {
  const marker = join(lib, markerName);
  if (!existsSync(marker)) return false;
  const { jars } = JSON.parse(readFileSync(marker, 'utf8')) as { jars: number };
  return jarsIn(lib).length === jars;
};

const jarsIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jar')) : [];

interface Download {
  readonly maven: string;
  readonly partial: string;
  readonly lib: string;
}

const download = async (
  { maven, partial, lib }: Download,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Result<string, KafkaUnavailable>> => {
  writeFileSync(join(partial, 'pom.xml'), pomText());
  const jarFolder = join(partial, 'lib');
  const args = [
    '-B',
    '-f',
    join(partial, 'pom.xml'),
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${jarFolder}`,
  ];
  const outcome = await runMaven({ maven, args, partial }, onProgress);
  if (!outcome.ok) return outcome;
  const jars = jarsIn(jarFolder);
  if (!jars.some((name) => name.startsWith('kafka_2.13-'))) {
    return fail({ code: 'JARS_FAILED', text: 'Maven ended well but brought no Kafka' });
  }
  onProgress({ jars: jars.length, megabytes: megabytesOf(jarFolder, jars) });
  writeFileSync(join(jarFolder, markerName), JSON.stringify({ jars: jars.length }));
  publish(jarFolder, lib);
  return ok(lib);
};

/** Another process may have finished first: its folder is as good as ours. */
const publish = (jarFolder: string, lib: string): void => {
  if (isComplete(lib)) return;
  rmSync(lib, { recursive: true, force: true });
  renameSync(jarFolder, lib);
};

interface MavenRun {
  readonly maven: string;
  readonly args: readonly string[];
  readonly partial: string;
}

const runMaven = (
  { maven, args, partial }: MavenRun,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Result<void, KafkaUnavailable>> => {
  const child = spawn(maven, [...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: partial });
  const transcript = createWriteStream(join(partial, 'maven.txt'));
  const meter = new DownloadMeter(onProgress);
  let tail = '';
  const take = (chunk: Buffer): void => {
    transcript.write(chunk);
    meter.read(chunk.toString());
    tail = (tail + chunk.toString()).slice(-2_000);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const timer = setTimeout(() => child.kill('SIGKILL'), downloadMsMax);
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return new Promise((resolve) => {
    const settle = (code: number | null): void => {
      clearTimeout(timer);
      process.removeListener('exit', endWithUs);
      transcript.end();
      resolve(code === 0 ? ok(undefined) : fail({ code: 'JARS_FAILED', text: reasonIn(tail) }));
    };
    child.once('error', () => settle(null));
    child.once('close', settle);
  });
};

/** Maven's own first error line, else that it failed. */
const reasonIn = (transcript: string): string => {
  const line = transcript.split('\n').find((text) => text.startsWith('[ERROR]'));
  return line === undefined ? 'Maven failed' : `Maven failed: ${line.slice(8, 300)}`;
};

const megabytesOf = (folder: string, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1e6;

/**
 * Broker and tools without Connect; slf4j-simple because it prints to stderr without a config file.
 */
const pomText = (): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shorelog</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion)}
    ${dependency('org.apache.kafka', 'kafka-tools', kafkaVersion, 'connect-runtime')}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
  </dependencies>
</project>
`;

const dependency = (group: string, artifact: string, version: string, without?: string): string => {
  const exclusion =
    without === undefined
      ? ''
      : element('exclusions', element('exclusion', coordinates(group, without)));
  return element(
    'dependency',
    [coordinates(group, artifact), element('version', version), exclusion].join(''),
  );
};

const coordinates = (group: string, artifact: string): string =>
  element('groupId', group) + element('artifactId', artifact);

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
