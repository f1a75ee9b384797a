import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, ok } from '../../../src/base/result.ts';
import type { Result } from '../../../src/base/result.ts';
import type { DownloadProgress } from './download-meter.ts';
import { freePorts } from './free-ports.ts';
import { findJava } from './java-tools.ts';
import type { KafkaUnavailable } from './java-tools.ts';
import { ensureKafkaJars, kafkaVersion } from './kafka-jars.ts';
import { kafkaProperties } from './kafka-properties.ts';
import type { KafkaPorts, ProxySlot } from './kafka-properties.ts';
import { createTopics, isKafkaReady } from './kafka-topics.ts';
import type { TopicSpec } from './kafka-topics.ts';
import { spawnOwned } from './owned-process.ts';
import type { OwnedProcess } from './owned-process.ts';

export interface KafkaOptions {
  /** Takes configuration, data and what the broker prints. Must exist. */
  readonly folder: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Where it listens for clients that are not on this machine; default 127.0.0.1. */
  readonly host?: string;
  /** Further server properties; they win over the launcher's. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Further listeners, each to be reached through a proxy at its `advertisedPort`. */
  readonly proxySlots?: number;
  /** `fast` compiles fully and has 1 GiB of heap, for measuring; default `small`. */
  readonly machine?: 'small' | 'fast';
}

export interface ToolOptions {
  /** Default 120 s. */
  readonly timeoutMs?: number;
  /** Default `small`. */
  readonly machine?: 'small' | 'fast';
}

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const jvmArgs = {
  small: ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  fast: ['-Xmx1g', '-Xms1g', '-XX:+UseG1GC'],
} as const;

const startMsMax = 60_000;
const toolMsMax = 120_000;
const stopGraceMs = 15_000;
const toolOutputBytesMax = 512 * 1024 * 1024;

/** A real Apache Kafka of one node on loopback ports. It ends with this process. */
export class KafkaBroker {
  readonly version = kafkaVersion;
  /** host:port for clients that want no proxy. */
  readonly bootstrap: string;
  readonly proxySlots: readonly ProxySlot[];
  readonly outputFile: string;
  readonly logFolder: string;
  readonly #launch: Launch;
  #process: OwnedProcess | undefined;

  /** Use `launchKafka`. */
  constructor(launch: Launch) {
    this.#launch = launch;
    this.bootstrap = `${launch.ports.host}:${launch.ports.broker}`;
    this.proxySlots = launch.ports.proxySlots;
    this.outputFile = join(launch.folder, 'kafka.txt');
    this.logFolder = join(launch.folder, 'data');
  }

  isRunning(): boolean {
    return this.#process?.isRunning() ?? false;
  }

