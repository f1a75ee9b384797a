import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareStep, runCase, type Suite } from '../suite.ts';

const version = '2.3.3';
const msMax = 300_000;

const files = ['test_producer_integration.py', 'test_consumer_integration.py'];

/** FINDINGS.md says why. */
const leftOut = [
  'test_transactional_producer_messages',
  'test_transactional_producer_offsets',
  'test_kafka_consumer__offset_commit_resume',
  'test_kafka_consumer_max_bytes_one_msg',
  'test_kafka_producer_proper_record_metadata',
  'test_kafka_consumer_offsets_for_time',
  'test_kafka_consumer_offsets_search_many_partitions',
  'test_kafka_consumer_position_after_seek_to_end',
];

/** kafka-python's own integration tests, from its source package, in a virtual environment. */
export const kafkaPythonSuite: Suite = {
  version,
  async prepare(folder, say) {
    const python = join(folder, 'venv', 'bin', 'python');
    if (!existsSync(join(folder, 'ready'))) {
      say('fetching kafka-python ...');
      await prepareStep({ command: 'python3', args: ['-m', 'venv', join(folder, 'venv')], msMax });
      const tools = ['setuptools', 'wheel', 'pytest', 'python-snappy', 'lz4', 'zstandard'];
      const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check'];
      await prepareStep({ command: python, args: [...pip, 'install', ...tools], msMax });
      const source = [
        '--no-deps',
        '--no-build-isolation',
        '--no-binary',
        ':all:',
        '--dest',
        folder,
      ];
      const wanted = `kafka-python==${version}`;
      await prepareStep({ command: python, args: [...pip, 'download', ...source, wanted], msMax });
      const archive = join(folder, `kafka_python-${version}.tar.gz`);
      await prepareStep({ command: 'tar', args: ['-C', folder, '-xzf', archive] });
      // Without it Python's own `test` package is found first.
      writeFileSync(join(rootOf(folder), 'test', '__init__.py'), '');
      writeFileSync(join(folder, 'ready'), '');
    }
    const fixtures = fileURLToPath(new URL('conftest.py', import.meta.url));
    copyFileSync(fixtures, join(rootOf(folder), 'test', 'integration', 'conftest.py'));
  },
  async *run({ folder, bootstrap, only }) {
    const python = join(folder, 'venv', 'bin', 'python');
    const root = rootOf(folder);
    const filter =
      only.length > 0 ? only.join(' or ') : leftOut.map((n) => `not ${n}`).join(' and ');
    const env = {
      PYTHONPATH: root,
      KAFKA_VERSION: '2.8.0',
      SHORELOG_BOOTSTRAP: bootstrap,
    };
    for (const file of files) {
      const path = join(root, 'test', 'integration', file);
      const args = ['-m', 'pytest', '-q', '--rootdir', root, '-k', filter, path];
      const end = await runCase(file, { command: python, args, env, msMax });
      yield { ...end, name: `${file}: ${end.output.trim().split('\n').at(-1) ?? ''}` };
    }
  },
};

const rootOf = (folder: string): string => join(folder, `kafka_python-${version}`);
