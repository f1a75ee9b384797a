/** Says which packets have to wait. */
export interface ByteGate {
  stopsAt(firstByte: number): boolean;
}

/** Takes packets out of a connection's bytes before the engine sees them. */
export interface MqttByteLane {
  /** So much of what it took is unanswered that nothing more is to be read. */
  readonly isFull: boolean;
  /** The packet at which `take` stopped may be one of its own once more bytes are there. */
  readonly needsMore: boolean;
  /** Takes what it can from packet boundary `at` on, and returns where it stopped. */
  take(chunk: Buffer, at: number, gate: ByteGate): number;
  /** Writes the acknowledgements that were gathered. */
  flush(): void;
}
