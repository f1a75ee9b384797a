/** What must never happen has happened. */
export class InvariantBroken extends Error {
  /** Its name: what a planted bug was found by. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`[${invariant}] ${message}`);
    this.invariant = invariant;
  }
}
