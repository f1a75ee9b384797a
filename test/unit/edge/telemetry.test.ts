import { expect, it } from 'vitest';

import type { TelemetryOptions } from '../../../edge/telemetry.ts';
import { openTelemetry } from '../../../edge/telemetry.ts';

function capture(options: Partial<TelemetryOptions>) {
  const lines: string[] = [];
  const telemetry = openTelemetry({
    level: 'info',
    isTerminal: false,
    hasColour: false,
    ...options,
    write: (line) => lines.push(line),
  });
  return { telemetry, lines };
}

it('prints one JSON object a line', () => {
  const { telemetry, lines } = capture({ base: { node: 1 } });
  telemetry.write('warn', 'disk is slow', { ms: 12, producerId: 5n, unset: undefined });
  telemetry.write('debug', 'below the level');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('\n')).toBe(true);
  const { time, ...fields } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(fields).toEqual({ level: 'warn', node: 1, ms: 12, producerId: '5', text: 'disk is slow' });
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT/);
});

it('prints short lines on a terminal', () => {
  const { telemetry, lines } = capture({ isTerminal: true });
  telemetry.write('info', 'ready', { ms: 12, text2: 'a b' });
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}ready {2}ms=12 text2="a b"\n$/);
});

it('paints only where colour is wanted', () => {
  const { telemetry, lines } = capture({ isTerminal: true, hasColour: true });
  telemetry.write('error', 'gone');
  expect(lines[0]).toContain('\u001b[31merror\u001b[39m gone');
});
