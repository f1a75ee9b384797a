import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../integration/harness/run-program.ts';
import { prepareStep, runCase, type Suite } from '../suite.ts';

const version = '2.0.2';
const sourcesFolder = '/etc/apt/sources.list.d';
const buildMsMax = 20 * 60_000;
const caseMsMax = 150_000;

/** Its tests by number that speak only of what is served: FINDINGS.md has the others. */
const cases = readFileSync(new URL('cases.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d{4}/.test(line))
  .map((line) => line.slice(0, 4));

/**
 * librdkafka's own tests, from the source package of Debian 12. Needs apt with its package sources
 * in `sources.list.d`, gcc, g++ and make.
 */
export const librdkafkaSuite: Suite = {
  version,
  async prepare(folder, say) {
    if (existsSync(join(testsOf(folder), 'test-runner'))) return;
    say('fetching and building librdkafka (some minutes) ...');
    await fetchSource(folder);
    const cwd = ['-C', join(folder, `librdkafka-${version}`)];
    const configure = `cd ${JSON.stringify(cwd[1])} && ./configure --disable-sasl --disable-ssl`;
    await prepareStep({ command: 'sh', args: ['-c', configure], msMax: buildMsMax });
    await prepareStep({ command: 'make', args: [...cwd, '-j2', 'libs'], msMax: buildMsMax });
    const tests = ['-C', testsOf(folder), '-j2', 'build'];
    await prepareStep({ command: 'make', args: tests, msMax: buildMsMax });
  },
  async *run({ folder, bootstrap, only }) {
    const tests = testsOf(folder);
    const config = `bootstrap.servers=${bootstrap}\nbroker.address.family=v4\n`;
    writeFileSync(join(tests, 'test.conf'), config);
    for (const name of only.length > 0 ? only : cases) {
      const env = {
        TESTS: name,
        LD_LIBRARY_PATH: '../src:../src-cpp',
        TEST_KAFKA_VERSION: '2.8.0',
      };
      const script = `cd ${JSON.stringify(tests)} && exec ./test-runner -p1`;
      yield await runCase(name, { command: 'sh', args: ['-c', script], env, msMax: caseMsMax });
    }
  },
};

const testsOf = (folder: string): string => join(folder, `librdkafka-${version}`, 'tests');

/**
 * By apt, with sources and lists of its own: the machine's settings stay as they are. In folders of
 * their own: it cleans that of its lists.
 */
async function fetchSource(folder: string): Promise<void> {
  const [sources, lists] = [join(folder, 'apt'), join(folder, 'apt-lists')];
  mkdirSync(sources, { recursive: true });
  mkdirSync(join(lists, 'partial'), { recursive: true });
  for (const name of readdirSync(sourcesFolder).filter((each) => each.endsWith('.sources'))) {
    const text = readFileSync(join(sourcesFolder, name), 'utf8');
    writeFileSync(join(sources, name), text.replaceAll(/^Types: deb$/gm, 'Types: deb-src'));
  }
  const own = [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${sources}`,
    `Dir::State::lists=${lists}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await prepareStep({ command: 'apt-get', args: [...own, '-qq', 'update'], msMax: 120_000 });
  const get = `cd ${JSON.stringify(folder)} && apt-get "$@"`;
  const source = [...own, '-qq', 'source', '--download-only', 'librdkafka'];
  await prepareStep({ command: 'sh', args: ['-c', get, 'sh', ...source], msMax: 120_000 });
  const archive = join(folder, `librdkafka_${version}.orig.tar.gz`);
  const unpack = ['-C', folder, '-xzf', archive];
  const end = await runProgram({ command: 'tar', args: unpack });
  if (end.code !== 0) throw new Error(`no librdkafka ${version} in the package sources`);
}
