import { styleText } from 'node:util';

import { pino } from 'pino';

import type { Telemetry, TelemetryFields, TelemetryLevel } from '../src/ports/telemetry.ts';

/**
 * Where lines go. `isTerminal`: short coloured lines for people; otherwise one JSON object a line.
 */
export interface TelemetryOptions {
  readonly level: TelemetryLevel;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  /** Fields of every line. */
  readonly base?: TelemetryFields;
  readonly write: (line: string) => void;
}

/** The Telemetry port over pino. Secrets never reach it: callers pass what may be shown. */
export function openTelemetry(options: TelemetryOptions): Telemetry {
  const { write, isTerminal, hasColour } = options;
  const lines = {
    write: (line: string): void => write(isTerminal ? prettyLine(line, hasColour) : line),
  };
  const sink = pino(
    {
      level: options.level,
      base: plainFields(options.base ?? {}),
      messageKey: 'text',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  return {
    write: (level, text, fields) => sink[level](plainFields(fields ?? {}), text),
  };
}

/** JSON has no bigint; a producer id prints as its digits. */
function plainFields(fields: TelemetryFields): Record<string, string | number | boolean> {
  const plain: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) plain[key] = typeof value === 'bigint' ? String(value) : value;
  }
  return plain;
}

const levelColours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

/** `12:30:05 warn  text  key=value`. */
function prettyLine(json: string, hasColour: boolean): string {
  const { time, level, text, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (style: Parameters<typeof styleText>[0], part: string): string =>
    hasColour ? styleText(style, part, { validateStream: false }) : part;
  const label = isLevel(level) ? level : 'info';
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${show(value)}`);
  const clock = String(time).slice(11, 19);
  const words = [paint('gray', clock), paint(levelColours[label], label.padEnd(5)), String(text)];
  return `${words.join(' ')}${rest.length === 0 ? '' : `  ${paint('gray', rest.join(' '))}`}\n`;
}

const isLevel = (level: unknown): level is TelemetryLevel =>
  typeof level === 'string' && Object.hasOwn(levelColours, level);

function show(value: unknown): string {
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
