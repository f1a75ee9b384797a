import type { ConnectionId, MonotonicMs, Offset } from '../../base/brand.ts';
import { connectionId, monotonicMs } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import type { ClientEffect, ClusterClientOptions } from '../../client/kafka/cluster-client.ts';
import { ClusterClient } from '../../client/kafka/cluster-client.ts';
import type { SaslExchange } from '../../client/kafka/sasl-exchange.ts';
import type { Compression } from '../../ports/compression.ts';
import type { Random } from '../../ports/random.ts';
import type { TelemetryFields, TelemetryLevel } from '../../ports/telemetry.ts';
import type { Now } from '../now.ts';
import type { ForwardContext } from './context.ts';
import { EdgePoll } from './edge-poll.ts';
import { MemoryBudget } from './memory-budget.ts';
import { PartitionForwarder } from './partition-forwarder.ts';
import type { Wait } from './procedure.ts';
import type { ForwarderSettings } from './settings.ts';
import type { ForwarderToNode, ForwardMark, NodeToForwarder } from './supervision.ts';

export type ForwarderEvent =
  | { readonly type: 'Started' }
  | { readonly type: 'NodeSpoke'; readonly word: NodeToForwarder }
  | { readonly type: 'ConnectionOpened'; readonly connection: ConnectionId }
  | {
      readonly type: 'BytesReceived';
      readonly connection: ConnectionId;
      readonly chunk: Uint8Array;
    }
  | {
      readonly type: 'ConnectionClosed';
      readonly connection: ConnectionId;
      readonly reason: string;
    }
  | { readonly type: 'TimerFired' };

export type ForwarderEffect =
  | (Extract<ClientEffect, { type: 'OpenConnection' }> & { readonly side: 'edge' | 'central' })
  | Exclude<ClientEffect, { type: 'OpenConnection' }>
  | { readonly type: 'TellNode'; readonly word: ForwarderToNode }
  | {
      readonly type: 'Print';
      readonly level: TelemetryLevel;
      readonly text: string;
      readonly fields?: TelemetryFields;
    }
  /** No transaction is open any more; the process may end. */
  | { readonly type: 'Finish' };

export interface ForwarderOptions {
  readonly settings: ForwarderSettings;
  readonly random: Pick<Random, 'next'>;
  readonly compression: Compression;
  /** A login at central for each connection; absent: none is needed. */
  readonly logIn?: () => SaslExchange;
}

interface Sleeper {
  readonly at: number;
  readonly resume: () => void;
}

/** Addresses that failed are tried again soon: the long pauses are the partitions'. */
const refusedMs = 500;
const statusMs = 1_000;

