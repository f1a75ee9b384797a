import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

function newSupervisor(printed: string[] = []): Supervisor {
  return new Supervisor({
    settings,
    clusterId: () => uuid('00000000-0000-4000-8000-0000000000aa'),
    nodeId: 1,
    telemetry: { write: (_level, text) => void printed.push(text) },
    post: () => undefined,
  });
}

it('tries again when the process cannot even be started', async () => {
  const printed: string[] = [];
  const supervisor = newSupervisor(printed);
  process.execPath = '/nowhere/node';
  supervisor.describe('127.0.0.1:1', []);
  await vi.waitFor(() => expect(supervisor.restarts).toBeGreaterThan(1), { timeout: 20_000 });
  expect(supervisor.isUp).toBe(false);
  expect(printed).toContain('The forwarder ended and is started again.');
  await supervisor.stop();
});

it('does not show the last states of a process that ended as if it were at work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shorelog-supervisor-'));
  const states = ['sending', 'stopped'].map((state) => ({ topic: 't', partition: 0, state }));
  const word = JSON.stringify({ type: 'ForwardStatusChanged', statuses: states });
  // The channel of IPC is a line of JSON for each word.
  const script = `#!/bin/sh\necho '${word}' >&$NODE_CHANNEL_FD\nexit 3\n`;
  await writeFile(join(folder, 'node'), script, { mode: 0o755 });
  process.execPath = join(folder, 'node');
  const supervisor = newSupervisor();
  supervisor.describe('127.0.0.1:1', []);
  await vi.waitFor(
    () => {
      const [sending, stopped] = supervisor.statuses;
      expect(sending).toMatchObject({
        ...{ state: 'waiting', lastError: 'the forwarder process ended (code 3)' },
      });
      expect(stopped).toEqual(states[1]);
    },
    { timeout: 20_000 },
  );
  await supervisor.stop();
  await rm(folder, { recursive: true });
});
