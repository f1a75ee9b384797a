import type { ConnectionOptions } from 'node:tls';
import { monotonicMs, timestampMs } from '../src/base/brand.ts';
import type { ConnectionId } from '../src/base/brand.ts';
import { unreachable } from '../src/base/assert.ts';
import { Forwarder } from '../src/core/forward/forwarder.ts';
import type { SaslExchange } from '../src/client/kafka/sasl-exchange.ts';
import type { ForwarderEffect, ForwarderEvent } from '../src/core/forward/forwarder.ts';
import type { ForwarderSettings } from '../src/core/forward/settings.ts';
import type { ForwarderToNode } from '../src/core/forward/supervision.ts';
import type { Now } from '../src/core/now.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { nodeCompression } from './compression.ts';
import { KafkaSocket } from './kafka-socket.ts';
import { saslExchange } from './sasl.ts';
import { tlsOptions } from './tls-options.ts';

/** What the loop reaches outside of sockets and timers. */
export interface LoopPorts {
  readonly telemetry: Telemetry;
  tell(word: ForwarderToNode): void;
  /** Nothing is open any more. */
  finished(): void;
}

/** Longest that setTimeout can be asked for. */
const timerMsMax = 2 ** 31 - 1;

/** Runs the forwarder's effects: sockets, one timer, words to the node. It decides nothing. */
export class ForwarderLoop {
  readonly #ports: LoopPorts;
  readonly #forwarder: Forwarder;
  readonly #tls: ConnectionOptions | undefined;
  readonly #sockets = new Map<ConnectionId, KafkaSocket>();
  readonly #queue: ForwarderEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;

  constructor(settings: ForwarderSettings, ports: LoopPorts) {
    this.#ports = ports;
    this.#tls = tlsOptions(settings.central);
    const random = { next: Math.random };
    const sasl = settings.central.sasl;
    const logIn = sasl && ((): SaslExchange => saslExchange(sasl));
    const options = { settings, random, compression: nodeCompression, ...(logIn && { logIn }) };
    this.#forwarder = new Forwarder(options, now());
  }

  /** Takes an event; one that comes while another is at work waits its turn. */
  dispatch(event: ForwarderEvent): void {
    this.#queue.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const effect of this.#forwarder.step(next, now())) this.#execute(effect);
    }
    this.#isRunning = false;
    this.#setTimer();
  }

  /** Drops sockets and timer; nothing happens any more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #execute(effect: ForwarderEffect): void {
    switch (effect.type) {
      case 'OpenConnection':
        this.#open(effect);
        return;
      case 'SendBytes':
        this.#sockets.get(effect.connection)?.write(effect.chunks);
        return;
      case 'CloseConnection':
        this.#sockets.get(effect.connection)?.close();
        this.#sockets.delete(effect.connection);
        return;
      case 'TellNode':
        this.#ports.tell(effect.word);
        return;
      case 'Print':
        this.#ports.telemetry.write(effect.level, effect.text, effect.fields);
        return;
      case 'Finish':
        this.#ports.finished();
        return;
      default:
        unreachable(effect);
    }
  }

  #open(effect: Extract<ForwarderEffect, { type: 'OpenConnection' }>): void {
    const { connection, host, port, side } = effect;
    const tls = side === 'central' ? this.#tls : undefined;
    const socket = new KafkaSocket(tls === undefined ? { host, port } : { host, port, tls }, {
      opened: () => this.dispatch({ type: 'ConnectionOpened', connection }),
      received: (chunk) => this.dispatch({ type: 'BytesReceived', connection, chunk }),
      closed: (reason) => {
        this.#sockets.delete(connection);
        this.dispatch({ type: 'ConnectionClosed', connection, reason });
      },
    });
    this.#sockets.set(connection, socket);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const deadline = this.#forwarder.nextDeadline();
    if (deadline === undefined) return;
    const ms = Math.min(timerMsMax, Math.max(0, Math.ceil(deadline - performance.now())));
    this.#timer = setTimeout(() => this.dispatch({ type: 'TimerFired' }), ms);
  }
}

const now = (): Now => ({
  wallMs: timestampMs(Date.now()),
  monotonicMs: monotonicMs(performance.now()),
});
