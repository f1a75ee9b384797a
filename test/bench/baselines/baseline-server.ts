import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../edge/cli/demo/free-ports.ts';
import { spawnOwned } from '../../../edge/cli/demo/owned-process.ts';
import { MqttRawClient } from '../../integration/harness/mqtt-raw-client.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';
import { hasTool } from '../../support/require-tool.ts';

export type BaselineName = 'barePuback' | 'bareAedes' | 'mosquitto';

export interface BaselineServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<unknown>;
}

/** Those that can run here. */
export const availableBaselines = (): BaselineName[] =>
  hasTool('mosquitto') ? ['barePuback', 'bareAedes', 'mosquitto'] : ['barePuback', 'bareAedes'];

/** Starts one as a process of its own and waits until it takes a connection. */
export const startBaseline = async (
  name: BaselineName,
  folder: string,
): Promise<BaselineServer> => {
  const [port = 0] = await freePorts(1);
  const { command, args } = commandOf(name, port, folder);
  const outputFile = join(folder, `${name}.txt`);
  const server = spawnOwned({ command, args, outputFile });
  await waitUntil(`${name} to listen`, 10_000, async () => {
    if (!server.isRunning()) throw new Error(`${name} ended: ${server.output()}`);
    const probe = await MqttRawClient.connect({ port, clientId: 'probe' }).catch(() => undefined);
    probe?.client.destroy();
    return probe !== undefined;
  });
  return { port, pid: server.pid, stop: () => server.kill() };
};

const commandOf = (
  name: BaselineName,
  port: number,
  folder: string,
): { readonly command: string; readonly args: readonly string[] } => {
  if (name === 'mosquitto')
    return { command: 'mosquitto', args: ['-c', mosquittoConfig(port, folder)] };
  const file = name === 'barePuback' ? 'puback-server.ts' : 'aedes-server.ts';
  const program = fileURLToPath(new URL(file, import.meta.url));
  return { command: process.execPath, args: ['--import', 'tsx', program, `${port}`] };
};

/** In memory and without limits of its own, so that it is at its fastest. */
const mosquittoConfig = (port: number, folder: string): string => {
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'log_type error',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
};
