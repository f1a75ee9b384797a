import { offset } from '../base/brand.ts';
import type { LeaderEpoch, Offset } from '../base/brand.ts';
import type { EpochStart, RecoveredLog } from '../ports/recovered-log.ts';
import { addEpoch, epochAt, trimEpochs } from './epoch-starts.ts';
import type { LogContext } from './log-context.ts';
import { writeCheckpoint } from './log-loader.ts';

/** The leader epochs of one open log, and the checkpoint file that follows them (L5). */
export class LogEpochs {
  #starts: EpochStart[];
  #beforeStart: LeaderEpoch;
  #isCheckpointDue = false;

  constructor({ epochStarts, epochBeforeStart }: RecoveredLog) {
    this.#starts = [...epochStarts];
    this.#beforeStart = epochBeforeStart;
  }

  get starts(): readonly EpochStart[] {
    return this.#starts;
  }

  /** Leader epoch of the last batch below the log start; 0: none. */
  get beforeStart(): LeaderEpoch {
    return this.#beforeStart;
  }

  appended(epoch: LeaderEpoch, at: Offset): void {
    if (addEpoch(this.#starts, epoch, at)) this.#isCheckpointDue = true;
  }

  /** The leader epoch of the batch that ends at an offset; 0: none. */
  before(at: Offset): LeaderEpoch {
    const epoch = epochAt(this.#starts, offset(at - 1));
    return epoch < 0 ? this.#beforeStart : epoch;
  }

  logStartAdvanced(to: Offset): void {
    this.#beforeStart = this.before(to);
    this.#starts = trimEpochs(this.#starts, to);
    this.#isCheckpointDue = true;
  }

  async writeIfDue({ disk, dir }: Pick<LogContext, 'disk' | 'dir'>): Promise<void> {
    if (!this.#isCheckpointDue) return;
    this.#isCheckpointDue = !(await writeCheckpoint(disk, dir, this.#starts));
  }
}
