import { postForward } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblem } from './terminal.ts';

export interface ForwardOptions {
  readonly config?: string;
  readonly admin?: string;
  readonly topic: string;
  readonly partition: number;
  readonly from: 'cursor' | 'start' | number;
}

/**
 * `shorelog forward --from`: the operator's decision where forwarding of a stopped partition goes
 * on (X1).
 */
export async function runForward(context: CliContext, options: ForwardOptions): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const { topic, partition, from } = options;
  const address = targetOf(options.admin, loaded.config, 'admin');
  const done = await postForward(address, { topic, partition, from });
  if (!done.ok) {
    printProblem(terminal, done.error);
    return exitCodes.problem;
  }
  const place = typeof from === 'number' ? `offset ${from}` : `the ${from}`;
  terminal.out(
    `forwarding of ${topic}-${partition} goes on from ${place}; the decision is recorded`,
  );
  return exitCodes.ok;
}
