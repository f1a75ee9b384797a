/** One client that publishes until it is told to finish. */
export interface LoadWriter {
  readonly name: string;
  /** What it was told that must not be, for people: answers out of order, a lost session. */
  readonly complaints: readonly string[];
  /** Begins nothing new and waits until all is acknowledged; what was not, as an error. */
  finish(msMax: number): Promise<Error | undefined>;
  /** Gives up at once. */
  abandon(): Promise<void>;
}

/** A node's front end as a client knows it. */
export interface Entrance {
  readonly node: number;
  readonly host: string;
  readonly port: number;
}
