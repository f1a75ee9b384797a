import type { ConnectionId, Uuid } from '../../../src/base/brand.ts';
import { Forwarder, type ForwarderEffect } from '../../../src/core/forward/forwarder.ts';
import type { ForwarderEvent } from '../../../src/core/forward/forwarder.ts';
import type { ForwarderSettings } from '../../../src/core/forward/settings.ts';
import type {
  ForwarderToNode,
  ForwardPartition,
  NodeToForwarder,
} from '../../../src/core/forward/supervision.ts';
import type { Event } from '../../../src/core/event.ts';
import type { Now } from '../../../src/core/now.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../../../src/ports/random.ts';
import { nodeCompression } from '../../../cloud-sync/compression.ts';
import { centralHost } from './sim-central.ts';
import type { SimTcp, TcpEnd } from './sim-tcp.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SimForwarderParts {
  readonly time: VirtualTime;
  readonly net: SimTcp;
  readonly clock: Clock & { readonly rate: number };
  readonly random: Random;
  readonly nodeId: number;
  readonly clusterId: () => Uuid;
  readonly post: (event: Event) => void;
}

export const forwarderSettings: ForwarderSettings = {
  central: { bootstrap: [`central:${centralHost}`] },
  delivery: 'exactlyOnce',
  cursorTopic: 'cursors',
  createTopics: false,
  lingerMs: 100,
  batchBytesMax: 8_192,
  compression: 'gzip',
  routes: [{ from: 'sensors', to: 'target' }],
  transactionTimeoutMs: 20_000,
};

/** What IPC takes. */
const wordMs = 0.2;
const restartMs = 500;

/** The forwarder process of a node, and the supervisor that keeps it running. */
export class SimForwarder {
  readonly #parts: SimForwarderParts;
  #forwarder: Forwarder | undefined;
  #life = 0;
  #timer = 0;
  #isNodeAlive = true;
  #described: readonly ForwardPartition[] | undefined;
  readonly #sockets = new Map<ConnectionId, TcpEnd>();

  constructor(parts: SimForwarderParts) {
    this.#parts = parts;
  }

  describe(partitions: readonly ForwardPartition[]): void {
    // No process for a node that never led anything.
    if (partitions.length === 0 && this.#described === undefined) return;
    const isFirst = this.#described === undefined;
    this.#described = partitions;
    if (isFirst) this.#start();
    else this.#tellDescribed();
  }

  answer(askId: number, isAllowed: boolean): void {
    this.#tell({ type: 'ForwardAnswered', askId, isAllowed });
  }

  /** SIGKILL of the forwarder alone; its supervisor starts another. */
  kill(): void {
    if (this.#forwarder === undefined || !this.#isNodeAlive) return;
    this.#forwarder = undefined;
    this.#life++;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#parts.time.after(restartMs, () => this.#start());
  }

  /** With its node, and with all of its sockets. */
  end(): void {
    this.#isNodeAlive = false;
    this.#forwarder = undefined;
    this.#life++;
  }

  #start(): void {
    if (!this.#isNodeAlive || this.#forwarder !== undefined) return;
    const { random } = this.#parts;
    const options = { settings: forwarderSettings, random, compression: nodeCompression };
    this.#forwarder = new Forwarder(options, this.#now());
    this.#dispatch({ type: 'Started' });
  }

  #dispatch(event: ForwarderEvent): void {
    const forwarder = this.#forwarder;
    if (forwarder === undefined) return;
    for (const effect of forwarder.step(event, this.#now())) this.#run(effect);
    this.#arm(forwarder);
  }

  #run(effect: ForwarderEffect): void {
    switch (effect.type) {
      case 'OpenConnection':
        return this.#open(effect.connection, effect.port);
      case 'SendBytes':
        return this.#sockets.get(effect.connection)?.send(effect.chunks);
      case 'CloseConnection':
        this.#sockets.get(effect.connection)?.close();
        return void this.#sockets.delete(effect.connection);
      case 'TellNode':
        return this.#heard(effect.word);
      case 'Print':
      case 'Finish':
        return undefined;
    }
  }

  /** The port is the host's number: of a node, or of central. */
  #open(connection: ConnectionId, host: number): void {
    const { net, nodeId } = this.#parts;
    const life = this.#life;
    const mine = (run: () => void): void => {
      if (this.#life === life && this.#sockets.get(connection) === end) run();
    };
    const end: TcpEnd = net.connect(nodeId, host, 'kafka', {
      opened: () => mine(() => this.#dispatch({ type: 'ConnectionOpened', connection })),
      received: (chunk) =>
        mine(() => {
          if (!(chunk instanceof Uint8Array)) throw new Error('a forwarder speaks no MQTT');
          this.#dispatch({ type: 'BytesReceived', connection, chunk });
        }),
      closed: () =>
        mine(() => {
          this.#sockets.delete(connection);
          this.#dispatch({ type: 'ConnectionClosed', connection, reason: 'closed' });
        }),
    });
    this.#sockets.set(connection, end);
  }

  #heard(word: ForwarderToNode): void {
    const { time, post } = this.#parts;
    time.after(wordMs, () => {
      if (!this.#isNodeAlive) return;
      if (word.type === 'ForwarderReady') this.#tellDescribed();
      else if (word.type === 'ForwardProgressed') post({ type: word.type, mark: word.mark });
      else if (word.type !== 'ForwardStatusChanged') post(word);
    });
  }

  #tellDescribed(): void {
    const { nodeId, clusterId } = this.#parts;
    const partitions = this.#described ?? [];
    const kafka = `node:${nodeId}`;
    const where = { clusterId: clusterId(), nodeId, kafka };
    this.#tell({ type: 'PartitionsDescribed', ...where, partitions });
  }

  #tell(word: NodeToForwarder): void {
    const life = this.#life;
    this.#parts.time.after(wordMs, () => {
      if (this.#life === life) this.#dispatch({ type: 'NodeSpoke', word });
    });
  }

  #arm(forwarder: Forwarder): void {
    const token = ++this.#timer;
    const deadline = forwarder.nextDeadline();
    if (deadline === undefined) return;
    const { time, clock } = this.#parts;
    time.after(Math.max(0.01, (deadline - clock.monotonicMs()) / clock.rate), () => {
      if (this.#timer === token && this.#forwarder === forwarder) {
        this.#dispatch({ type: 'TimerFired' });
      }
    });
  }

  #now(): Now {
    const { clock } = this.#parts;
    return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  }
}
