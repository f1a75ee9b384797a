import { createServer, type Server } from 'node:http';

import { getRequestListener } from '@hono/node-server';

import { limits } from '../src/base/limits.ts';
import type { Result } from '../src/base/result.ts';
import { fail, ok } from '../src/base/result.ts';
import type { Address } from '../src/config/address.ts';
import type { AdminDeps } from './admin-http.ts';
import { adminApp } from './admin-http.ts';
import { listenOn } from './listen-on.ts';

/** The admin HTTP server, listening. */
export interface AdminServer {
  readonly address: Address;
  close(): Promise<void>;
}

/**
 * Listens; fails with the system's error code (EADDRINUSE, EACCES, EADDRNOTAVAIL). Port 0 = any
 * free port.
 */
export async function startAdminServer(
  listen: Address,
  deps: AdminDeps,
): Promise<Result<AdminServer, string>> {
  const app = adminApp(deps);
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
  });
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      deps.telemetry.write('error', 'an admin request failed', { cause: String(error) });
      response.destroy();
    });
  });
  server.maxConnections = limits.adminConnectionsMax;
  const error = await listenOn(server, { host: listen.host, port: listen.port });
  if (error !== undefined) return fail(error.code ?? 'EUNKNOWN');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
  return ok({ address: { host: listen.host, port }, close: () => closed(server) });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
