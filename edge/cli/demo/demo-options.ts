import { fail, ok } from '../../../src/base/result.ts';
import type { Result } from '../../../src/base/result.ts';
import { parseAddress } from '../../../src/config/address.ts';
import type { Address } from '../../../src/config/address.ts';

/**
 * Where the demo forwards to. `auto`: a Kafka of its own, or a second node where that cannot be
 * had.
 */
export type CentralChoice =
  | { readonly kind: 'auto' | 'kafka' | 'embedded' }
  | { readonly kind: 'address'; readonly address: Address };

export interface DemoOptions {
  /** Gateways; above one, one of them is killed in the middle. */
  readonly nodes: number;
  readonly seconds: number;
  /** Readings per second over all sensors. */
  readonly rate: number;
  readonly central: CentralChoice;
}

/** As commander gives them. */
export interface DemoFlags {
  readonly nodes: string;
  readonly seconds: string;
  readonly rate: string;
  readonly central?: string | undefined;
}

const secondsMax = 86_400;
const rateMax = 100_000;

/** The flags checked; the failure is a sentence for the user. */
export const parseDemoFlags = (flags: DemoFlags): Result<DemoOptions, string> => {
  const nodes = Number(flags.nodes);
  if (nodes !== 1 && nodes !== 3 && nodes !== 5) {
    return fail(`--nodes must be 1, 3 or 5, not ${flags.nodes}`);
  }
  const seconds = Number(flags.seconds);
  if (!(seconds > 0 && seconds <= secondsMax)) {
    return fail(`--seconds must be above 0 and at most ${secondsMax}, not ${flags.seconds}`);
  }
  const rate = Number(flags.rate);
  if (!(Number.isInteger(rate) && rate > 0 && rate <= rateMax)) {
    return fail(`--rate must be a whole number from 1 to ${rateMax}, not ${flags.rate}`);
  }
  const central = parseCentral(flags.central);
  if (central === undefined) {
    return fail(`--central must be kafka, embedded or HOST:PORT, not ${flags.central}`);
  }
  return ok({ nodes, seconds, rate, central });
};

const parseCentral = (text: string | undefined): CentralChoice | undefined => {
  if (text === undefined) return { kind: 'auto' };
  if (text === 'kafka' || text === 'embedded') return { kind: text };
  const address = parseAddress(text);
  return address === undefined ? undefined : { kind: 'address', address };
};
