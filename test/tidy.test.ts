import { beforeAll, describe, expect, test } from 'vitest';
import { blankOut } from './tidy/blank-out.ts';
import { cycleRule } from './tidy/cycles.ts';
import { floorRule } from './tidy/floors.ts';
import { mirrorRule } from './tidy/mirror.ts';
import { dependencyRule, lockRule, machinePathRule, manifestRule } from './tidy/packages.ts';
import { isHot, parameterRule } from './tidy/parameters.ts';
import {
  barrelRule,
  columnRule,
  fileNameRule,
  moduleStateRule,
  sizeNotices,
  sizeRule,
  synchronousRule,
  unfinishedRule,
} from './tidy/shape.ts';
import { readSourceTree, sourceFile, type Rule, type SourceFile } from './tidy/source-tree.ts';
import { wordRule } from './tidy/words.ts';

const rules: Readonly<Record<string, Rule>> = {
  'every import goes down or across its floor': floorRule,
  'no import cycles, type imports included': cycleRule,
  'no identifier of ours uses a banned word': wordRule,
  'no product file has more than 400 lines': sizeRule,
  'no line has more than 100 columns': columnRule,
  'no module has mutable state': moduleStateRule,
  'no barrels': barrelRule,
  'files are kebab-case and named after what they export': fileNameRule,
  'at most 4 parameters, 8 where it is hot': parameterRule,
  'src has no clock, randomness or timers, and only src/log awaits': synchronousRule,
  'nothing is marked as unfinished, no test runs alone': unfinishedRule,
  'unit tests mirror the source tree': mirrorRule,
  'versions are exact and every dependency is used': manifestRule,
  'product code imports only what is installed with it': dependencyRule,
  'the lock file is complete and names no addresses': lockRule,
  'no path of one machine': machinePathRule,
};

describe('the tree', () => {
  let tree: readonly SourceFile[] = [];
  beforeAll(() => {
    tree = readSourceTree();
    expect(tree.length).toBeGreaterThan(10);
  });

  test.each(Object.entries(rules))('%s', (_name, rule) => {
    const found = rule(tree).map(({ path, line, text }) => `${path}:${line} ${text}`);
    expect(found).toEqual([]);
  });

  test('files past the soft limit are named', () => {
    for (const notice of sizeNotices(tree)) process.stdout.write(`soft limit: ${notice}\n`);
  });
});

