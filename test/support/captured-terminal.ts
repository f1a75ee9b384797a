import type { Terminal } from '../../edge/cli/terminal.ts';

/** A terminal that keeps what was written to it. */
export interface CapturedTerminal {
  readonly terminal: Terminal;
  readonly out: string[];
  readonly error: string[];
}

export function capturedTerminal(isTty = false): CapturedTerminal {
  const out: string[] = [];
  const error: string[] = [];
  const terminal: Terminal = {
    out: (line) => void out.push(line),
    error: (line) => void error.push(line),
    flushed: () => Promise.resolve(),
    isTty,
    hasColour: false,
  };
  return { terminal, out, error };
}
