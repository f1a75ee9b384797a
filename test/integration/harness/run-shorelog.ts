import { spawn } from 'node:child_process';
import { shorelogProgram } from '../../../edge/cli/demo/node-launcher.ts';
import type { NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';

export interface ShorelogRun {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const runMsMax = 30_000;

/** Runs the built command with a node's config; ends it after 30 s. */
export const runShorelog = (node: NodeProcess, args: readonly string[]): Promise<ShorelogRun> =>
  new Promise((resolve) => {
    const argv = [shorelogProgram(), ...args, '--config', node.configFile];
    const child = spawn(process.execPath, argv, { timeout: runMsMax });
    let out = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (error += chunk));
    child.once('close', (code) => resolve({ code, out, error }));
    child.stdin.end();
  });
