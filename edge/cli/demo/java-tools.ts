import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail, ok } from '../../../src/base/result.ts';
import type { Result } from '../../../src/base/result.ts';

/** Why there is no Apache Kafka on this machine. */
export interface KafkaUnavailable {
  readonly code: 'JAVA_MISSING' | 'JAVA_TOO_OLD' | 'MAVEN_MISSING' | 'JARS_FAILED' | 'START_FAILED';
  readonly text: string;
}

/** Kafka 4 brokers and tools need it. */
const javaMajorMin = 17;

/** The `java` to run: JAVA_HOME's, else the PATH's, at least 17. */
export const findJava = (): Result<string, KafkaUnavailable> => {
  const home = process.env['JAVA_HOME'];
  const command = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const run = spawnSync(command, ['-version'], { encoding: 'utf8' });
  if (run.error !== undefined || run.status !== 0) {
    return fail({ code: 'JAVA_MISSING', text: `no Java found (tried ${command})` });
  }
  const major = javaMajorOf(run.stderr);
  if (major !== undefined && major >= javaMajorMin) return ok(command);
  const found = major === undefined ? 'a Java of unknown version' : `Java ${major}`;
  return fail({
    code: 'JAVA_TOO_OLD',
    text: `Kafka needs Java ${javaMajorMin} or later, found ${found}`,
  });
};

/** The major version in what `java -version` prints; `1.8` counts as 8. */
export const javaMajorOf = (text: string): number | undefined => {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  return first === 1 && match[2] !== undefined ? Number(match[2]) : first;
};

/** The `mvn` to run. */
export const findMaven = (): Result<string, KafkaUnavailable> => {
  const run = spawnSync('mvn', ['-v'], { encoding: 'utf8' });
  if (run.error === undefined && run.status === 0) return ok('mvn');
  return fail({ code: 'MAVEN_MISSING', text: 'no Maven found (tried mvn)' });
};
