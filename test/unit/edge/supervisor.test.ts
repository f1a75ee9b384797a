import { afterEach, expect, it, vi } from 'vitest';
import { uuid } from '../../../src/base/brand.ts';
import type { ForwarderSettings } from '../../../src/core/forward/settings.ts';
import { Supervisor } from '../../../edge/supervisor.ts';

const settings: ForwarderSettings = {
  central: { bootstrap: ['127.0.0.1:1'] },
  delivery: 'exactlyOnce',
  cursorTopic: 'cursors',
  createTopics: false,
  lingerMs: 100,
  batchBytesMax: 100_000,
  compression: 'none',
  routes: [{ from: 'sensors', to: 'sensors' }],
  transactionTimeoutMs: 20_000,
};
const execPath = process.execPath;

afterEach(() => {
  process.execPath = execPath;
});

it('tries again when the process cannot even be started', async () => {
  const printed: string[] = [];
  const supervisor = new Supervisor({
    settings,
    clusterId: () => uuid('00000000-0000-4000-8000-0000000000aa'),
    nodeId: 1,
    telemetry: { write: (_level, text) => void printed.push(text) },
    post: () => undefined,
  });
  process.execPath = '/nowhere/node';
  supervisor.describe('127.0.0.1:1', []);
  await vi.waitFor(() => expect(supervisor.restarts).toBeGreaterThan(1), { timeout: 5_000 });
  expect(supervisor.isUp).toBe(false);
  expect(printed).toContain('The forwarder ended and is started again.');
  await supervisor.stop();
});
