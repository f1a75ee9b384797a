import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { packageRoot } from '../../edge/cli/demo/package-root.ts';
import { startTestNode } from '../integration/harness/shorelog-node.ts';
import type { CaseEnd, Suite } from './suite.ts';
import { kafkaPythonSuite } from './kafka-python/suite.ts';
import { librdkafkaSuite } from './librdkafka/suite.ts';
import { mqttSuite } from './mqtt/suite.ts';

const suites: Readonly<Record<string, Suite>> = {
  'kafka-python': kafkaPythonSuite,
  librdkafka: librdkafkaSuite,
  mqtt: mqttSuite,
};

const usage = `npm run conformance -- ${Object.keys(suites).join(' | ')} [CASE...]

Runs another project's own tests against a node. The sources are fetched and built below
.conformance/ the first time. What is left out, and why: test/conformance/*/FINDINGS.md.
Exit code 0: every case passed.
`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const run = async (name: string, suite: Suite, only: readonly string[]): Promise<number> => {
  const folder = resolve(packageRoot(), '.conformance', name);
  mkdirSync(folder, { recursive: true });
  await suite.prepare(folder, say);
  const { node, remove } = await startTestNode('conformance', {
    kafka: { autoCreateTopics: true },
  });
  const ends: CaseEnd[] = [];
  try {
    const { bootstrap, ports } = node;
    for await (const end of suite.run({ folder, bootstrap, mqttPort: ports.mqtt, only })) {
      ends.push(end);
      say(`${end.passed ? 'passed' : 'FAILED'}  ${end.name}  ${end.seconds.toFixed(1)} s`);
      if (!end.passed) say(end.output.split('\n').slice(-15).join('\n'));
    }
  } finally {
    await remove();
  }
  const passed = ends.filter((end) => end.passed).length;
  say(`${name} ${suite.version}: ${passed} passed, ${ends.length - passed} failed`);
  return passed === ends.length && passed > 0 ? 0 : 1;
};

const [name = '', ...only] = process.argv.slice(2);
const suite = suites[name];
if (suite === undefined) {
  process.stdout.write(usage);
  process.exitCode = name === '--help' ? 0 : 2;
} else {
  process.exitCode = await run(name, suite, only);
}
