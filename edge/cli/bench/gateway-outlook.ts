/** What was measured on a machine, at one rate and message size. */
export interface Measured {
  /** Acknowledged publishes a second when the node is kept busy. */
  readonly busyPerSecond: number;
  readonly ratePerSecond: number;
  readonly payloadBytes: number;
  /** Bytes of the log for each message, key, headers and batch included. */
  readonly logBytesPerRecord: number;
  /** What the device was given for each byte of payload; undefined: it could not be seen. */
  readonly deviceBytesPerPayloadByte: number | undefined;
  /** What the logs may grow to. */
  readonly budgetBytes: number;
  /** Terabytes that may be written to the card or disk in its life. */
  readonly enduranceTerabytes: number;
}

/** What that means for a gateway that takes messages at this rate day and night. */
export interface Outlook {
  /** Of what the node takes when it is kept busy. */
  readonly loadShare: number;
  /** Until the disk budget is full, with nothing forwarded. */
  readonly daysOffline: number;
  readonly writtenBytesPerDay: number | undefined;
  readonly lifetimeYears: number | undefined;
}

const secondsPerDay = 86_400;
const daysPerYear = 365.25;

export function outlookOf(measured: Measured): Outlook {
  const { ratePerSecond, payloadBytes, deviceBytesPerPayloadByte: perByte } = measured;
  const recordsPerDay = ratePerSecond * secondsPerDay;
  const written = perByte === undefined ? undefined : recordsPerDay * payloadBytes * perByte;
  return {
    loadShare: ratePerSecond / measured.busyPerSecond,
    daysOffline: measured.budgetBytes / (recordsPerDay * measured.logBytesPerRecord),
    writtenBytesPerDay: written,
    lifetimeYears:
      written === undefined
        ? undefined
        : (measured.enduranceTerabytes * 1e12) / written / daysPerYear,
  };
}

/** `3 years`, `5 months`, `12 days`, `7 hours`: no more digits than an estimate deserves. */
export function roughly(days: number): string {
  if (days >= 2 * daysPerYear) return `${Math.round(days / daysPerYear)} years`;
  if (days >= 60) return `${Math.round(days / 30.44)} months`;
  if (days >= 2) return `${Math.round(days)} days`;
  const hours = Math.max(1, Math.round(days * 24));
  return hours === 1 ? 'an hour' : `${hours} hours`;
}
