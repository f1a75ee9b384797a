export type TelemetryLevel = 'debug' | 'info' | 'warn' | 'error';
export type TelemetryFields = Readonly<
  Record<string, string | number | boolean | bigint | undefined>
>;

/** What prints. Metrics are plain counters on the objects that count; this is for lines. */
export interface Telemetry {
  write(level: TelemetryLevel, text: string, fields?: TelemetryFields): void;
}
