import type { KafkaBroker } from '../../edge/cli/demo/kafka-launcher.ts';

export interface PerfTestOptions {
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
  readonly batchBytes: number;
}

/** What Kafka's load producer says of itself, in records per second. */
export interface PerfTest {
  /** Over all, the warming up of its JVM included. */
  readonly perSecond: number;
  /** The best of its windows of 5 s: what it does when warm. */
  readonly bestWindow: number;
}

const sendMsMax = 600_000;

/**
 * Kafka's own load producer, idempotent with acks=all and without compression, against any Kafka
 * port. Rejects unless everything was acknowledged.
 */
export const runPerfTest = async (
  tools: KafkaBroker,
  bootstrap: string,
  { topic, records, recordBytes, batchBytes }: PerfTestOptions,
): Promise<PerfTest> => {
  const properties = [
    `bootstrap.servers=${bootstrap}`,
    'acks=all',
    'enable.idempotence=true',
    'linger.ms=5',
    `batch.size=${batchBytes}`,
    'compression.type=none',
  ];
  const run = await tools.runTool(
    'org.apache.kafka.tools.ProducerPerformance',
    [
      ...['--topic', topic],
      ...['--num-records', `${records}`],
      ...['--record-size', `${recordBytes}`],
      ...['--throughput', '-1'],
      ...['--producer-props', ...properties],
    ],
    { timeoutMs: sendMsMax, machine: 'fast' },
  );
  const lines = run.stdout.trimEnd().split('\n');
  const rates = lines.map((line) => /^(\d+) records sent, ([\d.]+) records\/sec/.exec(line));
  const summary = rates.at(-1);
  if (run.code !== 0 || Number(summary?.[1]) !== records) {
    const said = `${lines.at(-1) ?? ''}\n${run.stderr.slice(-1_000)}`;
    throw new Error(`the producer did not send everything: ${said}`);
  }
  return {
    perSecond: Math.round(Number(summary?.[2])),
    bestWindow: Math.round(Math.max(...rates.map((rate) => Number(rate?.[2] ?? 0)))),
  };
};
