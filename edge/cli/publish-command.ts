import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { MqttClient } from 'mqtt';

import { filterMatches } from '../../src/core/produce/route-table.ts';
import type { CliContext } from './cli-config.ts';
import { configFor, targetOf } from './cli-config.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblem } from './terminal.ts';

export interface PublishOptions {
  readonly config?: string;
  readonly mqtt?: string;
  readonly qos: 0 | 1 | 2;
  readonly retain?: boolean;
}

const connectMsMax = 5_000;
const acknowledgeMsMax = 30_000;

/**
 * `shorelog publish TOPIC [PAYLOAD]`: one publish, or one for each line of the input. Says how many
 * were acknowledged, which with QoS 1 and 2 means that they are on disk, if a route of the config
 * names the topic.
 */
export async function runPublish(
  context: CliContext,
  place: { readonly mqttTopic: string; readonly payload: string | undefined },
  options: PublishOptions,
): Promise<number> {
  const { terminal } = context;
  const loaded = await configFor(context, options.config);
  if (loaded === undefined) return exitCodes.usage;
  if (!isTopicName(place.mqttTopic)) {
    const hint = '"+" and "#" are for those who subscribe';
    printProblem(terminal, {
      text: 'one publishes to a topic that is not empty and has no wildcard',
      hint,
    });
    return exitCodes.usage;
  }
  const address = targetOf(options.mqtt, loaded.config, 'mqtt');
  const client = await connect(address);
  if (typeof client === 'string') {
    const hint = 'start a node with `shorelog start`, or say where it is with --mqtt HOST:PORT';
    printProblem(terminal, { text: `no MQTT broker answers at ${address} (${client})`, hint });
    return exitCodes.problem;
  }
  try {
    const { mqttTopic } = place;
    const isRouted = loaded.config.routes.some(({ from }) =>
      filterMatches(from.split('/'), mqttTopic),
    );
    const stored = isRouted ? 'on disk' : `acknowledged, not stored: no route names ${mqttTopic}`;
    return await publishAll(context, client, { ...place, stored }, options);
  } finally {
    await client.endAsync(true);
  }
}

async function publishAll(
  { terminal }: CliContext,
  client: MqttClient,
  place: {
    readonly mqttTopic: string;
    readonly payload: string | undefined;
    readonly stored: string;
  },
  { qos, retain = false }: PublishOptions,
): Promise<number> {
  let published = 0;
  const payloads = place.payload === undefined ? linesOfInput() : [place.payload];
  for await (const payload of payloads) {
    const failure = await publishOne(client, () =>
      client.publishAsync(place.mqttTopic, payload, { qos, retain }),
    );
    if (failure !== undefined) {
      const text = `${failure}; ${published} publishes before it were taken`;
      printProblem(terminal, { text, hint: '`shorelog status` says how the node is' });
      return exitCodes.problem;
    }
    published++;
  }
  terminal.out(`${published} ${qos === 0 ? 'sent' : place.stored}`);
  return exitCodes.ok;
}

const linesOfInput = (): AsyncIterable<string> =>
  createInterface({ input: process.stdin, crlfDelay: Infinity });

/** [MQTT-3.3.2-2], [MQTT-4.7.3-1]. */
const isTopicName = (text: string): boolean =>
  text !== '' && !['+', '#', '\u0000'].some((character) => text.includes(character));

/** Why it was not acknowledged, or undefined. */
async function publishOne(
  client: MqttClient,
  publish: () => Promise<unknown>,
): Promise<string | undefined> {
  const outcome = publish().then(
    () => undefined,
    (error: unknown) => `the publish failed: ${textOf(error)}`,
  );
  return within(acknowledgeMsMax, client, outcome);
}

/** The outcome, or what came in between: the connection closed, the time is over. */
async function within(
  msMax: number,
  client: MqttClient,
  outcome: Promise<string | undefined>,
): Promise<string | undefined> {
  const ended = new AbortController();
  let onClose = (): void => undefined;
  const closed = new Promise<string>((resolve) => {
    onClose = () => resolve('the node closed the connection without an acknowledgement');
    client.once('close', onClose);
  });
  const late = delay(msMax, `no acknowledgement within ${msMax} ms`, { signal: ended.signal });
  try {
    return await Promise.race([outcome, closed, late.catch(() => 'cancelled')]);
  } finally {
    ended.abort();
    client.off('close', onClose);
  }
}

/** A connected client, or why there is none. The package is heavy and loaded only here. */
async function connect(address: string): Promise<MqttClient | string> {
  const { default: mqtt } = await import('mqtt');
  const client = mqtt.connect(`mqtt://${address}`, {
    reconnectPeriod: 0,
    connectTimeout: connectMsMax,
    clean: true,
  });
  // Without a listener a later error would end the process; every cause shows as `close`.
  let failure = 'no answer';
  client.on('error', (error) => {
    failure = textOf(error);
  });
  const isConnected = await new Promise<boolean>((resolve) => {
    client.once('connect', () => resolve(true));
    client.once('close', () => resolve(false));
  });
  if (isConnected) return client;
  await client.endAsync(true);
  return failure;
}

function textOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : 'unknown error';
}
