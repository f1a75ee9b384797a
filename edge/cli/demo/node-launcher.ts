import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { configSchema } from '../../../src/config/schema.ts';
import type { NodeStatus } from '../../../src/core/node-status.ts';
import { freePorts } from './free-ports.ts';
import { fetchStatus, isNodeReady } from './node-admin.ts';
import { spawnOwned } from './owned-process.ts';
import type { OwnedProcess, ProcessExit } from './owned-process.ts';
import { packageRoot } from './package-root.ts';

/** What may stand in the config file. */
export type NodeConfig = z.input<typeof configSchema>;

export interface NodeOptions {
  /** Takes config file, data directory and what the node prints. Must exist. */
  readonly folder: string;
  /** Listeners and data directory are filled in where they are absent. */
  readonly config?: NodeConfig;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of the Node runtime itself. */
  readonly execArgs?: readonly string[];
  /** A program and its arguments that start the node in their own process, such as a tracer. */
  readonly runUnder?: readonly string[];
  /** Where its listeners are; default 127.0.0.1. */
  readonly host?: string;
  /** Default: free ones. */
  readonly ports?: NodePorts;
}

export interface NodePorts {
  readonly mqtt: number;
  readonly kafka: number;
  readonly admin: number;
}

const readyMsMax = 20_000;
const stopGraceMs = 15_000;

/** The command's program as built. */
export const shorelogProgram = (): string => join(packageRoot(), 'dist', 'edge', 'cli', 'main.js');

/**
 * A node as its users run it: the built program in a process of its own. It ends with this process.
 */
export class NodeProcess {
  readonly host: string;
  readonly ports: NodePorts;
  /** host:port of its Kafka listener. */
  readonly bootstrap: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly outputFile: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #execArgs: readonly string[];
  readonly #runUnder: readonly string[];
  #process: OwnedProcess | undefined;

  /** Use `prepareNode` or `launchNode`. */
  constructor(options: NodeOptions, ports: NodePorts) {
    const { folder, config = {}, env = {}, execArgs = [], runUnder = [] } = options;
    this.host = options.host ?? '127.0.0.1';
    this.ports = ports;
    this.bootstrap = `${this.host}:${ports.kafka}`;
    this.dataDir = config.node?.dataDir ?? join(folder, 'data');
    this.configFile = join(folder, 'shorelog.yaml');
    this.outputFile = join(folder, 'shorelog.txt');
    this.#env = env;
    this.#execArgs = execArgs;
    this.#runUnder = runUnder;
    mkdirSync(folder, { recursive: true });
    this.configure(config);
  }

  /** Writes the config file anew; the next start reads it. Ports and data directory stay. */
  configure(config: NodeConfig): void {
    const { host, ports } = this;
    const filled: NodeConfig = {
      ...config,
      node: { ...config.node, dataDir: this.dataDir },
      mqtt: { ...config.mqtt, listen: `${host}:${ports.mqtt}` },
      kafka: { ...config.kafka, listen: `${host}:${ports.kafka}` },
      admin: { ...config.admin, listen: `${host}:${ports.admin}` },
    };
    writeFileSync(this.configFile, stringify(filled));
  }

  get pid(): number {
    return this.#running().pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning() ?? false;
  }

  /** Starts it without waiting. */
  spawn(): OwnedProcess {
    const program = [process.execPath, ...this.#execArgs, shorelogProgram()];
    const start = [...program, 'start', '--config', this.configFile];
    const [command = '', ...args] = [...this.#runUnder, ...start];
    this.#process = spawnOwned({
      ...{ command, args },
      outputFile: this.outputFile,
      env: this.#env,
    });
    return this.#process;
  }

  /**
   * Starts it and waits until `/readyz` says yes. Throws with its output when it ends before or
   * takes over 20 s.
   */
  async start(): Promise<void> {
    this.spawn();
    try {
      await this.waitUntilReady();
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async waitUntilReady(msMax = readyMsMax): Promise<void> {
    const deadline = Date.now() + msMax;
    while (this.isRunning && Date.now() < deadline) {
      if (await isNodeReady(this.ports.admin, this.host)) return;
      await delay(20);
    }
    const how = this.isRunning ? `was not ready within ${msMax} ms` : 'ended before it was ready';
    throw new Error(`the node ${how}; its output ends with:\n${this.output().slice(-3_000)}`);
  }

  /** Sends any signal, for example SIGSTOP. */
  signal(name: NodeJS.Signals): void {
    this.#running().signal(name);
  }

  /** SIGKILL: no chance to finish anything. */
  kill(): Promise<ProcessExit> {
    return this.#running().kill();
  }

  /** SIGTERM: a clean stop, with SIGKILL after 15 s. */
  stop(): Promise<ProcessExit> {
    return this.#running().stop(stopGraceMs);
  }

  /** Settles when it has ended by itself. */
  exited(): Promise<ProcessExit> {
    return this.#running().exited;
  }

  /** Ends it, cleanly or by SIGKILL, and starts it on the same ports and data. */
  async restart(how: 'stop' | 'kill'): Promise<void> {
    await (how === 'stop' ? this.stop() : this.kill());
    await this.start();
  }

  status(): Promise<NodeStatus> {
    return fetchStatus(this.ports.admin, this.host);
  }

  /** Everything it printed, over all its starts. */
  output(): string {
    return this.#running().output();
  }

  #running(): OwnedProcess {
    if (this.#process === undefined) throw new Error('the node was never started');
    return this.#process;
  }
}

/** Chooses ports where none are given and writes the config, starts nothing. */
export const prepareNode = async (options: NodeOptions): Promise<NodeProcess> => {
  if (options.ports !== undefined) return new NodeProcess(options, options.ports);
  const [mqtt = 0, kafka = 0, admin = 0] = await freePorts(3);
  return new NodeProcess(options, { mqtt, kafka, admin });
};

/** A node that is ready. */
export const launchNode = async (options: NodeOptions): Promise<NodeProcess> => {
  const node = await prepareNode(options);
  await node.start();
  return node;
};
