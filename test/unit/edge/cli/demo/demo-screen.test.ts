import { expect, test } from 'vitest';
import { DemoScreen } from '../../../../../edge/cli/demo/demo-screen.ts';

const recorder = (isTTY: boolean) => {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stream: { write, isTTY }, written };
};

test('on a terminal a new block replaces the last one, and a kept one stays', () => {
  const { stream, written } = recorder(true);
  const screen = new DemoScreen(stream);
  screen.update(['a 1', 'b 1']);
  expect(written.join('')).toBe('a 1\nb 1\n');
  screen.update(['a 2', 'b 2']);
  expect(written.join('')).toBe('a 1\nb 1\n\x1b[2A\x1b[1G\x1b[0Ja 2\nb 2\n');
  screen.keep();
  written.length = 0;
  screen.say('done');
  expect(written.join('')).toBe('done\n');
});

test('elsewhere there are plain lines, one in three seconds', () => {
  const { stream, written } = recorder(false);
  let nowMs = 0;
  const screen = new DemoScreen(stream, () => nowMs);
  for (; nowMs <= 6_500; nowMs += 500) screen.update(['  acked 1', `  at ${nowMs}`]);
  expect(written).toEqual(['acked 1  at 0\n', 'acked 1  at 3000\n', 'acked 1  at 6000\n']);
});
