import { LoadPublisher } from '../integration/harness/load-publisher.ts';
import { Qos2Publisher } from '../integration/harness/qos2-publisher.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import type { Prng } from '../../src/base/prng.ts';
import { nothingPromised } from './promised.ts';
import type { Promised, SessionState } from './promised.ts';
import { SequencedProducer } from './sequenced-producer.ts';
import { topics } from './power-config.ts';

interface SessionStep {
  readonly mark: number;
  readonly state: SessionState;
}

const sessionsMax = 16;

/**
 * Everything that speaks to a node between a start and its end, and the ledger of what it was
 * promised, each promise with the mark at which it was seen. `mark` never falls.
 */
export class PowerLoad {
  readonly #mark: () => number;
  #atNextAck: (() => void) | undefined;
  readonly #kept: LoadPublisher;
  readonly #aged: LoadPublisher;
  readonly #keptMarks = new Map<string, number>();
  readonly #agedMarks = new Map<string, number>();
  readonly #sessions: readonly { readonly client: Qos2Publisher; readonly steps: SessionStep[] }[];
  readonly #producer: SequencedProducer;
  readonly #epochs: { readonly mark: number; readonly name: string; readonly epoch: number }[] = [];
  readonly #runs: Promise<unknown>;

  constructor(node: NodeProcess, name: string, random: Prng, mark: () => number) {
    this.#mark = mark;
    const { mqtt: port, kafka: kafkaPort } = node.ports;
    this.#kept = new LoadPublisher({
      ...{ port, name: `${name}.kept`, connections: 4, inFlight: 100 },
      payloadBytes: random.pick([64, 200, 700]),
      onAcked: (identity) => this.#noteAcked(this.#keptMarks, identity),
    });
    this.#aged = new LoadPublisher({
      ...{ port, name: `${name}.aged`, connections: 2, inFlight: 20, payloadBytes: 300 },
      mqttTopicOf: (connection) => `aged/${name}/${connection}`,
      onAcked: (identity) => this.#noteAcked(this.#agedMarks, identity),
    });
    this.#sessions = Array.from({ length: sessionsMax }, (_, index) => ({
      client: new Qos2Publisher({ port, clientId: `${name}.session${index}` }),
      steps: [],
    }));
    this.#producer = new SequencedProducer(topics.kept, `${name}.producer`, mark);
    this.#runs = Promise.all([
      this.#producer.run(kafkaPort),
      ...this.#sessions.map(({ client, steps }, index) =>
        this.#handOver(client, steps, `${name}.session${index}`),
      ),
      this.#noteEpochs(node),
    ]);
    // Awaited in `end`.
    this.#runs.catch(() => {});
  }

  get acked(): number {
    return this.#kept.acked.size + this.#aged.acked.size;
  }

  /** QoS 1 publishes without an answer now. */
  get inFlight(): number {
    return this.#kept.inFlight + this.#aged.inFlight;
  }

  get misplacedAcks(): number {
    return this.#kept.misplacedAcks + this.#aged.misplacedAcks;
  }

  /**
   * Runs something at the very moment of the next PUBACK, and settles then: what was acknowledged
   * too early is not on the disk yet.
   */
  atNextAck(run: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#atNextAck = (): void => {
        run();
        resolve();
      };
    });
  }

  #noteAcked(marks: Map<string, number>, identity: string): void {
    marks.set(identity, this.#mark());
    const run = this.#atNextAck;
    this.#atNextAck = undefined;
    run?.();
  }

  /** With the node dead. Rejects with what it refused and had to take. */
  async end(): Promise<void> {
    for (const { client } of this.#sessions) client.destroy();
    this.#producer.destroy();
    await Promise.all([this.#kept.stop(0), this.#aged.stop(0), this.#runs]);
  }

  /** What had been promised, seen from a mark; after `end`. */
  promisedAt(mark: number): Promised {
    const promised = nothingPromised();
    const { kept, aged, offsets, epochs } = promised;
    for (const [publisher, marks, readings] of [
      [this.#kept, this.#keptMarks, kept],
      [this.#aged, this.#agedMarks, aged],
    ] as const) {
      for (const [identity, seen] of marks) if (seen <= mark) readings.required.add(identity);
      for (const identity of [...publisher.acked, ...publisher.uncertain]) {
        readings.allowed.add(identity);
      }
    }
    for (const [value, at] of this.#producer.answeredAt(mark)) {
      kept.required.add(value);
      offsets.set(value, at);
    }
    for (const value of this.#producer.sent) kept.allowed.add(value);
    for (const { name, epoch, mark: seen } of this.#epochs)
      if (seen <= mark) epochs.set(name, epoch);
    for (const { client } of this.#sessions) {
      for (const reading of client.readings) kept.allowed.add(reading);
    }
    const producer = this.#producer.stateAt(mark);
    return {
      ...promised,
      sessions: this.#sessions.flatMap(({ steps }) => {
        const step = steps.findLast((candidate) => candidate.mark <= mark);
        return step === undefined ? [] : [step.state];
      }),
      producers: producer === undefined ? [] : [producer],
    };
  }

  /** One reading after the other until the node is gone. */
  async #handOver(client: Qos2Publisher, steps: SessionStep[], clientId: string): Promise<void> {
    // A send counts from before it, an answer from after it: so the client never knows too little
    // of what it did, nor too much of what it was told.
    const note = (mark: number): void => {
      const { readings, debt, mayBeReleased } = client;
      steps.push({ mark, state: { clientId, readings: readings.length, debt, mayBeReleased } });
    };
    try {
      await client.connect();
      for (;;) {
        let mark = this.#mark();
        await client.begin();
        note(mark);
        await client.takeRec();
        note(this.#mark());
        mark = this.#mark();
        await client.release();
        note(mark);
        await client.takeComp();
        note(this.#mark());
      }
    } catch {
      client.destroy();
    }
  }

  async #noteEpochs(node: NodeProcess): Promise<void> {
    try {
      const { partitions } = await node.status();
      const mark = this.#mark();
      for (const { topic, partition, leaderEpoch } of partitions) {
        this.#epochs.push({ mark, name: `${topic}-${partition}`, epoch: leaderEpoch });
      }
    } catch {
      // It was killed before it answered: nothing was told.
    }
  }
}
