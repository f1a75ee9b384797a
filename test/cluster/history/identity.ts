/** What one payload says of itself. */
export interface Identity {
  readonly writer: number;
  /** Of its writer: dense, from 0. */
  readonly sequence: number;
  /** The writer's connection that sent this copy; 0 where a client re-sends the same bytes. */
  readonly attempt: number;
}

/** For example `w3.1041.2`, with blanks up to `bytes`. */
export const payloadOf = ({ writer, sequence, attempt }: Identity, bytes = 0): string =>
  `w${writer}.${sequence}.${attempt}`.padEnd(bytes);

/** The identity in a payload, or undefined for what no writer of ours sent. */
export const identityOf = (payload: string): Identity | undefined => {
  const match = /^w(\d+)\.(\d+)\.(\d+) *$/.exec(payload);
  if (match === null) return undefined;
  return { writer: Number(match[1]), sequence: Number(match[2]), attempt: Number(match[3]) };
};
