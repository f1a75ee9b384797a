import { runProgram } from '../integration/harness/run-program.ts';

/**
 * Runs a program that must succeed; what it printed, trimmed. Rejects with what it complained of.
 */
export const runTool = async (command: string, args: readonly string[]): Promise<string> => {
  const { code, out, error } = await runProgram({ command, args });
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${error.trim()}`);
  return out.toString().trim();
};
