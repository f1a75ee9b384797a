import { expect, it } from 'vitest';

import { announce } from '../../../../edge/cli/start-command.ts';
import { parseConfig } from '../../../../src/config/parse-config.ts';
import { capturedTerminal } from '../../../support/captured-terminal.ts';

const address = (port: number) => ({ host: '127.0.0.1', port });
const node = { addresses: { mqtt: address(1), kafka: address(2), admin: address(3) } };

function announced(isTty: boolean, document: unknown) {
  const parsed = parseConfig(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const { terminal, out } = capturedTerminal(isTty);
  const lines: unknown[] = [];
  const loaded = { config: parsed.value, file: 'a.yaml', overrides: [] };
  const telemetry = { write: (...line: unknown[]) => void lines.push(line) };
  announce({ terminal, env: {} }, telemetry, { loaded, node, readyMs: 411.7 });
  return { out, lines };
}

it('shows people a banner', () => {
  const forward = { central: { bootstrap: ['c:1', 'd:2'] } };
  expect(announced(true, { forward }).out).toEqual([
    'shorelog 0.1.0  node 1',
    'MQTT 127.0.0.1:1  Kafka 127.0.0.1:2  admin http://127.0.0.1:3',
    'data     ./shorelog-data',
    'topics   sensors (4)',
    'forward  sensors -> sensors at c:1, d:2, exactlyOnce',
    'config   a.yaml',
    'ready in 412 ms',
  ]);
  expect(announced(true, {}).out[4]).toBe('forward  nothing (no `forward` in the config)');
});

it('writes one line for the journal', () => {
  const { out, lines } = announced(false, {});
  expect(out).toEqual([]);
  expect(lines).toEqual([
    [
      'info',
      'ready',
      {
        version: '0.1.0',
        mqtt: '127.0.0.1:1',
        kafka: '127.0.0.1:2',
        admin: '127.0.0.1:3',
        config: 'a.yaml',
        ms: 412,
      },
    ],
  ]);
});
