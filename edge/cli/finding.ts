/** One thing that `check` looked at. `warn` does not fail the command. */
export interface Finding {
  readonly what: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly text: string;
}
