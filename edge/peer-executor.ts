import type { AddressInfo } from 'node:net';
import type { ConnectionId } from '../src/base/brand.ts';
import type { Result } from '../src/base/result.ts';
import type { PeerEffect, PeerEvent } from '../src/core/peer/peer-transport.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import type { KafkaListener } from './kafka-listener.ts';
import { PeerLinks, type PeerLinksCounters } from './peer-links.ts';
import { PeerListener, type PeerListenerCounters, type PeerPortEvent } from './peer-listener.ts';
import type { PeerSettings } from './peer-settings.ts';
import { certificateAge } from './peer-tls.ts';
import { PeerTroubles } from './peer-trouble.ts';

export interface PeerExecutorOptions {
  readonly settings: PeerSettings;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly post: (event: PeerEvent | PeerPortEvent) => void;
  readonly nextConnectionId: () => ConnectionId;
}

/** How the core's orders reach a connection that came in. */
export type Connections = Pick<KafkaListener, 'send' | 'close' | 'hold'>;

/** Everything between nodes: the port that they connect to and the links to them. */
export class PeerExecutor {
  readonly #settings: PeerSettings;
  readonly #telemetry: Telemetry;
  readonly #listener: PeerListener;
  readonly #links: PeerLinks;
  readonly #clock: Clock;

  constructor({ settings, telemetry, clock, post, nextConnectionId }: PeerExecutorOptions) {
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#clock = clock;
    const troubles = new PeerTroubles(telemetry, () => clock.monotonicMs());
    const { peers, tls, listen: address } = settings;
    this.#listener = new PeerListener({
      ...{ address, peers, tls, troubles, post, nextConnectionId },
    });
    this.#links = new PeerLinks({ peers, tls, troubles, post });
  }

  /** Runs OpenLink, SendToLink and CloseLink. */
  run(effect: PeerEffect): void {
    this.#links.run(effect);
  }

  /** Opens the peer port, and says when its certificate is not good, or not for long. */
  async listen(): Promise<Result<AddressInfo, string>> {
    const { tls } = this.#settings;
    const age = tls === undefined ? undefined : certificateAge(tls, this.#clock.wallMs());
    if (age !== undefined) this.#telemetry.write('warn', age);
    return this.#listener.listen();
  }

  /** Links first: what was sent on them has a moment to leave. */
  async stop(): Promise<void> {
    await this.#links.stop();
    await this.#listener.stop();
  }

  /** Orders for connections go to whichever port has them: peers', or else that of clients. */
  connections(clients: Connections): Connections {
    const peers = this.#listener;
    const owner = (id: ConnectionId): Connections => (peers.owns(id) ? peers : clients);
    return {
      send: (id, chunks) => owner(id).send(id, chunks),
      close: (id, isAbrupt) => owner(id).close(id, isAbrupt),
      hold: (id, isHeld) => owner(id).hold(id, isHeld),
    };
  }

  get facts(): PeerFacts {
    return {
      connections: this.#listener.connections,
      links: this.#links.open,
      listener: this.#listener.counters,
      outgoing: this.#links.counters,
    };
  }
}

/** For metrics. */
export interface PeerFacts {
  readonly connections: number;
  readonly links: number;
  readonly listener: PeerListenerCounters;
  readonly outgoing: PeerLinksCounters;
}
