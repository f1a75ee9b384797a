import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/**
 * Below the ports that systems hand out by themselves (Linux from 32768, others from 49152): no
 * outgoing connection and no listener on port 0 takes one of these while its user is down between
 * two starts.
 */
const range = { from: 10_000, to: 32_767 } as const;

/**
 * Test files run side by side in workers with numbers from 1 on. Each takes ports of its own: one
 * whose node is down between two starts would be free for the others.
 */
const workers = 4;

const triesMax = 1_000;

/**
 * `count` different TCP ports of 127.0.0.1 that were free a moment ago. All are held open until the
 * last is known, so they differ from each other; another process can still take one before its user
 * does. Throws where hardly any port is free.
 */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers: Server[] = [];
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % workers;
  const perWorker = Math.floor((range.to - range.from + 1) / workers);
  for (let tries = 0; servers.length < count; tries += 1) {
    if (tries === triesMax) throw new Error(`no free port in ${range.from}-${range.to}`);
    const port = range.from + workers * Math.floor(Math.random() * perWorker) + worker;
    const server = await tryListen(port);
    if (server !== undefined) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(closeServer));
  return ports;
};

const tryListen = async (port: number): Promise<Server | undefined> => {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
};

const closeServer = async (server: Server): Promise<void> => {
  server.close();
  await once(server, 'close');
};
