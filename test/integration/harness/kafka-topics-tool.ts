import type { DumpTool } from './dump-log-segments.ts';
import { runProgram } from './run-program.ts';

/** What Kafka's own `kafka-topics` printed, its log left out. */
export interface KafkaTopicsRun {
  readonly code: number | null;
  readonly out: string;
}

/** Runs `kafka-topics` against a cluster. */
export async function kafkaTopics(
  { java, classPath }: DumpTool,
  bootstrap: string,
  args: readonly string[],
): Promise<KafkaTopicsRun> {
  const { code, out } = await runProgram({
    command: java,
    args: [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', classPath],
      ...['org.apache.kafka.tools.TopicCommand', '--bootstrap-server', bootstrap, ...args],
    ],
  });
  return { code, out: out.toString('utf8').trim() };
}