/** A rule, the files it must refuse with the line, and the files it must let pass. */
type Files = Readonly<Record<string, string>>;
const planted: readonly (readonly [string, Rule, Files, readonly string[]])[] = [
  [
    'base imports a port',
    floorRule,
    { 'src/base/a.ts': "import type { B } from '../ports/b.ts';" },
    ['src/base/a.ts:1'],
  ],
  [
    'ports import code',
    floorRule,
    { 'src/ports/a.ts': "import { b } from '../base/b.ts';" },
    ['src/ports/a.ts:1'],
  ],
  [
    'wire imports the core',
    floorRule,
    { 'src/wire/kafka/a.ts': "\nimport { b } from '../../core/b.ts';" },
    ['src/wire/kafka/a.ts:2'],
  ],
  [
    'wire imports code of a port',
    floorRule,
    { 'src/wire/a.ts': "import { b } from '../ports/b.ts';" },
    ['src/wire/a.ts:1'],
  ],
  [
    'wire/kafka imports protobufjs',
    floorRule,
    { 'src/wire/kafka/a.ts': "import p from 'protobufjs/minimal';" },
    ['src/wire/kafka/a.ts:1'],
  ],
  [
    'the core imports the log',
    floorRule,
    { 'src/core/a.ts': "import type { B } from '../log/b.ts';" },
    ['src/core/a.ts:1'],
  ],
  [
    'the core imports Node',
    floorRule,
    { 'src/core/a.ts': "import 'node:fs';" },
    ['src/core/a.ts:1'],
  ],
  [
    'the client imports the core',
    floorRule,
    { 'src/client/a.ts': "export * from '../core/b.ts';" },
    ['src/client/a.ts:1'],
  ],
  [
    'the log imports wire/mqtt',
    floorRule,
    { 'src/log/a.ts': "import { b } from '../wire/mqtt/b.ts';" },
    ['src/log/a.ts:1'],
  ],
  [
    'the log imports by import()',
    floorRule,
    { 'src/log/a.ts': "const b = await import('../core/b.ts');" },
    ['src/log/a.ts:1'],
  ],
  [
    'edge imports cloud-sync',
    floorRule,
    { 'edge/a.ts': "import { b } from '../cloud-sync/b.ts';" },
    ['edge/a.ts:1'],
  ],
  [
    'cloud-sync imports edge',
    floorRule,
    { 'cloud-sync/a.ts': "import { b } from '../edge/b.ts';" },
    ['cloud-sync/a.ts:1'],
  ],
  [
    'edge imports a test',
    floorRule,
    { 'edge/cli/a.ts': "import { b } from '../../test/b.ts';" },
    ['edge/cli/a.ts:1'],
  ],
  ['a file on no floor', floorRule, { 'src/other/a.ts': '' }, ['src/other/a.ts:0']],
  [
    'allowed imports',
    floorRule,
    {
      'src/core/kafka/a.ts':
        "import type { C } from '../../config/c.ts';\nimport { w } from '../../wire/kafka/w.ts';\n" +
        "import { k } from '../../client/kafka/k.ts';\nimport type {\n  P,\n} from '../../ports/p.ts';",
      'src/config/a.ts': "import { z } from 'zod';",
      'src/log/a.ts': "import { DiskError } from '../ports/disk.ts';",
      'src/wire/state/a.ts': "import p from 'protobufjs/minimal.js';",
      'edge/a.ts':
        "// import { b } from '../cloud-sync/b.ts';\nimport { readFile } from 'node:fs';",
    },
    [],
  ],
  [
    'a cycle of type imports',
    cycleRule,
    {
      'src/core/a.ts': "import type { B } from './b.ts';",
      'src/core/b.ts': "import { a } from './a.ts';",
    },
    ['src/core/b.ts:1'],
  ],
  [
    'a diamond is no cycle',
    cycleRule,
    {
      'src/core/a.ts': "import './b.ts';\nimport './c.ts';",
      'src/core/b.ts': "import './d.ts';",
      'src/core/c.ts': "import './d.ts';",
      'src/core/d.ts': '',
    },
    [],
  ],
  ['a variable', wordRule, { 'src/core/a.ts': 'const lastMessage = 1;' }, ['src/core/a.ts:1']],
  [
    'a parameter',
    wordRule,
    { 'edge/a.ts': 'function f(remoteHost: string): void {}' },
    ['edge/a.ts:1'],
  ],
  ['a lambda', wordRule, { 'edge/a.ts': 'f((a, msg) => a);' }, ['edge/a.ts:1']],
  [
    'a field',
    wordRule,
    { 'src/core/a.ts': 'interface A {\n  readonly lso?: number;\n}' },
    ['src/core/a.ts:2'],
  ],
  ['a private field', wordRule, { 'edge/a.ts': 'class A {\n  #logger = 1;\n}' }, ['edge/a.ts:2']],
  [
    'a method',
    wordRule,
    { 'edge/a.ts': 'class A {\n  onMessage(a: A): void {\n  }\n}' },
    ['edge/a.ts:2'],
  ],
  [
    'a destructured name',
    wordRule,
    { 'edge/a.ts': 'const { a, value: cloud } = b;' },
    ['edge/a.ts:1'],
  ],
  [
    'a type',
    wordRule,
    { 'src/wire/a.ts': 'export type KafkaMessage = string;' },
    ['src/wire/a.ts:1'],
  ],
  ['a file', wordRule, { 'src/wire/message-set.ts': '' }, ['src/wire/message-set.ts:0']],
  ['a byte place', wordRule, { 'src/log/a.ts': 'const fileOffset = 1;' }, ['src/log/a.ts:1']],
  [
    'uses, comments, strings and the names of others',
    wordRule,
    {
      'edge/a.ts':
        "// the message\nconst a = error.message ?? socket.remoteAddress;\nconst b = 'cloud message: lso';\n" +
        'const c = a ? error.message : b;\nconst d = new DataView(a.buffer, a.byteOffset);',
      'test/integration/a.ts': 'send({ topic, messages: [] });',
    },
    [],
  ],
  ['401 lines', sizeRule, { 'edge/a.ts': 'a;\n'.repeat(401) }, ['edge/a.ts:0']],
  ['400 lines', sizeRule, { 'edge/a.ts': 'a;\n'.repeat(400), 'test/a.ts': 'a;\n'.repeat(900) }, []],
  ['101 columns', columnRule, { 'edge/a.ts': `\n//${'x'.repeat(99)}` }, ['edge/a.ts:2']],
  ['100 columns', columnRule, { 'edge/a.ts': `\n//${'x'.repeat(98)}` }, []],
  [
    'a literal of 200 columns',
    columnRule,
    { 'edge/a.ts': `const a = '${'x y '.repeat(50)}';` },
    [],
  ],
  ['a module-level let', moduleStateRule, { 'edge/a.ts': 'export let a = 1;' }, ['edge/a.ts:1']],
  [
    'a module-level cache',
    moduleStateRule,
    { 'src/core/a.ts': 'const seen = new Map<string, number>();' },
    ['src/core/a.ts:1'],
  ],
  [
    'a module-level list',
    moduleStateRule,
    { 'src/core/a.ts': 'const seen: string[] = [];' },
    ['src/core/a.ts:1'],
  ],
  [
    'constants and locals',
    moduleStateRule,
    { 'src/core/a.ts': "const a = new Map([['b', 1]]);\nfunction f() {\n  let c = 1;\n}" },
    [],
  ],
  [
    'a barrel',
    barrelRule,
    { 'src/core/a.ts': "// doors\nexport * from './b.ts';\nexport { c } from './c.ts';" },
    ['src/core/a.ts:0'],
  ],
  [
    'a file that adds something',
    barrelRule,
    { 'src/core/a.ts': "export { c } from './c.ts';\nexport const d = 1;" },
    [],
  ],
  ['camelCase file', fileNameRule, { 'edge/kafkaListener.ts': '' }, ['edge/kafkaListener.ts:0']],
  [
    'a file named after nothing',
    fileNameRule,
    { 'edge/utils.ts': 'export const listen = 1;' },
    ['edge/utils.ts:0'],
  ],
  [
    'good names',
    fileNameRule,
    {
      'src/core/kafka/handlers/00-produce.ts': 'export const handleProduce = 1;',
      'src/log/time-index.ts': 'export class TimeIndex {}',
      'src/base/bytes.ts': 'export class ByteReader {}',
      'edge/cli/main.ts': '',
    },
    [],
  ],
  ['the clock', synchronousRule, { 'src/log/a.ts': 'const a = Date.now();' }, ['src/log/a.ts:1']],
  ['a timer', synchronousRule, { 'src/core/a.ts': 'setTimeout(f, 1);' }, ['src/core/a.ts:1']],
  ['randomness', synchronousRule, { 'src/core/a.ts': 'Math.random();' }, ['src/core/a.ts:1']],
  ['an await in the core', synchronousRule, { 'src/core/a.ts': 'await a;' }, ['src/core/a.ts:1']],
  [
    'an await in the log, a clock at the edge',
    synchronousRule,
    { 'src/log/a.ts': 'await a;', 'edge/a.ts': 'Date.now();' },
    [],
  ],
  ['unfinished work', unfinishedRule, { 'edge/a.ts': `// ${'TO'}DO: later` }, ['edge/a.ts:1']],
  ['a lone test', unfinishedRule, { 'test/a.test.ts': 'test.only(a);' }, ['test/a.test.ts:1']],
  [
    'a test without source',
    mirrorRule,
    { 'test/unit/log/a.test.ts': '' },
    ['test/unit/log/a.test.ts:0'],
  ],
  [
    'tests with their sources',
    mirrorRule,
    {
      'src/log/a.ts': '',
      'edge/b.ts': '',
      'test/unit/log/a.recovery.test.ts': '',
      'test/unit/edge/b.test.ts': '',
      'test/unit/log/both.test.ts': "import { a } from '../../../src/log/a.ts';",
    },
    [],
  ],
  [
    'a caret',
    manifestRule,
    { 'package.json': '{"devDependencies":{"a":"^1.0.0"}}' },
    ['package.json:0'],
  ],
  [
    'an unused dependency',
    manifestRule,
    { 'package.json': '{"dependencies":{"a":"1.0.0"}}' },
    ['package.json:0'],
  ],
  [
    'a used dependency',
    manifestRule,
    {
      'package.json': '{"dependencies":{"@a/b":"1.0.0"}}',
      'edge/a.ts': "import { c } from '@a/b/c';",
    },
    [],
  ],
  [
    'a development dependency in product code',
    dependencyRule,
    {
      'package.json': '{"devDependencies":{"a":"1.0.0"}}',
      'edge/a.ts': "\nimport { a } from 'a';",
    },
    ['edge/a.ts:2'],
  ],
  [
    'an optional dependency that is not locked',
    lockRule,
    { 'package-lock.json': '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1"}}}}' },
    ['package-lock.json:0'],
  ],
  [
    'an optional dependency of a nested package, locked above it',
    lockRule,
    {
      'package-lock.json':
        '{"packages":{"node_modules/@a/c/node_modules/a":{"optionalDependencies":{"b":"1"}},"node_modules/b":{}}}',
    },
    [],
  ],
  [
    'an address in the lock file',
    lockRule,
    { 'package-lock.json': '{"packages":{"node_modules/a":{"resolved":"https://x/a.tgz"}}}' },
    ['package-lock.json:0'],
  ],
  ['a home folder', machinePathRule, { 'deploy/a.md': `see /${'home'}/pi/x` }, ['deploy/a.md:1']],
  ['a system path', machinePathRule, { 'deploy/a.md': 'see /etc/shorelog/x' }, []],
];

describe('planted', () => {
  test.each(planted)('%s', (_name, rule, files, expected) => {
    const tree = Object.entries(files).map(([path, text]) => sourceFile(path, text));
    expect(rule(tree).map(({ path, line }) => `${path}:${line}`)).toEqual(expected);
  });

  test('a comment right above makes a function hot', () => {
    const rows = [
      '// hot: once for each record',
      '/** Doc. */',
      'function f() {}',
      'function g() {}',
    ];
    expect([isHot(rows, 3), isHot(rows, 4)]).toEqual([true, false]);
  });

  // The planted text has templates in it.
  /* oxlint-disable no-template-curly-in-string */
  test('blanking keeps every place and tells code from text', () => {
    const text =
      "a('x'); // 'y'\nconst r = /[/'`]/g, d = a / b; t = `p${q({ r: `s` })}u`; /* v\n */ w";
    const code = blankOut(text, { strings: true });
    expect(code).toHaveLength(text.length);
    expect(code.replace(/ +/g, ' ')).toBe(
      "a(' '); \nconst r = / g, d = a / b; t = ` ${q({ r: ` ` })} `; \n w",
    );
  });
});
