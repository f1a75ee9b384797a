import type { ListenOptions, Server } from 'node:net';

/**
 * Opens a port.
 * @returns the operating system's error (EADDRINUSE, EACCES ...); undefined: it is open.
 */
export const listenOn = (
  server: Server,
  options: ListenOptions,
): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => {
    // Stays: once the port is open, it is a connection that could not be accepted (no descriptors,
    // a network that is gone). Its client tries again; unheard it would end the process.
    server.on('error', resolve);
    server.listen(options, () => resolve(undefined));
  });