  /** Starts it on its ports and data and waits until it answers. Not for one that runs. */
  async start(): Promise<Result<void, KafkaUnavailable>> {
    this.#process = spawnOwned({
      command: this.#launch.java,
      args: [...this.#launch.javaArgs, 'kafka.Kafka', this.#launch.propertiesFile],
      outputFile: this.outputFile,
      env: { KAFKA_OPTS: '' },
    });
    return this.#waitUntilReady(this.#process);
  }

  /** SIGTERM: a clean stop, with SIGKILL after 15 s. */
  async stop(): Promise<void> {
    await this.#process?.stop(stopGraceMs);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /**
   * Ends it, cleanly or by SIGKILL, and starts it on the same ports and data. Throws if it does not
   * come back.
   */
  async restart(how: 'stop' | 'kill'): Promise<void> {
    await (how === 'stop' ? this.stop() : this.kill());
    const started = await this.start();
    if (!started.ok) throw new Error(started.error.text);
  }

  createTopics(specs: readonly TopicSpec[]): Promise<void> {
    return createTopics(this.#address, specs);
  }

  /**
   * Runs one of Kafka's own tools by its main class, for example `kafka.tools.DumpLogSegments`.
   * Never rejects.
   */
  runTool(mainClass: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
    return runTool(this.#launch, mainClass, args, options);
  }

  get #address(): { readonly host: string; readonly port: number } {
    const { host, broker: port } = this.#launch.ports;
    return { host, port };
  }

  async #waitUntilReady(process: OwnedProcess): Promise<Result<void, KafkaUnavailable>> {
    const deadline = Date.now() + startMsMax;
    while (Date.now() < deadline && process.isRunning()) {
      if (await isKafkaReady(this.#address)) return ok(undefined);
      await delay(100);
    }
    await process.kill();
    return fail({
      code: 'START_FAILED',
      text: `Kafka did not start; its output is in ${this.outputFile}`,
    });
  }
}

interface Launch {
  readonly java: string;
  readonly javaArgs: readonly string[];
  readonly classPath: string;
  readonly ports: KafkaPorts & { readonly host: string };
  readonly folder: string;
  readonly propertiesFile: string;
}

/** Gets the jars, formats a new storage folder, starts the broker and waits until it answers. */
export const launchKafka = async (
  options: KafkaOptions,
): Promise<Result<KafkaBroker, KafkaUnavailable>> => {
  const java = findJava();
  if (!java.ok) return java;
  const jars = await ensureKafkaJars(options.onProgress ?? ((): void => {}));
  if (!jars.ok) return jars;
  const launch = await prepare(options, java.value, join(jars.value, '*'));
  const formatted = await format(launch);
  if (!formatted.ok) return formatted;
  const broker = new KafkaBroker(launch);
  const started = await broker.start();
  return started.ok ? ok(broker) : started;
};

const prepare = async (options: KafkaOptions, java: string, classPath: string): Promise<Launch> => {
  const slots = options.proxySlots ?? 0;
  const [broker = 0, controller = 0, ...rest] = await freePorts(2 + 2 * slots);
  const proxySlots = Array.from({ length: slots }, (_, index) => ({
    listenPort: rest[2 * index] ?? 0,
    advertisedPort: rest[2 * index + 1] ?? 0,
  }));
  const ports = { host: options.host ?? '127.0.0.1', broker, controller, proxySlots };
  const logFolder = join(options.folder, 'data');
  mkdirSync(logFolder, { recursive: true });
  const propertiesFile = join(options.folder, 'server.properties');
  writeFileSync(propertiesFile, kafkaProperties(ports, logFolder, options.properties ?? {}));
  const javaArgs = [
    ...jvmArgs[options.machine ?? 'small'],
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-cp',
    classPath,
  ];
  return { java, javaArgs, classPath, ports, folder: options.folder, propertiesFile };
};

const format = async (launch: Launch): Promise<Result<void, KafkaUnavailable>> => {
  const clusterId = newClusterId();
  const args = ['format', '-t', clusterId, '-c', launch.propertiesFile];
  const run = await runTool(launch, 'kafka.tools.StorageTool', args, { timeoutMs: startMsMax });
  if (run.code === 0) return ok(undefined);
  const text = `${run.stdout}${run.stderr}`.trim().split('\n').at(-1) ?? '';
  return fail({ code: 'START_FAILED', text: `Kafka's storage was not formatted: ${text}` });
};

/**
 * 16 random bytes as Kafka writes them; the first bit is 0 so that the text never looks like an
 * option.
 */
const newClusterId = (): string => {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
};

const runTool = (
  launch: Launch,
  mainClass: string,
  args: readonly string[],
  { timeoutMs = toolMsMax, machine = 'small' }: ToolOptions,
): Promise<ToolRun> => {
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  const java = [...jvmArgs[machine], quiet, '-cp', launch.classPath, mainClass, ...args];
  const limits = { timeout: timeoutMs, maxBuffer: toolOutputBytesMax, cwd: launch.folder };
  return new Promise((resolve) => {
    const child = execFile(launch.java, java, limits, (error, stdout, stderr) => {
      process.removeListener('exit', endWithUs);
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
  });
};
