import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { limits } from '../src/base/limits.ts';
import type {
  ForwarderToNode,
  ForwardPartition,
  ForwardStatus,
  NodeToForwarder,
} from '../src/core/forward/supervision.ts';
import type { ForwarderSettings } from '../src/core/forward/settings.ts';
import type { Event } from '../src/core/event.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import type { Uuid } from '../src/base/brand.ts';

export interface SupervisorOptions {
  readonly settings: ForwarderSettings;
  /** Asked for each description: a node may be older than its cluster. */
  readonly clusterId: () => Uuid;
  readonly nodeId: number;
  readonly telemetry: Telemetry;
  readonly post: (event: Event) => void;
}

/** The forwarder's entry in the built tree, beside `dist/edge`. */
const forwarderEntry = fileURLToPath(new URL('../cloud-sync/main.js', import.meta.url));

/**
 * Keeps the forwarder process running, tells it what to forward, and passes on what it says. Ingest
 * does not depend on it: a forwarder that dies is started again after a pause that grows to 30 s.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** It names all that it forwards: what is not there any more is led elsewhere. */
  #statuses: readonly ForwardStatus[] = [];
  #child: ChildProcess | undefined;
  #described: { kafka: string; partitions: readonly ForwardPartition[] } | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #startedAtMs = 0;
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get statuses(): readonly ForwardStatus[] {
    return this.#statuses;
  }

  get isUp(): boolean {
    return this.#child?.connected === true;
  }

  /** The process was wanted once; it runs, or is started again. */
  get isBegun(): boolean {
    return this.#described !== undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** `kafka`: host:port of the node's own listener. Starts the process at the first call. */
  describe(kafka: string, partitions: readonly ForwardPartition[]): void {
    this.#described = { kafka, partitions };
    if (this.#child === undefined && this.#restartTimer === undefined) this.#start();
    else this.#tell();
  }

  /** Asks the process to end, and ends it after 5 s. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#send({ type: 'StopRequested' });
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  /** Whether a transaction that the forwarder asked for may begin. */
  answer(askId: number, isAllowed: boolean): void {
    this.#send({ type: 'ForwardAnswered', askId, isAllowed });
  }

  #start(): void {
    this.#startedAtMs = performance.now();
    this.#restartTimer = undefined;
    const child = this.#fork();
    this.#child = child;
    if (child === undefined) return this.#ended(null, null);
    child.on('message', (word: unknown) => this.#heard(word as ForwarderToNode));
    child.on('error', (error) => {
      this.#failed(error);
      // One that never began has no exit.
      if (child.pid === undefined) this.#ended(null, null);
    });
    child.on('exit', (code, signal) => this.#ended(code, signal));
  }

  /** Undefined where memory is short: that must not end the node. */
  #fork(): ChildProcess | undefined {
    try {
      return fork(forwarderEntry, [], {
        env: {
          ...process.env,
          SHORELOG_FORWARDER_SETTINGS: JSON.stringify(this.#options.settings),
        },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: [],
      });
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.telemetry.write('error', 'forwarder process', { reason });
  }

  #heard(word: ForwarderToNode): void {
    switch (word.type) {
      case 'ForwarderReady':
        return this.#tell();
      case 'ForwardStatusChanged':
        this.#statuses = word.statuses;
        return;
      case 'ForwardProgressed':
        return this.#options.post({ type: 'ForwardProgressed', mark: word.mark });
      case 'ForwardAsked':
      case 'ForwardDecisionApplied':
        return this.#options.post(word);
    }
  }

  #tell(): void {
    if (this.#described === undefined) return;
    const { clusterId, nodeId } = this.#options;
    this.#send({ type: 'PartitionsDescribed', clusterId: clusterId(), nodeId, ...this.#described });
  }

  #send(word: NodeToForwarder): void {
    // A child that is on its way out cannot be told; its exit event is what counts.
    if (this.#child?.connected) this.#child.send(word, () => undefined);
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    const livedMs = performance.now() - this.#startedAtMs;
    this.#restarts = livedMs > limits.forwardBackoffMsMax ? 1 : this.#restarts + 1;
    const waitMs = Math.min(limits.forwardBackoffMsMax, 250 * 2 ** Math.min(this.#restarts, 8));
    const how = signal ?? (code === null ? 'it did not begin' : `code ${code}`);
    this.#statuses = this.#statuses.map((status) => abandoned(status, how));
    this.#options.telemetry.write('warn', 'The forwarder ended and is started again.', {
      code: code ?? undefined,
      signal: signal ?? undefined,
      waitMs,
    });
    this.#restartTimer = setTimeout(() => this.#start(), waitMs);
  }
}

/** Nobody forwards it: that it was at work is no news. What somebody must mend stays. */
function abandoned(status: ForwardStatus, how: string): ForwardStatus {
  if (status.state === 'blocked' || status.state === 'stopped') return status;
  return { ...status, state: 'waiting', lastError: `the forwarder process ended (${how})` };
}
