import { quantile } from '../bench/statistics.ts';
import type { PowerVerdict } from './power-check.ts';

/** What a run of cuts or states came to. */
export interface PowerTally {
  cuts: number;
  cutsInStart: number;
  cutsInStop: number;
  states: number;
  /** States on which ext4 itself does not mount. */
  unmountable: number;
  acked: number;
  records: number;
  damages: number;
  /** Ends with code 74 after the power went under the running node. */
  condemned: number;
  /** The node had nothing to write and so noticed nothing. */
  stillRunning: number;
  readonly otherEnds: string[];
  readonly inFlight: number[];
  readonly startsMs: number[];
  readonly faults: string[];
}

export const emptyTally = (): PowerTally => ({
  ...{
    cuts: 0,
    cutsInStart: 0,
    cutsInStop: 0,
    states: 0,
    unmountable: 0,
    acked: 0,
    records: 0,
    damages: 0,
  },
  ...{ condemned: 0, stillRunning: 0, otherEnds: [], inFlight: [], startsMs: [], faults: [] },
});

/** @param where names the cut or state in the faults */
export const addVerdict = (tally: PowerTally, where: string, verdict: PowerVerdict): void => {
  tally.startsMs.push(verdict.startMs);
  tally.records += verdict.records;
  tally.damages += verdict.damages;
  for (const fault of verdict.faults) tally.faults.push(`${where}: ${fault}`);
};

/** One JSON object of figures. */
export const reportOf = (tally: PowerTally): Record<string, unknown> => {
  const { inFlight, startsMs, faults, otherEnds, ...counts } = tally;
  const ms = (share: number): number => Math.round(quantile(startsMs, share));
  return {
    ...counts,
    otherEnds: otherEnds.join(' '),
    inFlightMin: Math.min(...inFlight),
    inFlightP50: quantile(inFlight, 0.5),
    starts: startsMs.length,
    startMs: { p50: ms(0.5), p99: ms(0.99), max: ms(1) },
    faults: faults.length,
  };
};
