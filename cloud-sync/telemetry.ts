import type { Telemetry } from '../src/ports/telemetry.ts';

/** One JSON object a line, as the service manager's journal likes it. */
export const lineTelemetry = (write: (line: string) => void): Telemetry => ({
  write(level, text, fields) {
    const time = new Date().toISOString();
    const line = JSON.stringify({ time, level, part: 'forwarder', text, ...fields }, plain);
    write(`${line}\n`);
  },
});

const plain = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
