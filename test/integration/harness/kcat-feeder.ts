import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export interface KcatFeederOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Prefix of the values, unique within a test. */
  readonly name: string;
  /** Default 64. */
  readonly valueBytes?: number;
}

const keys = 64;

/**
 * kcat as a long-lived idempotent producer, acks=all, batches of 16 KiB. Every value is unique and
 * its trimmed text is the record's identity.
 */
export class KcatFeeder {
  readonly #options: KcatFeederOptions;
  readonly #kcat: ChildProcessByStdio<Writable, null, Readable>;
  readonly #exited: Promise<number | null>;
  #complaint = '';
  #sent = 0;
  #hasEnded = false;

  constructor(options: KcatFeederOptions) {
    this.#options = options;
    this.#kcat = spawn('kcat', kcatArgs(options), { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#kcat.stdin.on('error', () => {});
    this.#kcat.stderr.on(
      'data',
      (chunk: Buffer) => (this.#complaint = (this.#complaint + chunk.toString()).slice(-500)),
    );
    this.#exited = new Promise<number | null>((resolve) => {
      this.#kcat.once('error', () => resolve(127));
      this.#kcat.once('close', resolve);
    }).finally(() => (this.#hasEnded = true));
  }

  /** Records handed to kcat so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Hands over that many more; settles when kcat takes further ones. Rejects when it is gone. */
  async send(count: number): Promise<void> {
    if (this.#hasEnded) throw new Error(`kcat is gone: ${this.#complaint}`);
    const { name, valueBytes = 64 } = this.#options;
    const lines: string[] = [];
    for (let left = count; left > 0; left -= 1) {
      const sequence = this.#sent;
      this.#sent += 1;
      lines.push(`feed/${sequence % keys}|${`${name}-${sequence}`.padEnd(valueBytes)}\n`);
    }
    if (this.#kcat.stdin.write(lines.join(''))) return;
    await Promise.race([once(this.#kcat.stdin, 'drain'), this.#exited]);
  }

  /** Waits until all is acknowledged. Rejects when kcat says that something was not. */
  async finish(msMax: number): Promise<void> {
    this.#kcat.stdin.end();
    const timer = setTimeout(() => this.kill(), msMax);
    const code = await this.#exited;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`kcat ended with ${code ?? 'a kill'}: ${this.#complaint}`);
  }

  kill(): void {
    this.#kcat.kill('SIGKILL');
  }
}

const kcatArgs = ({ bootstrap, topic }: KcatFeederOptions): string[] => [
  '-P',
  '-q',
  ...['-b', bootstrap],
  ...['-t', topic],
  ...['-K', '|'],
  ...['-X', 'enable.idempotence=true'],
  ...['-X', 'batch.size=16384'],
  ...['-X', 'linger.ms=250'],
];
