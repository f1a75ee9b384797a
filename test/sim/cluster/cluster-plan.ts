import type { Prng } from '../../../src/base/prng.ts';
import { drawFaults, type FaultRates } from './cluster-faults.ts';
import { shapes, type ClientPlan, type ClusterShape, type WorldPlan } from './cluster-shape.ts';

/** What happens to a simulated cluster, drawn from its seed. Rates are per minute. */
export interface ClusterPlan extends WorldPlan {
  /** For people. */
  readonly name: string;
  readonly faults: FaultRates;
}

const describe = ({ nodes, partitions, isForwarded }: ClusterShape): string => {
  const witnesses = nodes.filter(({ isWitness }) => isWitness).length;
  const data = nodes.length - witnesses;
  return `${data}${witnesses > 0 ? ' + witness' : ''}, ${partitions} partitions${isForwarded ? ', forwarded' : ''}`;
};

export function drawPlan(random: Prng, more: Prng): ClusterPlan {
  const shape: ClusterShape = {
    nodes: random.pick(shapes),
    partitions: 1 + random.below(3),
    segmentBytes: random.pick([2_048, 8_192, 32_768]),
    clockDrift: random.chance(0.5) ? 0.02 : 0,
    isForwarded: random.chance(0.6),
  };
  const count = 2 + random.below(4);
  return {
    name: describe(shape),
    shape,
    clients: Array.from({ length: count }, (_, i) => drawClient(random, i)),
    producers: Array.from({ length: random.below(3) }, (_, i) => ({
      ...{ name: `machine-${i}`, partition: random.below(shape.partitions) },
      ...{ everyMs: 100 + random.next() * 400, inFlightMax: 1 + random.below(5) },
    })),
    faults: drawFaults(random, more),
  };
}

type Shares = ClientPlan['qosShares'];

/** A clean session promises nothing for QoS 2 across connections. */
const cleanShares: readonly Shares[] = [
  [0, 1, 0],
  [0.3, 1, 0],
];
const keptShares: readonly Shares[] = [
  [0, 0, 1],
  [0, 1, 1],
  [0.3, 1, 0.5],
];

function drawClient(random: Prng, i: number): ClientPlan {
  const isClean = random.chance(0.4);
  return {
    clientId: `sensor-${i}`,
    clean: isClean,
    qosShares: random.pick(isClean ? cleanShares : keptShares),
    everyMs: 50 + random.next() * 400,
    windowMax: random.pick([1, 4, 16]),
    // Some are always on their way: what they left behind meets what they bring.
    roams: random.next() * (random.chance(0.3) ? 40 : 4),
  };
}
