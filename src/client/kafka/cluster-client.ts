import type { ConnectionId, MonotonicMs } from '../../base/brand.ts';
import { monotonicMs } from '../../base/brand.ts';
import { fail } from '../../base/result.ts';
import type { MetadataResponse } from '../../wire/kafka/generated/03-metadata.ts';
import type { Api } from './api.ts';
import { apis } from './api.ts';
import type { Answered, Outcome } from './call.ts';
import { ClusterMetadata } from './cluster-metadata.ts';
import { KafkaConnection } from './connection.ts';
import type { ConnectionFault } from './connection.ts';
import { metadataRequest } from './metadata-request.ts';
import type { SaslExchange } from './sasl-exchange.ts';

/** Orders to whoever owns the sockets. Bytes of one connection keep their order. */
export type ClientEffect =
  | {
      readonly type: 'OpenConnection';
      readonly connection: ConnectionId;
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly type: 'SendBytes';
      readonly connection: ConnectionId;
      readonly chunks: readonly Uint8Array[];
    }
  | {
      readonly type: 'CloseConnection';
      readonly connection: ConnectionId;
      readonly reason: string;
    };

export interface ClusterClientOptions {
  readonly clientId: string;
  /** host:port, tried in turn. */
  readonly bootstrap: readonly string[];
  /** Brokers that the cluster named are tried too: those of `bootstrap` may be away for long. */
  readonly asksBrokers?: boolean;
  readonly nextConnection: () => ConnectionId;
  /** After this a call fails and its connection is closed. */
  readonly callMsMax: number;
  /** An address that failed is left alone for this long, and then still asked after the others. */
  readonly refusedMs: number;
  /** A login for each new connection; absent: none is needed. */
  readonly logIn?: () => SaslExchange;
}

/** Who is asked. `lane` keeps calls that park (a long poll) away from others of the same broker. */
export interface Target {
  /** Absent: any broker. */
  readonly nodeId?: number;
  readonly lane?: string;
}

interface Link {
  readonly connection: ConnectionId;
  readonly address: string;
  readonly lane: string;
  readonly protocol: KafkaConnection;
  isOpen: boolean;
}

const mainLane = 'main';
/** A broker that is away for good costs a whole timeout each time that it is tried. */
const doubtMs = 30_000;

/**
 * A Kafka cluster seen by one client: connections by address and lane, opened when a call needs
 * one, and the cluster's metadata. No call is ever repeated here; the caller decides what an
 * outcome means.
 */
export class ClusterClient {
  readonly metadata = new ClusterMetadata();
  readonly #options: ClusterClientOptions;
  readonly #links = new Map<ConnectionId, Link>();
  readonly #refused = new Map<
    string,
    { readonly until: number; readonly fault: ConnectionFault }
  >();
  readonly #topics = new Set<string>();
  #refreshing: Answered<MetadataResponse>[] | undefined;
  #effects: ClientEffect[] = [];
  #now: MonotonicMs = monotonicMs(0);
  /** Which address speaks for the cluster as a whole. */
  #rotation = -1;

  constructor(options: ClusterClientOptions) {
    this.#options = options;
  }

  /** Once at the beginning of every step, before anything else. */
  turn(now: MonotonicMs): void {
    this.#now = now;
  }

