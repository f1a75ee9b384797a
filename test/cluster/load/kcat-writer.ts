import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { WriterHistory } from '../history/client-history.ts';
import { payloadOf } from '../history/identity.ts';
import type { LoadWriter } from './load-writer.ts';

export interface KcatOptions {
  readonly history: WriterHistory;
  /** host:port, with commas. */
  readonly bootstrap: string;
  readonly topic: string;
  readonly partition: number;
  readonly payloadBytes: number;
  readonly ratePerSecond: number;
}

const beatMs = 20;

/**
 * kcat, which is librdkafka: an idempotent producer with five requests in flight. What it was
 * answered it tells only at its end, so all of its answers count from then.
 */
export class KcatWriter implements LoadWriter {
  readonly name: string;
  readonly complaints: string[] = [];
  readonly #options: KcatOptions;
  readonly #kcat: ChildProcessByStdio<Writable, null, Readable>;
  readonly #exited: Promise<number | null>;
  readonly #run: Promise<void>;
  #complaint = '';
  #nextSequence = 0;
  #isFinishing = false;
  #hasEnded = false;

  constructor(options: KcatOptions) {
    this.#options = options;
    this.name = `w${options.history.id}`;
    this.#kcat = spawn('kcat', argsOf(options), { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#kcat.stdin.on('error', () => {});
    this.#kcat.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-500);
    });
    this.#exited = new Promise<number | null>((resolve) => {
      this.#kcat.once('error', () => resolve(127));
      this.#kcat.once('close', resolve);
    }).finally(() => (this.#hasEnded = true));
    this.#run = this.#feed();
  }

  async finish(msMax: number): Promise<Error | undefined> {
    this.#isFinishing = true;
    await this.#run;
    this.#kcat.stdin.end();
    const timer = setTimeout(() => this.#kcat.kill('SIGKILL'), msMax);
    const code = await this.#exited;
    clearTimeout(timer);
    if (code !== 0 || this.#complaint.includes('Delivery failed')) {
      return new Error(`${this.name}: kcat ended with ${code ?? 'a kill'}: ${this.#complaint}`);
    }
    const { history } = this.#options;
    const atMs = performance.now();
    for (let sequence = 0; sequence < this.#nextSequence; sequence++) {
      history.acknowledged(sequence, atMs, -1);
    }
    return undefined;
  }

  async abandon(): Promise<void> {
    this.#isFinishing = true;
    this.#kcat.kill('SIGKILL');
    await Promise.all([this.#run, this.#exited]);
  }

  async #feed(): Promise<void> {
    const { history, payloadBytes, ratePerSecond } = this.#options;
    const startMs = performance.now();
    while (!this.#isFinishing && !this.#hasEnded) {
      const due = ((performance.now() - startMs) * ratePerSecond) / 1_000;
      const lines: string[] = [];
      for (; this.#nextSequence < due; this.#nextSequence++) {
        const sequence = this.#nextSequence;
        history.sent(sequence, performance.now());
        lines.push(`${payloadOf({ writer: history.id, sequence, attempt: 0 }, payloadBytes)}\n`);
      }
      this.#kcat.stdin.write(lines.join(''));
      await delay(beatMs);
    }
  }
}

const argsOf = ({ bootstrap, topic, partition }: KcatOptions): string[] => [
  '-P',
  '-q',
  // Not the end: that all nodes are away for a moment.
  '-E',
  ...['-b', bootstrap],
  ...['-t', topic],
  ...['-p', `${partition}`],
  ...['-X', 'enable.idempotence=true'],
  ...['-X', 'linger.ms=20'],
  ...['-X', 'topic.metadata.refresh.interval.ms=5000'],
  ...['-X', 'reconnect.backoff.max.ms=500'],
  ...['-X', 'socket.timeout.ms=5000'],
  ...['-X', 'socket.connection.setup.timeout.ms=1000'],
];
