#!/usr/bin/env node
import { exitCodes } from './exit-codes.ts';
import { runCli } from './program.ts';
import { openTerminal } from './terminal.ts';

const { stdout, stderr, env, argv } = process;

// `shorelog consume ... | head` closes the pipe: that is an end, not a fault. A node goes on
// without its lines: who read them is gone, its sensors are not.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (argv[2] === 'start') return;
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.problem);
});

try {
  const terminal = openTerminal({ stdout, stderr, env });
  const exitCode = await runCli({ terminal, env }, argv.slice(2));
  // A command that returned is done, whatever socket or child is still about (a condemned node,
  // L8).
  stdout.write('', () => process.exit(exitCode));
} catch (error) {
  // Every expected failure is a value; what arrives here is a fault of ours, and the stack says
  // where.
  stderr.write(`shorelog: a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(exitCodes.bug);
}
