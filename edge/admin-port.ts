import { setTimeout as delay } from 'node:timers/promises';
import type { Result } from '../src/base/result.ts';
import { ok } from '../src/base/result.ts';
import type { Address } from '../src/config/address.ts';
import type { LedStatus } from '../src/core/cluster-status.ts';
import type { AdminAnswer } from '../src/core/effect.ts';
import type { Event } from '../src/core/event.ts';
import type { NodeStatus } from '../src/core/node-status.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { AdminRequests } from './admin-requests.ts';
import { startAdminServer, type AdminServer } from './admin-server.ts';
import { nodeMetrics, nodeStatus, type NodeFacts } from './node-report.ts';

/** Status is answered by then with what this node knows. */
const clusterAnswerMsMax = 2_000;

export interface AdminPortOptions {
  readonly telemetry: Telemetry;
  readonly post: (event: Event) => void;
  /** The node as it is now. */
  readonly facts: () => NodeFacts;
  /** Whether it serves clients, and has a cluster to serve them with. */
  readonly isReady: () => boolean;
}

/** What is asked of the core over HTTP, and its answers on their way back to whoever asked. */
export class AdminPort {
  readonly #options: AdminPortOptions;
  readonly #answers = new AdminRequests<AdminAnswer>();
  readonly #led = new AdminRequests<readonly LedStatus[]>();
  #server: AdminServer | undefined;

  constructor(options: AdminPortOptions) {
    this.#options = options;
  }

  /** Where it listens; undefined: it does not. */
  get address(): Address | undefined {
    return this.#server?.address;
  }

  /** Fails with the system's error code. */
  async listen(address: Address): Promise<Result<void, string>> {
    const { telemetry, post, facts, isReady } = this.#options;
    const started = await startAdminServer(address, {
      telemetry,
      status: () => this.#status(),
      isReady,
      metrics: () => nodeMetrics(facts()),
      decideForward: (request) =>
        this.#answers.ask((requestId) => post({ type: 'ForwardDecided', requestId, ...request })),
      operate: (request) =>
        this.#answers.ask((requestId) => post({ type: 'OperatorAsked', requestId, request })),
    });
    if (!started.ok) return started;
    this.#server = started.value;
    return ok(undefined);
  }

  /** Effect AnswerAdmin. */
  answered(requestId: number, answer: AdminAnswer): void {
    this.#answers.answered(requestId, answer);
  }

  /** Effect AnswerCluster: what the other nodes lead. */
  ledTold(requestId: number, led: readonly LedStatus[]): void {
    this.#led.answered(requestId, led);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** What other nodes lead only they know: they are asked, unless nobody is (yet) there to ask. */
  async #status(): Promise<NodeStatus> {
    const { facts, post } = this.#options;
    if (facts().cluster === undefined) return nodeStatus(facts(), []);
    const led = await Promise.race([
      this.#led.ask((requestId) => post({ type: 'ClusterAsked', requestId })),
      delay(clusterAnswerMsMax, [], { ref: false }),
    ]);
    return nodeStatus(facts(), led);
  }
}
