import { spawnOwned } from '../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../edge/cli/demo/owned-process.ts';

/** Makes every fdatasync and fsync of a running process take longer, until it is released. */
export class SlowDisk {
  readonly #tracer: OwnedProcess;

  /** `outputFile` takes what strace complains about. */
  constructor(pid: number, syncMs: number, outputFile: string) {
    const calls = 'fdatasync,fsync';
    this.#tracer = spawnOwned({
      command: 'strace',
      args: [
        ...['-f', '-qq', '-o', '/dev/null', '-p', `${pid}`],
        ...['-e', `trace=${calls}`, '-e', `inject=${calls}:delay_enter=${syncMs * 1_000}`],
      ],
      outputFile,
    });
  }

  /** Also where the process ended meanwhile. */
  async release(): Promise<void> {
    await this.#tracer.stop(2_000);
  }
}
