import { InvalidArgumentError } from 'commander';

import { parseAddress } from '../../src/config/address.ts';

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

function hostPort(text: string): string {
  if (parseAddress(text) === undefined) throw new InvalidArgumentError('Expected HOST:PORT.');
  return text;
}

/** `start`, `end` or an offset. */
function startEndOrOffset(text: string): 'start' | 'end' | number {
  return text === 'start' || text === 'end' ? text : offsetOr(text, 'start, end or an offset');
}

/** `cursor`, `start` or an offset (X1). */
function cursorStartOrOffset(text: string): 'cursor' | 'start' | number {
  return text === 'cursor' || text === 'start'
    ? text
    : offsetOr(text, 'cursor, start or an offset');
}

function offsetOr(text: string, expected: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return Number(text);
}

function qualityOfService(text: string): 0 | 1 | 2 {
  if (text === '0') return 0;
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new InvalidArgumentError('Expected 0, 1 or 2.');
}

/** `auto` is 0. */
function replicas(text: string): number {
  if (text === 'auto') return 0;
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number of nodes, or auto.');
}

/** `unlimited` is -1. */
function retention(text: string): number {
  if (text === 'unlimited') return -1;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1, or unlimited.');
}

function trueOrFalse(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('Expected true or false.');
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds since 1970 of `2026-01-31T12:00:00Z`, or of `10m` ago. */
function pastTime(nowMs: number): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,9})([smhd])(?: ago)?$/.exec(text);
    if (match !== null) return nowMs - Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
    const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time)) {
      throw new InvalidArgumentError(
        'Expected a time like 2026-01-31T12:00:00Z, or 10m (s, m, h, d ago).',
      );
    }
    return time;
  };
}

/** Parsers of option values; commander prints what they throw and ends with a usage error. */
export const parseOption = {
  wholeNumber,
  hostPort,
  startEndOrOffset,
  cursorStartOrOffset,
  qualityOfService,
  pastTime,
  replicas,
  retention,
  trueOrFalse,
} as const;
