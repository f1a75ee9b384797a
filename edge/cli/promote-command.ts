import type { PlannedPartition, PromotionPlan } from '../../src/core/cluster/planned-promotion.ts';
import { postOperator } from './admin-client.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import type { OperatorOptions } from './operator-command.ts';
import { printProblem, printTable, type Terminal } from './terminal.ts';

export interface PromoteOptions extends OperatorOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `shorelog promote`: the node goes on without those that do not answer (V5). Without `--yes` it
 * only says what that would do, and the exit code is 1.
 */
export async function runPromote(context: CliContext, options: PromoteOptions): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  const isConfirmed = options.yes === true;
  const address = targetOf(options.admin, loaded.config, 'admin');
  const done = await postOperator(address, { type: 'promote', isConfirmed });
  if (!done.ok) {
    printProblem(terminal, done.error);
    return exitCodes.problem;
  }
  const plan = done.value.promotion ?? { givenUp: [], partitions: [] };
  if (options.json === true) terminal.out(JSON.stringify({ isDone: isConfirmed, ...plan }));
  else printPlan(terminal, plan, isConfirmed);
  return isConfirmed ? exitCodes.ok : exitCodes.problem;
}

function printPlan(terminal: Terminal, plan: PromotionPlan, isDone: boolean): void {
  const ids = plan.givenUp.join(', ');
  const [who, isAre, has] =
    plan.givenUp.length === 1 ? [`node ${ids}`, 'is', 'its'] : [`nodes ${ids}`, 'are', 'their'];
  terminal.out(
    isDone
      ? `this node goes on without ${who}, which ${isAre} given up for good`
      : `this node would go on without ${who}, which would be given up for good`,
  );
  printTable(
    terminal,
    ['topic', 'partition', 'kept up to', 'lost'],
    plan.partitions.map((each) => [
      ...[each.topic, each.partition, each.logEndOffset, lostText(each)],
    ]),
  );
  if (isDone) {
    terminal.out(
      `to bring ${who} back: move ${has} data directory away, start it, run shorelog rejoin on it`,
    );
    return;
  }
  terminal.out(`nothing was changed. First make sure that ${who} ${isAre} off: a network that is`);
  terminal.out('down is no reason, it heals. Then run this again with --yes.');
}

function lostText({ outcome, logEndOffset }: PlannedPartition): string {
  switch (outcome) {
    case 'complete':
      return 'nothing that was acknowledged';
    case 'mayMiss':
      return `perhaps what was acknowledged from offset ${logEndOffset} on`;
    case 'noCopy':
      return 'all of it: this node has no copy, and it gets no leader';
  }
}
