import type { Config } from '../../src/config/config.ts';
import type { LoadedConfig, LocatedProblem } from '../config-file.ts';
import { loadConfig } from '../config-file.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** What a command runs in. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The config for a command, or undefined after its problems were printed. */
export async function configFor(
  context: CliContext,
  file: string | undefined,
): Promise<LoadedConfig | undefined> {
  const loaded = await loadConfig({ file, env: context.env });
  if (loaded.ok) return loaded.value;
  printConfigProblems(context.terminal, loaded.error);
  return undefined;
}

/** One line for each problem, `file:line:column` first, so that editors can jump there. */
export function printConfigProblems(terminal: Terminal, problems: readonly LocatedProblem[]): void {
  for (const { where, text, hint } of problems) {
    terminal.error(`${paint(terminal, 'bold', where)}: ${text}`);
    if (hint !== undefined) terminal.error(`  ${hint}`);
  }
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  terminal.error(`${paint(terminal, 'red', 'error')}: ${count} in the config`);
}

/** Where a command reaches the node: what the user said, else the config's address. */
export const targetOf = (said: string | undefined, config: Config, of: TargetKind): string =>
  said ?? reachable(of === 'kafka' ? config.kafka.advertised : config[of].listen);

export type TargetKind = 'mqtt' | 'kafka' | 'admin';

/** A node that listens on every interface is reached on loopback. */
const reachable = (listen: string): string =>
  listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
