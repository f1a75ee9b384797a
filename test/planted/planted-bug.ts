/**
 * A mistake that a rule forbids, as a text patch. The code that is shipped has no switch for it:
 * the patch is applied to a copy of the tree, and the suites as they are must turn red there.
 */
export interface PlantedBug {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  readonly file: string;
  /** Stands exactly once in the file: when the code moves on, the patch moves with it. */
  readonly from: string;
  readonly to: string;
  /** What it would cost, in one line. */
  readonly why: string;
  /** Paths of tests, whole or their beginnings; asked one after the other until one is red. */
  readonly suites: readonly string[];
}
