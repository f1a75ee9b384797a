import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

export type Style = 'bold' | 'gray' | 'green' | 'yellow' | 'red' | 'cyan';

/** What a command writes to. Answers go to `out`, everything else to `error`. */
export interface Terminal {
  /** One line, without its line end. */
  out(line: string): void;
  error(line: string): void;
  /**
   * Settles when whoever reads `out` has kept up: much is written in steps with a wait between
   * them.
   */
  flushed(): Promise<void>;
  /** Someone watches `out`. */
  readonly isTty: boolean;
  /** Colours are wanted: a terminal, and no NO_COLOR. */
  readonly hasColour: boolean;
}

/** An expected failure of a command: what, and what to do. */
export interface CliProblem {
  readonly text: string;
  readonly hint?: string;
}

export interface TerminalStreams {
  readonly stdout: Pick<Writable, 'write' | 'writableNeedDrain' | 'once'> & {
    readonly isTTY?: boolean;
  };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function openTerminal({ stdout, stderr, env }: TerminalStreams): Terminal {
  const isTty = stdout.isTTY === true;
  return {
    out: (line) => void stdout.write(`${line}\n`),
    flushed: () =>
      new Promise((resolve) => {
        if (stdout.writableNeedDrain) stdout.once('drain', resolve);
        else resolve();
      }),
    error: (line) => void stderr.write(`${line}\n`),
    isTty,
    hasColour: isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  };
}

/** The text in a colour where colours are wanted. */
export const paint = (terminal: Terminal, style: Style, text: string): string =>
  terminal.hasColour ? styleText(style, text, { validateStream: false }) : text;

/** `error: TEXT`, and what to do below it. */
export function printProblem(terminal: Terminal, problem: CliProblem): void {
  terminal.error(`${paint(terminal, 'red', 'error')}: ${problem.text}`);
  if (problem.hint !== undefined) terminal.error(`  ${problem.hint}`);
}

/** Columns as wide as their widest cell; numbers to the right. No line ends in spaces. */
export function printTable(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const isNumber = head.map((_, column) => typeof rows[0]?.[column] === 'number');
  const titles = head.map((title, column) =>
    isNumber[column] === true ? title.padStart(widths[column] ?? 0) : title,
  );
  terminal.out(paint(terminal, 'gray', line(titles)));
  for (const row of rows) terminal.out(line(row));
}

/** `1.5 GiB`, `12 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}
