import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../../edge/cli/demo/free-ports.ts';
import { spawnOwned } from '../../../edge/cli/demo/owned-process.ts';
import type { OwnedProcess } from '../../../edge/cli/demo/owned-process.ts';
import { waitUntil } from '../../integration/harness/wait-until.ts';

export interface NatsOptions {
  /** Path or name of the server program. */
  readonly program: string;
  /** Takes a folder for each server. Must exist. */
  readonly folder: string;
  /** Servers, and replicas of the stream. */
  readonly servers: number;
  /** `always` fsyncs before it acknowledges; undefined: the server's own default. */
  readonly syncInterval?: 'always';
}

/** NATS servers with one JetStream file stream that they all have. */
export interface NatsCluster {
  /** Client port of the stream's leader. */
  readonly port: number;
  readonly leaderPid: number;
  readonly followerPids: readonly number[];
  readonly subject: string;
  stop(): Promise<void>;
}

const stream = 'bench';
const subject = 'bench.load';
const startMsMax = 30_000;

/** For example `2.9.10`. Throws where it cannot be run. */
export const natsVersion = (program: string): string => {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const version = /v?(\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (version === undefined) throw new Error(`${program} --version says ${text}`);
  return version;
};

/** Whether it knows `sync_interval: always` (since 2.10). */
export const canSyncAlways = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
};

/** Starts the servers and makes the stream. */
export const startNats = async (options: NatsOptions): Promise<NatsCluster> => {
  const { servers } = options;
  const free = await freePorts(2 * servers);
  const [ports, routes] = [free.slice(0, servers), free.slice(servers)];
  const processes = ports.map((_, index) => startServer(options, index, { ports, routes }));
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((process) => process.kill()));
  };
  try {
    const leader = await makeStream(ports, servers, processes);
    const pids = processes.map(({ pid }) => pid);
    return {
      port: ports[leader] ?? 0,
      leaderPid: pids[leader] ?? 0,
      followerPids: pids.filter((_, index) => index !== leader),
      subject,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const startServer = (
  { program, folder, servers, syncInterval }: NatsOptions,
  index: number,
  { ports, routes }: { readonly ports: readonly number[]; readonly routes: readonly number[] },
): OwnedProcess => {
  const own = join(folder, `nats-${index}`);
  mkdirSync(own);
  const urls = routes.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const sync = syncInterval === undefined ? '' : `, sync_interval: ${syncInterval}`;
  const lines = [
    `server_name: n${index}`,
    `listen: 127.0.0.1:${ports[index]}`,
    `jetstream { store_dir: "${own}"${sync} }`,
    ...(servers === 1
      ? []
      : [`cluster { name: bench, listen: 127.0.0.1:${routes[index]}, routes: [${urls}] }`]),
    '',
  ];
  const config = join(own, 'nats.conf');
  writeFileSync(config, lines.join('\n'));
  return spawnOwned({ command: program, args: ['-c', config], outputFile: join(own, 'out.txt') });
};

interface StreamAnswer {
  readonly error?: { readonly description: string };
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly unknown[] };
}

/** @returns the index of the server that leads it. */
const makeStream = (
  ports: readonly number[],
  replicas: number,
  processes: readonly OwnedProcess[],
): Promise<number> => {
  const settings = { name: stream, subjects: [subject], storage: 'file', num_replicas: replicas };
  return waitUntil('a NATS stream', startMsMax, async () => {
    const ended = processes.find((process) => !process.isRunning());
    if (ended !== undefined) throw new Error(`nats-server ended: ${ended.output()}`);
    const [port = 0] = ports;
    const made = await ask(port, `STREAM.CREATE.${stream}`, settings).catch(() => undefined);
    if (made === undefined || made.error !== undefined) return undefined;
    if (replicas === 1) return 0;
    const info = await ask(port, `STREAM.INFO.${stream}`, {}).catch(() => undefined);
    const leader = /^n(\d+)$/.exec(info?.cluster?.leader ?? '')?.[1];
    const isWhole = info?.cluster?.replicas?.length === replicas - 1;
    return leader === undefined || !isWhole ? undefined : Number(leader);
  });
};

/** One request of JetStream's API. Rejects without an answer in 2 s. */
const ask = (port: number, api: string, body: object): Promise<StreamAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const json = JSON.stringify(body);
    let text = '';
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('connect', () =>
      socket.write(
        `CONNECT {"verbose":false}\r\nSUB _R 1\r\nPUB $JS.API.${api} _R ${json.length}\r\n${json}\r\n`,
      ),
    );
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const answer = /MSG _R 1 (\d+)\r\n/.exec(text);
      if (answer === null) return;
      const from = answer.index + answer[0].length;
      if (text.length < from + Number(answer[1])) return;
      socket.destroy();
      resolve(JSON.parse(text.slice(from, from + Number(answer[1]))) as StreamAnswer);
    });
  });
