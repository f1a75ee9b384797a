import { expect, it } from 'vitest';

import type { AdminDeps } from '../../../edge/admin-http.ts';
import { startAdminServer } from '../../../edge/admin-server.ts';
import { formatAddress } from '../../../src/config/address.ts';

const deps: AdminDeps = {
  telemetry: { write: () => undefined },
  status: () => {
    throw new Error('not asked for here');
  },
  isReady: () => true,
  metrics: () => [],
  decideForward: () => Promise.resolve({ ok: true }),
  operate: () => Promise.resolve({ ok: true }),
};
const anyPort = { host: '127.0.0.1', port: 0 };

it('serves on a real socket, and says when the port is taken', async () => {
  const started = await startAdminServer(anyPort, deps);
  if (!started.ok) throw new Error(started.error);
  const server = started.value;
  try {
    const base = `http://${formatAddress(server.address)}`;
    expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
    const answer = await fetch(`${base}/api/v1/forward`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'a', partition: 0, from: 'cursor' }),
    });
    expect(answer.status).toBe(200);
    expect(await startAdminServer(server.address, deps)).toEqual({
      ok: false,
      error: 'EADDRINUSE',
    });
  } finally {
    await server.close();
  }
});
