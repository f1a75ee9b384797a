import { expect, test } from 'vitest';
import { parseDemoFlags } from '../../../../../edge/cli/demo/demo-options.ts';

const flags = { nodes: '1', seconds: '20', rate: '2000' };

test('the defaults choose central by themselves', () => {
  expect(parseDemoFlags(flags)).toEqual({
    ok: true,
    value: { nodes: 1, seconds: 20, rate: 2_000, central: { kind: 'auto' } },
  });
});

test.each([
  ['kafka', { kind: 'kafka' }],
  ['embedded', { kind: 'embedded' }],
  ['central.example:9092', { kind: 'address', address: { host: 'central.example', port: 9092 } }],
  ['[::1]:9092', { kind: 'address', address: { host: '::1', port: 9092 } }],
])('--central %s', (central, expected) => {
  const parsed = parseDemoFlags({ ...flags, central });
  expect(parsed.ok && parsed.value.central).toEqual(expected);
});

test.each([
  [{ nodes: '2' }, '--nodes must be 1, 3 or 5'],
  [{ nodes: 'x' }, '--nodes must be 1, 3 or 5'],
  [{ seconds: '0' }, '--seconds must be above 0'],
  [{ seconds: 'soon' }, '--seconds must be above 0'],
  [{ rate: '1.5' }, '--rate must be a whole number'],
  [{ rate: '-1' }, '--rate must be a whole number'],
  [{ central: 'nowhere' }, '--central must be kafka, embedded or HOST:PORT'],
])('%o is refused in one sentence', (wrong, sentence) => {
  const parsed = parseDemoFlags({ ...flags, ...wrong });
  expect(parsed.ok ? '' : parsed.error).toContain(sentence);
});
