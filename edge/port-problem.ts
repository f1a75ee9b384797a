import { exitCodes } from './cli/exit-codes.ts';
import type { StartError } from './running-node.ts';

/**
 * Why there is no node: a port of it cannot be opened.
 * @param key of the config, that names the address.
 * @param code of the operating system, or any other reason.
 */
export function portProblem(key: string, address: string, code: string): StartError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another process listens there',
    EACCES: 'this user may not open that port',
    EADDRNOTAVAIL: 'this machine has no such address',
  };
  return {
    exitCode: exitCodes.problem,
    text: `${key}: cannot listen on ${address}: ${reasons[code] ?? code}.`,
    hint: `Choose another address for ${key} in the config, or stop what listens there.`,
  };
}
