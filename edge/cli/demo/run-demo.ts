import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  demoCursorTopic,
  demoPartitions,
  demoTopic,
  nodeReader,
  openCentral,
} from './demo-central.ts';
import type { DemoCentral } from './demo-central.ts';
import type { DemoOptions } from './demo-options.ts';
import type { DemoReader } from './demo-reader.ts';
import { DemoScreen } from './demo-screen.ts';
import { IdentityCounter, isGoodTally, tallyDemo } from './demo-tally.ts';
import type { DemoTally } from './demo-tally.ts';
import { DemoWatch } from './demo-watch.ts';
import { DemoNodes } from './demo-nodes.ts';
import type { NodeConfig } from './node-launcher.ts';
import { readingIn, Sensors } from './sensors.ts';

const ackMsMax = 15_000;
const catchUpMsMax = 60_000;
const interruptedCode = 130;

/**
 * Runs the whole product: central, nodes, their forwarders and sensors, each a process or a
 * connection of its own, in a temporary folder. Prints one JSON line on stdout. Returns the exit
 * code; everything it started has ended by then.
 */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const screen = new DemoScreen(process.stderr);
  const folder = mkdtempSync(join(tmpdir(), 'shorelog-demo-'));
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const run = new DemoRun(options, folder, screen, interrupt.signal);
  let code = 1;
  try {
    code = await run.go();
  } catch (error) {
    screen.say(error instanceof Error ? error.message : String(error));
  } finally {
    await run.close();
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
  const isWorthKeeping = code !== 0 && !interrupt.signal.aborted && run.hasNode;
  if (!isWorthKeeping) rmSync(folder, { recursive: true, force: true });
  else screen.say(`What the processes stored and printed is in ${folder}`);
  return interrupt.signal.aborted ? interruptedCode : code;
};

class DemoRun {
  readonly #options: DemoOptions;
  readonly #folder: string;
  readonly #screen: DemoScreen;
  readonly #interrupt: AbortSignal;
  readonly #runId = `demo-${randomBytes(4).toString('hex')}`;
  /** In the order of starting; ended in the other order. */
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(options: DemoOptions, folder: string, screen: DemoScreen, interrupt: AbortSignal) {
    this.#options = options;
    this.#folder = folder;
    this.#screen = screen;
    this.#interrupt = interrupt;
  }

