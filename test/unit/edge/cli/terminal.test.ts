import { Writable } from 'node:stream';

import { expect, it } from 'vitest';

import { formatBytes, openTerminal, paint, printTable } from '../../../../edge/cli/terminal.ts';
import { capturedTerminal } from '../../../support/captured-terminal.ts';

const sink = (isTTY: boolean) =>
  Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { isTTY });

it.each([
  [true, {}, true],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, {}, false],
])('paints on a terminal (%s) with %j: %s', (isTty, env, hasColour) => {
  const terminal = openTerminal({ stdout: sink(isTty), stderr: sink(isTty), env });
  expect(terminal.hasColour).toBe(hasColour);
  expect(paint(terminal, 'red', 'x')).toBe(hasColour ? '\u001b[31mx\u001b[39m' : 'x');
});

it('lines up columns, numbers to the right', () => {
  const { terminal, out } = capturedTerminal();
  printTable(
    terminal,
    ['topic', 'end', 'note'],
    [
      ['a', 5, ''],
      ['longer', 1234, 'x'],
    ],
  );
  expect(out).toEqual(['topic    end  note', 'a          5', 'longer  1234  x']);
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [157286400, '150 MiB'],
  [5e15, '4547 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