/**
 * The forwarder process as one state machine: events in, effects out, no clock, no socket. It holds
 * a small machine for each edge partition; those run concurrently over shared connections.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #partitions = new Map<string, PartitionForwarder>();
  readonly #memory = new MemoryBudget(limits.forwardBytesMax);
  readonly #central: ClusterClient;
  #edge: ClusterClient | undefined;
  #edgePoll: EdgePoll | undefined;
  #sleepers: Sleeper[] = [];
  #effects: ForwarderEffect[] = [];
  #now: Now;
  #nextConnection = 1;
  #nodeKafka: string | undefined;
  #statusDue: number | undefined;
  #lastStatusAt = -Infinity;
  #isStopping = false;
  readonly #asked = new Map<number, (isAllowed: boolean) => void>();
  /** Not from 1: an answer to a process before this one must find nobody. */
  #nextAskId: number;

  constructor(options: ForwarderOptions, now: Now) {
    this.#options = options;
    this.#now = now;
    this.#nextAskId = Math.floor(options.random.next() * 2 ** 48);
    const { bootstrap } = options.settings.central;
    const { logIn } = options;
    this.#central = this.#client(bootstrap, { asksBrokers: true, ...(logIn && { logIn }) });
  }

  /** Takes one event to completion and returns what is to be done, in order. */
  step(event: ForwarderEvent, now: Now): readonly ForwarderEffect[] {
    this.#now = now;
    for (const client of this.#clients()) client.turn(now.monotonicMs);
    this.#take(event);
    this.#wake();
    for (const client of this.#clients()) client.expire();
    this.#edgePoll?.flush();
    return this.#finishStep();
  }

  nextDeadline(): MonotonicMs | undefined {
    let next = this.#statusDue ?? Infinity;
    for (const sleeper of this.#sleepers) next = Math.min(next, sleeper.at);
    for (const client of this.#clients()) {
      next = Math.min(next, client.nextDeadline() ?? Infinity);
    }
    return next === Infinity ? undefined : monotonicMs(next);
  }

  #take(event: ForwarderEvent): void {
    switch (event.type) {
      case 'Started':
        this.#effects.push({ type: 'TellNode', word: { type: 'ForwarderReady' } });
        return;
      case 'NodeSpoke':
        this.#hear(event.word);
        return;
      case 'ConnectionOpened':
        this.#ownerOf(event.connection)?.opened(event.connection);
        return;
      case 'BytesReceived':
        this.#ownerOf(event.connection)?.received(event.connection, event.chunk);
        return;
      case 'ConnectionClosed':
        this.#ownerOf(event.connection)?.closed(event.connection, event.reason);
        return;
      case 'TimerFired':
        return;
    }
  }

  #hear(word: NodeToForwarder): void {
    if (word.type === 'StopRequested') {
      this.#isStopping = true;
      for (const partition of this.#partitions.values()) partition.stop();
      return;
    }
    if (word.type === 'ForwardAnswered') return this.#answered(word);
    if (this.#isStopping) return;
    if (this.#nodeKafka !== word.kafka) this.#useNode(word.kafka);
    const context = this.#context(word);
    for (const described of word.partitions) {
      const key = `${described.topicId}/${described.partition}`;
      const known = this.#partitions.get(key);
      if (known !== undefined) {
        known.describe(described);
        continue;
      }
      const route = this.#options.settings.routes.find(({ from }) => from === described.topic);
      if (route === undefined) continue;
      const changed = (isUrgent: boolean): void => this.#statusChanged(isUrgent);
      const partition = new PartitionForwarder(context, described, route.to, changed);
      this.#partitions.set(key, partition);
      partition.start();
    }
    this.#dropMissing(new Set(word.partitions.map((p) => `${p.topicId}/${p.partition}`)));
  }

  #answered({ askId, isAllowed }: Extract<NodeToForwarder, { type: 'ForwardAnswered' }>): void {
    const resume = this.#asked.get(askId);
    this.#asked.delete(askId);
    resume?.(isAllowed);
  }

  #ask(attempt: ForwardMark, from: Offset): Wait<boolean> {
    return (resume) => {
      const askId = this.#nextAskId++;
      this.#asked.set(askId, resume);
      this.#effects.push({
        type: 'TellNode',
        word: { type: 'ForwardAsked', askId, attempt, from },
      });
    };
  }

  /**
   * A partition that the node does not describe any more is led elsewhere, or was deleted. An open
   * transaction is finished, if whoever comes next does not end it before (X2).
   */
  #dropMissing(described: ReadonlySet<string>): void {
    for (const [key, partition] of this.#partitions) {
      if (described.has(key)) continue;
      partition.stop();
      this.#partitions.delete(key);
      this.#statusChanged(true);
    }
  }

  /**
   * The node has its own listener for as long as this process lives; another address is another
   * start.
   */
  #useNode(kafka: string): void {
    for (const partition of this.#partitions.values()) partition.stop();
    this.#partitions.clear();
    this.#edge?.close('the node moved');
    this.#flushClient('edge', this.#edge);
    this.#nodeKafka = kafka;
    this.#edge = this.#client([kafka]);
    this.#edge.turn(this.#now.monotonicMs);
    this.#edgePoll = new EdgePoll(this.#edge);
  }

  #context({
    clusterId,
    nodeId,
  }: Extract<NodeToForwarder, { clusterId: unknown }>): ForwardContext {
    const edge = this.#edge ?? this.#client([]);
    return {
      settings: this.#options.settings,
      node: { clusterId, nodeId },
      edge,
      edgePoll: this.#edgePoll ?? new EdgePoll(edge),
      central: this.#central,
      memory: this.#memory,
      random: this.#options.random,
      compression: this.#options.compression,
      now: () => this.#now,
      sleep: (ms) => (resume) =>
        void this.#sleepers.push({ at: this.#now.monotonicMs + ms, resume }),
      ask: (attempt, from) => this.#ask(attempt, from),
      tell: (word) => void this.#effects.push({ type: 'TellNode', word }),
      print: (level, text, fields) =>
        void this.#effects.push({ type: 'Print', level, text, ...(fields && { fields }) }),
    };
  }

  /** A node is asked at its own address alone: another one would answer for another process. */
  #client(
    bootstrap: readonly string[],
    more: Pick<ClusterClientOptions, 'asksBrokers' | 'logIn'> = {},
  ): ClusterClient {
    return new ClusterClient({
      clientId: 'shorelog-forwarder',
      bootstrap,
      nextConnection: () => connectionId(this.#nextConnection++),
      callMsMax: limits.forwardRequestMsMax,
      refusedMs,
      ...more,
    });
  }

  #clients(): readonly ClusterClient[] {
    return this.#edge === undefined ? [this.#central] : [this.#edge, this.#central];
  }

  #ownerOf(connection: ConnectionId): ClusterClient | undefined {
    return this.#clients().find((client) => client.owns(connection));
  }

  /** In the order of their times; one that sleeps again at once waits for the next step. */
  #wake(): void {
    const now = this.#now.monotonicMs;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= now);
    if (due.length === 0) return;
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > now);
    for (const { resume } of due.sort((a, b) => a.at - b.at)) resume();
  }

  #statusChanged(isUrgent: boolean): void {
    const now = this.#now.monotonicMs;
    const due = isUrgent ? now : Math.max(now, this.#lastStatusAt + statusMs);
    this.#statusDue = Math.min(this.#statusDue ?? Infinity, due);
  }

  #finishStep(): readonly ForwarderEffect[] {
    if (this.#statusDue !== undefined && this.#statusDue <= this.#now.monotonicMs) {
      this.#statusDue = undefined;
      this.#lastStatusAt = this.#now.monotonicMs;
      const statuses = [...this.#partitions.values()].map((partition) => partition.status);
      const word: ForwarderToNode = { type: 'ForwardStatusChanged', statuses };
      this.#effects.push({ type: 'TellNode', word });
    }
    this.#flushClient('edge', this.#edge);
    this.#flushClient('central', this.#central);
    if (this.#isStopping && ![...this.#partitions.values()].some((p) => p.isRunning)) {
      this.#effects.push({ type: 'Finish' });
    }
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #flushClient(side: 'edge' | 'central', client: ClusterClient | undefined): void {
    for (const effect of client?.takeEffects() ?? []) {
      this.#effects.push(effect.type === 'OpenConnection' ? { ...effect, side } : effect);
    }
  }
}