  async go(): Promise<number> {
    const { nodes: count, seconds, rate } = this.#options;
    const central = await this.#openCentral();
    if (central === undefined || this.#interrupt.aborted) return 1;
    const nodes = await this.#startNodes(central);
    const sensors = await this.#connectSensors(nodes);
    const watch = new DemoWatch({ nodes, sensors, screen: this.#screen });
    this.#closers.push(() => watch.stop());
    await watch.start();
    this.#screen.say(`Sensors publish ${rate} readings/s for ${seconds} s, QoS 1.`);
    const killing = count > 1 ? this.#killOne(nodes) : undefined;
    await sensors.publishFor(seconds, this.#interrupt);
    await killing;
    await sensors.settle(ackMsMax);
    await this.#waitForCentral(watch);
    await watch.stop();
    if (this.#interrupt.aborted) return 1;
    const tally = await this.#count(nodes, central, sensors);
    return this.#report(tally, central);
  }

  /** Whether there is a node whose output could explain a failure. */
  get hasNode(): boolean {
    return existsSync(join(this.#folder, 'node')) || existsSync(join(this.#folder, 'node-1'));
  }

  /** Ends what was started, the last first; goes on when one does not end well. */
  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close().catch(() => {});
  }

  async #openCentral(): Promise<DemoCentral | undefined> {
    this.#screen.say('Starting central ...');
    const opened = await openCentral(this.#options.central, this.#folder, this.#screen);
    if (!opened.ok) {
      this.#screen.say(`No central: ${opened.error}`);
      return undefined;
    }
    const central = opened.value;
    this.#closers.push(() => central.close());
    const what = central.kind === 'kafka' ? 'Apache Kafka' : 'Shorelog';
    this.#screen.say(`Central: ${what} ${central.version} at ${central.bootstrap}`);
    return central;
  }

  async #startNodes(central: DemoCentral): Promise<DemoNodes> {
    const { nodes: count } = this.#options;
    const config = nodeConfig(central);
    const nodes = await DemoNodes.launch({ folder: this.#folder, count, config });
    this.#closers.push(() => nodes.stop());
    for (const [index, { ports }] of nodes.all.entries()) {
      const name = count === 1 ? 'Node' : `Node ${index + 1}`;
      this.#screen.say(
        `${name}: MQTT 127.0.0.1:${ports.mqtt}  Kafka 127.0.0.1:${ports.kafka}  ` +
          `admin http://127.0.0.1:${ports.admin}`,
      );
    }
    return nodes;
  }

  async #connectSensors(nodes: DemoNodes): Promise<Sensors> {
    const { rate } = this.#options;
    const ports = nodes.all.map((node) => node.ports.mqtt);
    const sensors = await Sensors.connect({ ports, rate, runId: this.#runId });
    this.#closers.push(() => sensors.disconnect());
    return sensors;
  }

  /** After half of the time the busiest leader goes, after three quarters it comes back. */
  async #killOne(nodes: DemoNodes): Promise<void> {
    const quarterMs = (this.#options.seconds * 1_000) / 4;
    const signal = this.#interrupt;
    try {
      await delay(2 * quarterMs, undefined, { signal });
      const index = await nodes.killLeader(demoTopic);
      this.#screen.say(`Node ${index + 1} was killed; its sensors go to the others.`);
      await delay(quarterMs, undefined, { signal });
      await nodes.startKilled();
      this.#screen.say(`Node ${index + 1} is back.`);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #waitForCentral(watch: DemoWatch): Promise<void> {
    const deadline = Date.now() + catchUpMsMax;
    while (!(await watch.isCaughtUp()) && !this.#interrupt.aborted) {
      if (Date.now() > deadline) {
        this.#screen.say(`Central is still behind after ${catchUpMsMax / 1_000} s.`);
        return;
      }
      await delay(200);
    }
  }

  async #count(nodes: DemoNodes, central: DemoCentral, sensors: Sensors): Promise<DemoTally> {
    const where = nodes.all.length === 1 ? 'the node' : 'the nodes';
    const inLog = await this.#countBy(nodeReader(nodes.bootstrap), where);
    const atCentral = await this.#countBy(central.reader, 'central');
    return tallyDemo(sensors, inLog, atCentral);
  }

  /** Reads the topic to its end and counts this run's readings. */
  async #countBy(reader: DemoReader, place: string): Promise<IdentityCounter> {
    this.#screen.say(`Counting at ${place} with ${reader.name}`);
    const counter = new IdentityCounter();
    await reader.read((value) => {
      const reading = readingIn(value, this.#runId);
      if (reading !== undefined) counter.add(reading);
    });
    return counter;
  }

  #report(tally: DemoTally, { kind, version }: DemoCentral): number {
    const { nodes } = this.#options;
    const { resent, ...rest } = tally;
    // One node that stays up is never sent a reading twice.
    const several = nodes > 1 || resent > 0 ? { nodes, resent } : {};
    const line = { ...rest, ...several, central: { kind, version } };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    const unanswered = tally.published - tally.acked;
    if (unanswered > 0) this.#screen.say(`${unanswered} readings got no PUBACK.`);
    return isGoodTally(tally) ? 0 : 1;
  }
}

const nodeConfig = (central: DemoCentral): NodeConfig => ({
  topics: [{ name: demoTopic, partitions: demoPartitions }],
  routes: [{ from: '#', topic: demoTopic }],
  forward: {
    central: { bootstrap: [central.bootstrap] },
    delivery: central.delivery,
    cursorTopic: demoCursorTopic,
    routes: [{ from: demoTopic, to: demoTopic }],
  },
});
