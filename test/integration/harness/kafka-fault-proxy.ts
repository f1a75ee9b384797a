import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { FrameSplitter } from './frame-splitter.ts';
import { kafkaApiKeys, kafkaApiName } from './kafka-api-keys.ts';
import type { KafkaApi } from './kafka-api-keys.ts';

export interface KafkaRequestFrame {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** The whole frame, its size included. */
  readonly bytes: Buffer;
}

/** Lets the broker carry out a request and loses the answer together with the connection. */
export interface DropReplyRule {
  readonly api: KafkaApi;
  readonly times: number;
  /** Further condition on the request, such as `producesTo`. */
  readonly when?: (request: KafkaRequestFrame) => boolean;
}

export interface ActiveRule {
  /** Answers lost so far. */
  readonly dropped: number;
  /** Settles when all have been lost. */
  readonly exhausted: Promise<void>;
  cancel(): void;
}

/** A request that has not reached the broker; those behind it on its connection wait too. */
export interface HeldRequest {
  /** The whole frame, when it has come. */
  readonly bytes: Promise<Buffer>;
  /** Lets it and what waits behind it go on. */
  pass(): void;
  /** Ends its connection: the broker never sees it from there. */
  cut(): void;
}

export interface FaultProxyOptions {
  /** The port that the broker advertises for the listener behind (`ProxySlot.advertisedPort`). */
  readonly listenPort: number;
  /** The broker's listener (`ProxySlot.listenPort`). */
  readonly targetPort: number;
}

/** A Produce whose request head names this topic: data or cursor. */
export const producesTo =
  (topic: string) =>
  (request: KafkaRequestFrame): boolean =>
    request.apiKey === kafkaApiKeys.Produce && request.bytes.subarray(0, 512).includes(topic);

/** A proxy between Kafka clients and one broker that loses chosen answers, or cuts everything. */
export class KafkaFaultProxy {
  readonly bootstrap: string;
  readonly #server: Server;
  readonly #options: FaultProxyOptions;
  readonly #pairs = new Set<SocketPair>();
  readonly #rules = new Set<Rule>();
  readonly #holds = new Set<Hold>();
  readonly #watchers: ((request: KafkaRequestFrame) => void)[] = [];
  readonly #requestCounts = new Map<string, number>();
  readonly #droppedCounts = new Map<string, number>();
  #refusing = false;

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.bootstrap = `127.0.0.1:${options.listenPort}`;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(options: FaultProxyOptions): Promise<KafkaFaultProxy> {
    const proxy = new KafkaFaultProxy(options);
    proxy.#server.listen(options.listenPort, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Requests passed on so far, by name. */
  get requestCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#requestCounts);
  }

