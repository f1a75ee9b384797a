import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../..', import.meta.url));
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'shorelog-fuzz-'));
  for (const name of ['src', 'edge', 'cloud-sync', 'test', 'package.json', 'tsconfig.json']) {
    cpSync(join(folder, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Bugs of the kind that a fuzzer is for: file, what stands there, what is put in its place. */
const planted = [
  {
    name: 'an unchecked length',
    target: 'kafka-request',
    kinds: ['crash', 'oracle'],
    file: 'src/base/bytes.ts',
    text: 'if (this.failed || length < 0 || length > this.end - at) {',
    bug: 'if (this.failed || length < 0) {',
  },
  {
    name: 'a quadratic loop',
    target: 'record-batch',
    kinds: ['hang'],
    file: 'src/wire/kafka/record-iterator.ts',
    text: '    this.#left--;\n',
    bug: '    this.#left--;\n    for (let at = 0; at < this.#reader.position; at++) if (this.bytes[at] === 256) return false;\n',
  },
  {
    name: 'an allocation by a size field',
    target: 'kafka-request',
    kinds: ['allocation'],
    file: 'src/wire/kafka/protocol-reader.ts',
    text: 'return this.#isNull(length) ? null : this.view(length);',
    bug: 'return this.#isNull(length) || new Uint8Array(length & 0xfffffff).length < 0 ? null : this.view(length);',
  },
] as const;

it.each(planted)('finds $name', { timeout: 180_000 }, ({ target, kinds, file, text, bug }) => {
  const path = join(copy, file);
  const good = readFileSync(path, 'utf8');
  expect(good.split(text)).toHaveLength(2);
  writeFileSync(
    path,
    good.replace(text, () => bug),
  );
  const options = ['--target', target, '--executions', '100000', '--seed', '7'];
  const run = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', 'test/fuzz/main.ts', ...options],
    { cwd: copy, encoding: 'utf8', timeout: 150_000 },
  );
  writeFileSync(path, good);
  expect(run.status).toBe(1);
  const { finding, executions } = JSON.parse(run.stdout) as {
    readonly finding: { readonly kind: string };
    readonly executions: number;
  };
  process.stdout.write(`${target}: ${finding.kind} after ${executions} executions\n`);
  expect(kinds).toContain(finding.kind);
});
