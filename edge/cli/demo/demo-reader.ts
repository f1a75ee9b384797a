import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { KafkaBroker } from './kafka-launcher.ts';
import { readWithKcat } from './kcat-reader.ts';
import { shorelogProgram } from './node-launcher.ts';

/** Reads a topic from its beginning to its end; what it is called is told to the user. */
export interface DemoReader {
  readonly name: string;
  read(onValue: (value: string) => void): Promise<void>;
}

const readMsMax = 120_000;

/** kcat, read_committed. Not ours, so it is the one to prefer. */
export const kcatReader = (bootstrap: string, topic: string): DemoReader => ({
  name: 'kcat, read_committed',
  read: (onValue) =>
    readWithKcat({ bootstrap, topic, msMax: readMsMax }, ({ value }) =>
      onValue(value?.toString() ?? ''),
    ),
});

/**
 * Kafka's own console consumer, read_committed: for the Kafka that we brought, where there is no
 * kcat.
 */
export const consoleConsumerReader = (broker: KafkaBroker, topic: string): DemoReader => ({
  name: "Kafka's console consumer, read_committed",
  read: async (onValue) => {
    const args = [
      ...['--bootstrap-server', broker.bootstrap],
      ...['--topic', topic],
      '--from-beginning',
      ...['--isolation-level', 'read_committed'],
      ...['--timeout-ms', '5000'],
    ];
    const mainClass = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
    const run = await broker.runTool(mainClass, args, { timeoutMs: readMsMax });
    for (const line of run.stdout.split('\n')) onValue(line);
  },
});

/** `shorelog consume`: the last resort, at a node of ours. */
export const consumeReader = (bootstrap: string, topic: string): DemoReader => ({
  name: 'shorelog consume (no kcat here)',
  read: async (onValue) => {
    const args = [shorelogProgram(), 'consume', topic, '--kafka', bootstrap, '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), readMsMax);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      onValue((JSON.parse(line) as { value?: string | null }).value ?? '');
    }
    clearTimeout(timer);
    const code = await ended;
    if (code !== 0) throw new Error(`shorelog consume ended with ${code ?? 'a kill'}`);
  },
});