  /** One call; the outcome comes once, perhaps at once (no address, or one that just failed). */
  call<Q, R>(target: Target, api: Api<Q, R>, body: Q, msMax?: number): (done: Answered<R>) => void {
    return (done) => {
      const link = this.#linkFor(target);
      if (!('protocol' in link)) {
        done(fail({ ...link, wasSent: false }));
        return;
      }
      const deadline = monotonicMs(this.#now + (msMax ?? this.#options.callMsMax));
      link.protocol.call(api, body, deadline, done);
    };
  }

  /**
   * Asks for the cluster and these topics (and all that were asked for before); concurrent callers
   * share one. Each time another broker: one that is cut off from the others goes on naming the
   * leaders of before, and would name them for ever.
   */
  refresh(topics: readonly string[]): (done: Answered<MetadataResponse>) => void {
    return (done) => {
      const isNew = topics.some((topic) => !this.#topics.has(topic));
      for (const topic of topics) this.#topics.add(topic);
      if (this.#refreshing !== undefined && !isNew) {
        this.#refreshing.push(done);
        return;
      }
      const waiting = [done];
      this.#refreshing = waiting;
      this.#askMetadata((outcome) => {
        if (this.#refreshing === waiting) this.#refreshing = undefined;
        if (outcome.ok) this.metadata.update(outcome.value);
        for (const each of waiting) each(outcome);
      });
    };
  }

  /** Whether this connection is one of ours. */
  owns(connection: ConnectionId): boolean {
    return this.#links.has(connection);
  }

  opened(connection: ConnectionId): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    link.isOpen = true;
    link.protocol.opened(monotonicMs(this.#now + this.#options.callMsMax));
  }

  received(connection: ConnectionId, chunk: Uint8Array): void {
    const link = this.#links.get(connection);
    const fault = link?.protocol.received(chunk);
    if (link !== undefined && fault !== undefined) this.#drop(link, fault, true);
  }

  closed(connection: ConnectionId, reason: string): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    const text = `${link.address}: ${reason}`;
    this.#drop(link, { reason: 'disconnected', text }, false);
  }

  /** Fails what has waited too long. */
  expire(): void {
    for (const link of [...this.#links.values()]) {
      const fault = link.protocol.expire(this.#now);
      if (fault !== undefined) this.#drop(link, fault, true);
    }
  }

  nextDeadline(): MonotonicMs | undefined {
    let next = Infinity;
    for (const link of this.#links.values()) {
      next = Math.min(next, link.protocol.nextDeadline() ?? Infinity);
    }
    return next === Infinity ? undefined : monotonicMs(next);
  }

  /** What is to be done now; call it at the end of every step. */
  takeEffects(): readonly ClientEffect[] {
    for (const { connection, protocol, isOpen } of this.#links.values()) {
      const chunks = isOpen ? protocol.takeOutgoing() : [];
      if (chunks.length > 0) this.#effects.push({ type: 'SendBytes', connection, chunks });
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Closes every connection; calls in flight fail. */
  close(reason: string): void {
    for (const link of [...this.#links.values()]) {
      this.#drop(link, { reason: 'disconnected', text: reason }, true);
    }
  }

  #askMetadata(done: (outcome: Outcome<MetadataResponse>) => void): void {
    this.#rotation++;
    this.call({}, apis.metadata, metadataRequest(this.#topics))(done);
  }

  /** The link, or why there is none. */
  #linkFor(target: Target): Link | ConnectionFault {
    const lane = target.lane ?? mainLane;
    if (target.nodeId === undefined) return this.#anyLink(lane);
    const broker = this.metadata.brokers.get(target.nodeId);
    if (broker === undefined) {
      return { reason: 'disconnected', text: `broker ${target.nodeId} is not known` };
    }
    return this.#linkTo(`${broker.host}:${broker.port}`, lane);
  }

  /** The one whose turn it is; those that failed lately only where no other is left. */
  #anyLink(lane: string): Link | ConnectionFault {
    const addresses = this.#addresses();
    const first = Math.max(0, this.#rotation) % Math.max(1, addresses.length);
    const inTurn = [...addresses.slice(first), ...addresses.slice(0, first)];
    let refusal: ConnectionFault = { reason: 'disconnected', text: 'no address is configured' };
    for (const address of inTurn.sort((a, b) => this.#doubt(a) - this.#doubt(b))) {
      const link = this.#linkTo(address, lane);
      if ('protocol' in link) return link;
      refusal = link;
    }
    return refusal;
  }

  /** When an address failed last, if that was lately; 0: it is as good as any. */
  #doubt(address: string): number {
    const failed = this.#refused.get(address);
    return failed === undefined || failed.until + doubtMs <= this.#now ? 0 : failed.until;
  }

  #addresses(): readonly string[] {
    const { bootstrap, asksBrokers = false } = this.#options;
    if (!asksBrokers) return bootstrap;
    const brokers = [...this.metadata.brokers.values()];
    return [...new Set([...bootstrap, ...brokers.map(({ host, port }) => `${host}:${port}`)])];
  }

  #linkTo(address: string, lane: string): Link | ConnectionFault {
    for (const link of this.#links.values()) {
      if (link.address === address && link.lane === lane) return link;
    }
    const refused = this.#refused.get(address);
    if (refused !== undefined && refused.until > this.#now) return refused.fault;
    const connection = this.#options.nextConnection();
    const protocol = new KafkaConnection(this.#options.clientId, this.#options.logIn?.());
    const link: Link = { connection, address, lane, protocol, isOpen: false };
    this.#links.set(connection, link);
    this.#effects.push({ type: 'OpenConnection', connection, ...splitAddress(address) });
    return link;
  }

  /** The link leaves the map before its calls fail: a caller that tries again must not find it. */
  #drop(link: Link, fault: ConnectionFault, isOurs: boolean): void {
    this.#links.delete(link.connection);
    this.#refused.set(link.address, { until: this.#now + this.#options.refusedMs, fault });
    if (isOurs) {
      const { connection } = link;
      this.#effects.push({ type: 'CloseConnection', connection, reason: fault.text });
    }
    link.protocol.closed(fault);
  }
}

/** host and port of `host:port`; an IPv6 host is in brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(at + 1)) };
}
