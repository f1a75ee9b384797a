import type { NodePorts } from '../../../edge/cli/demo/node-launcher.ts';

/** A node by its id, or everybody who is no node: clients, central, the test. */
export type Place = number | 'outside';

/** Where one node lives. */
export interface NodePlace {
  readonly host: string;
  readonly ports: NodePorts & { readonly peer: number };
  /** Starts a program there. */
  readonly runUnder: readonly string[];
}

/** What nodes and clients speak over. */
export interface ClusterNetwork {
  /** Present: links cannot be cut here, and why. */
  readonly cannotCut: string | undefined;
  /** Address of this process as the nodes see it. */
  readonly outsideHost: string;
  place(node: number): NodePlace;
  /**
   * From now on nothing that `from` sends arrives at `to`; nobody is told. Ways are counted: what
   * was cut twice is healed by the second `heal`.
   */
  cut(from: Place, to: Place): void;
  heal(from: Place, to: Place): void;
  healAll(): void;
  /** After every process in it has ended. */
  close(): Promise<void>;
}