  /** Answers lost so far, by name of the request. */
  get droppedCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#droppedCounts);
  }

  dropReplies(rule: DropReplyRule): ActiveRule {
    const active = new Rule(rule);
    this.#rules.add(active);
    return {
      get dropped(): number {
        return active.dropped;
      },
      exhausted: active.exhausted,
      cancel: () => this.#rules.delete(active),
    };
  }

  /** Holds the next request of this kind. */
  holdRequest(rule: Omit<DropReplyRule, 'times'>): HeldRequest {
    const hold = new Hold(rule);
    this.#holds.add(hold);
    return hold;
  }

  /** A late copy: sends a frame to the broker over a connection of its own, returns the answer. */
  async deliver(bytes: Buffer): Promise<Buffer> {
    const socket = connect(this.#options.targetPort, '127.0.0.1');
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer to a late copy')));
    try {
      return await new Promise((resolve, reject) => {
        const answers = new FrameSplitter(resolve);
        socket.on('data', (chunk: Buffer) => answers.push(chunk));
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('the broker hung up on a late copy')));
        socket.write(bytes);
      });
    } finally {
      socket.destroy();
    }
  }

  /** Sees every request before the rules do. */
  watch(watcher: (request: KafkaRequestFrame) => void): void {
    this.#watchers.push(watcher);
  }

  /** Central is away: ends every connection and every new one. */
  cut(): void {
    this.#refusing = true;
    this.disconnectAll();
  }

  /** Central is back. */
  heal(): void {
    this.#refusing = false;
  }

  /** Ends every connection; new ones are welcome. */
  disconnectAll(): void {
    for (const pair of this.#pairs) pair.destroy();
  }

  /** Leaves a closed port. Does nothing the second time. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.disconnectAll();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const pair: SocketPair = new SocketPair(client, this.#options.targetPort, {
      onRequest: (request) => this.#judge(request),
      isHeld: (request) => this.#hold(request, pair),
      onDropped: (rule, api) => this.#countDrop(rule, api),
      onEnd: () => this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
  }

  #hold(request: KafkaRequestFrame, pair: SocketPair): boolean {
    for (const hold of this.#holds) {
      if (!hold.takes(request, pair)) continue;
      this.#holds.delete(hold);
      return true;
    }
    return false;
  }

  /** The rule that this request falls under, which it uses up by one. */
  #judge(request: KafkaRequestFrame): Rule | undefined {
    count(this.#requestCounts, kafkaApiName(request.apiKey));
    for (const watcher of this.#watchers) watcher(request);
    for (const rule of this.#rules) {
      if (rule.takes(request)) return rule;
    }
    return undefined;
  }

  #countDrop(rule: Rule, apiKey: number): void {
    count(this.#droppedCounts, kafkaApiName(apiKey));
    rule.countDrop();
    if (rule.isExhausted) this.#rules.delete(rule);
  }
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

class Rule {
  readonly exhausted: Promise<void>;
  dropped = 0;
  readonly #rule: DropReplyRule;
  #claimed = 0;
  #onExhausted: () => void = () => {};

  constructor(rule: DropReplyRule) {
    this.#rule = rule;
    this.exhausted = new Promise((resolve) => (this.#onExhausted = resolve));
  }

  get isExhausted(): boolean {
    return this.dropped >= this.#rule.times;
  }

  /**
   * One request at a time: those pipelined behind it lose their connection with it and do not
   * count.
   */
  takes(request: KafkaRequestFrame): boolean {
    const { api, times, when } = this.#rule;
    if (this.#claimed >= times || request.apiKey !== kafkaApiKeys[api]) return false;
    if (when !== undefined && !when(request)) return false;
    this.#claimed += 1;
    return true;
  }

  countDrop(): void {
    this.dropped += 1;
    if (this.isExhausted) this.#onExhausted();
  }

  /** The connection fell before the answer came: to be tried again. */
  giveBack(): void {
    this.#claimed -= 1;
  }
}

class Hold implements HeldRequest {
  readonly bytes: Promise<Buffer>;
  readonly #rule: Omit<DropReplyRule, 'times'>;
  #pair: SocketPair | undefined;
  #onTaken: (bytes: Buffer) => void = () => {};

  constructor(rule: Omit<DropReplyRule, 'times'>) {
    this.#rule = rule;
    this.bytes = new Promise((resolve) => (this.#onTaken = resolve));
  }

  takes(request: KafkaRequestFrame, pair: SocketPair): boolean {
    const { api, when } = this.#rule;
    if (request.apiKey !== kafkaApiKeys[api] || when?.(request) === false) return false;
    this.#pair = pair;
    this.#onTaken(request.bytes);
    return true;
  }

  pass(): void {
    this.#pair?.goOn();
  }

  cut(): void {
    this.#pair?.destroy();
  }
}

interface PairEvents {
  readonly isHeld: (request: KafkaRequestFrame) => boolean;
  readonly onRequest: (request: KafkaRequestFrame) => Rule | undefined;
  readonly onDropped: (rule: Rule, apiKey: number) => void;
  readonly onEnd: () => void;
}

/** One client connection and its connection to the broker. */
class SocketPair {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #events: PairEvents;
  /** Correlation ids whose answers are to be lost. */
  readonly #marked = new Map<number, { readonly rule: Rule; readonly apiKey: number }>();
  /** A held request and those behind it. */
  #waiting: Buffer[] | undefined;

  constructor(client: Socket, targetPort: number, events: PairEvents) {
    this.#client = client;
    this.#events = events;
    this.#broker = connect(targetPort, '127.0.0.1');
    this.#broker.on('error', () => {});
    const requests = new FrameSplitter((frame) => this.#passRequest(frame));
    const replies = new FrameSplitter((frame) => this.#passReply(frame));
    client.on('data', (chunk: Buffer) => requests.push(chunk));
    this.#broker.on('data', (chunk: Buffer) => replies.push(chunk));
    client.once('close', () => this.destroy());
    this.#broker.once('close', () => this.destroy());
  }

  destroy(): void {
    this.#client.destroy();
    this.#broker.destroy();
    for (const { rule } of this.#marked.values()) rule.giveBack();
    this.#marked.clear();
    this.#events.onEnd();
  }

  goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const bytes of waiting) this.#passRequest(bytes);
  }

  #passRequest(bytes: Buffer): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(bytes);
      return;
    }
    const request = {
      apiKey: bytes.readInt16BE(4),
      apiVersion: bytes.readInt16BE(6),
      correlationId: bytes.readInt32BE(8),
      bytes,
    };
    if (this.#events.isHeld(request)) {
      this.#waiting = [bytes];
      return;
    }
    const rule = this.#events.onRequest(request);
    if (rule !== undefined) {
      this.#marked.set(request.correlationId, { rule, apiKey: request.apiKey });
    }
    this.#broker.write(bytes);
  }

  #passReply(bytes: Buffer): void {
    if (this.#client.destroyed) return;
    const correlationId = bytes.readInt32BE(4);
    const mark = this.#marked.get(correlationId);
    if (mark === undefined) {
      this.#client.write(bytes);
      return;
    }
    this.#marked.delete(correlationId);
    this.#events.onDropped(mark.rule, mark.apiKey);
    this.destroy();
  }
}
