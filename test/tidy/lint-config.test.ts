import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOxlint, type LintFinding } from './oxlint.ts';
import { repositoryRoot } from './source-tree.ts';

/** Each line that ends in `// <rule>` must be refused by that rule, and no other line by any. */
const planted: Readonly<Record<string, string>> = {
  'src/base/a.ts': `import { b } from '../ports/b.ts'; // no-restricted-imports
export const a = [b, Date.now()]; // no-restricted-globals`,
  'src/ports/b.ts': `import { a } from '../base/assert.ts'; // no-restricted-imports
import type { C } from '../base/brand.ts';
import type { D } from '../wire/d.ts'; // no-restricted-imports
export const b = (c: C, d: D): unknown => [a, c, d];`,
  'src/config/c.ts': `import { z } from 'zod';
import { parse } from 'yaml'; // no-restricted-imports
export const c = [z, parse];`,
  'src/wire/kafka/d.ts': `import minimal from 'protobufjs/minimal'; // no-restricted-imports
import { log } from '../../core/log.ts'; // no-restricted-imports
import { b } from '../../ports/b.ts'; // no-restricted-imports
export const d = [minimal, log, b];`,
  'src/wire/state/e.ts': `import minimal from 'protobufjs/minimal';
import { readFile } from 'node:fs'; // no-restricted-imports
export const e = [minimal, readFile];`,
  'src/client/f.ts': `import { core } from '../core/core.ts'; // no-restricted-imports
import type { Clock } from '../ports/clock.ts';
export const random = Math.random(); // no-restricted-properties
export const f = (clock: Clock): unknown => [core, clock];`,
  'src/core/kafka/g.ts': `import { client } from '../../client/client.ts';
import type { PartitionLog } from '../../log/log.ts'; // no-restricted-imports
import { readFile } from 'node:fs'; // no-restricted-imports
import { defaults } from '../../config/defaults.ts'; // no-restricted-imports
export const g = (log: PartitionLog): unknown => [client, readFile, defaults, log];
export const h = async (): Promise<void> => {}; // no-async-await
setTimeout(g, 1); // no-restricted-globals`,
  'src/log/h.ts': `import { DiskError } from '../ports/disk.ts';
import { header } from '../wire/kafka/header.ts';
import { packet } from '../wire/mqtt/packet.ts'; // no-restricted-imports
import { core } from '../core/core.ts'; // no-restricted-imports
export const h = async (): Promise<unknown> => [DiskError, header, packet, core];`,
  'edge/i.ts': `import { sync } from '../cloud-sync/sync.ts'; // no-restricted-imports
import { header } from '../src/wire/kafka/header.ts';
const go = async (): Promise<void> => {};
go(); // no-floating-promises
export const i = (a: any): unknown => [sync, header, a]; // no-explicit-any
export default i; // no-default-export
export const nine = (a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9) => // max-params
  [a, b, c, d, e, f, g, h, i];
export const long = () => { // max-lines-per-function
${'  go?.toString();\n'.repeat(69)}};`,
  'edge/long.ts': `export const a = 1;\n${'// a\n'.repeat(400)}`,
  'edge/j.ts': `import type { K } from './k.ts'; // no-cycle
export type J = readonly K[];`,
  'edge/k.ts': `import type { J } from './j.ts'; // no-cycle
export type K = readonly J[];`,
  'edge/doors.ts': `export * from './j.ts'; // no-barrel-file`,
  'edge/union.ts': `export function u(a: 'x' | 'y'): number {
  switch (a) { // switch-exhaustiveness-check
    case 'x':
      return 1;
  }
  return 2;
}`,
  'cloud-sync/l.ts': `import { i } from '../edge/i.ts'; // no-restricted-imports
export const l = [i];`,
};

let root = '';
let found: readonly LintFinding[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'shorelog-lint-'));
  cpSync(join(repositoryRoot, '.oxlintrc.json'), join(root, '.oxlintrc.json'));
  cpSync(join(repositoryRoot, 'tsconfig.json'), join(root, 'tsconfig.base.json'));
  symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  const tsconfig = {
    extends: './tsconfig.base.json',
    compilerOptions: { noEmit: true, allowImportingTsExtensions: true, composite: false },
    include: ['**/*.ts'],
    references: [],
    files: undefined,
  };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(tsconfig));
  for (const [path, text] of Object.entries(planted)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  found = runOxlint('.oxlintrc.json', ['src', 'edge', 'cloud-sync'], root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(Object.entries(planted))('the lint finds what is planted in %s', (path, text) => {
  const expected = text
    .split('\n')
    .flatMap((row, index) => {
      const rule = / \/\/ ([a-z-]+)$/.exec(row)?.[1];
      return rule === undefined ? [] : [`${index + 1} ${rule}`];
    })
    .concat(path === 'edge/long.ts' ? ['402 max-lines'] : []);
  const actual = found
    .filter((finding) => finding.path === path)
    .map(({ line, rule }) => `${line} ${rule.replace(/^.*\(|\)$/g, '')}`);
  expect([...new Set(actual)].toSorted()).toEqual(expected.toSorted());
});
