import type { NodeStatus } from '../../src/core/node-status.ts';
import { fetchStatus } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { clusterAdvice, clusterView } from './cluster-view.ts';
import { exitCodes } from './exit-codes.ts';
import { printStatus } from './status-text.ts';
import { printProblem } from './terminal.ts';
import type { CliProblem, Terminal } from './terminal.ts';

export interface StatusOptions {
  readonly config?: string;
  /** Each node to ask; none: that of the config. */
  readonly admin?: readonly string[];
  readonly json?: boolean;
}

/** What one of the nodes said, or why it said nothing. */
interface Answer {
  readonly admin: string;
  readonly status?: NodeStatus;
  readonly error?: CliProblem;
}

/**
 * `shorelog status`: health in one word, then what stands behind it. Fails if a node is failing, or
 * none is there.
 */
export async function runStatus(context: CliContext, options: StatusOptions): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const admins = options.admin ?? [targetOf(undefined, loaded.config, 'admin')];
  const answers = await Promise.all(admins.map(ask));
  for (const { error } of answers) if (error !== undefined) printProblem(terminal, error);
  const [first, ...others] = answers.flatMap(({ status }) =>
    status === undefined ? [] : [status],
  );
  if (first === undefined) return exitCodes.problem;
  const view = clusterView([first, ...others], answers.length - others.length - 1);
  if (options.json !== true) printStatus(terminal, [first, ...others], view);
  else if (answers.length === 1) terminal.out(JSON.stringify(first));
  else printAll(terminal, answers, view);
  return view.health === 'failing' ? exitCodes.problem : exitCodes.ok;
}

async function ask(admin: string): Promise<Answer> {
  const status = await fetchStatus(admin);
  return status.ok ? { admin, status: status.value } : { admin, error: status.error };
}

/** `--json` of several nodes: what each said, and what it means together. */
function printAll(
  terminal: Terminal,
  answers: readonly Answer[],
  view: ReturnType<typeof clusterView>,
): void {
  const nodes = answers.map(({ admin, status, error }) => ({ admin, status, error: error?.text }));
  terminal.out(JSON.stringify({ health: view.health, nodes, advice: clusterAdvice(view) }));
}
