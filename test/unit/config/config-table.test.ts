import { expect, it } from 'vitest';

import { configKeys, configTable } from '../../../src/config/config-table.ts';
import { errorTableMarkdown } from '../../../src/config/error-table.ts';

it('says what every key means', () => {
  expect(configKeys().filter((key) => key.meaning === '')).toEqual([]);
});

it('lists nested keys with type and default', () => {
  const lines = configTable().split('\n');
  expect(lines[0]).toBe('| key | type | default | meaning |');
  expect(lines).toContain(
    '| `mqtt.listen` | host:port | `127.0.0.1:1883` | Where MQTT clients connect. |',
  );
  expect(lines).toContain('| `topics[].name` | topic name | (required) | Name of the topic. |');
  expect(lines.some((line) => line.startsWith('| `forward.central.sasl.mechanism` |'))).toBe(true);
});

it('lists the errors', () => {
  expect(errorTableMarkdown()).toContain(
    '| `OFFSET_OUT_OF_RANGE` | 1 |  | no | The offset is below the log start or above the log end. |',
  );
});
