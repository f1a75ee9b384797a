import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/**
 * `count` different TCP ports of 127.0.0.1 that were free a moment ago. All are held open until the
 * last is known, so they differ from each other; another process can still take one before its user
 * does.
 */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(closeServer));
  return ports;
};

const listenAnywhere = async (): Promise<Server> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const closeServer = async (server: Server): Promise<void> => {
  server.close();
  await once(server, 'close');
};
