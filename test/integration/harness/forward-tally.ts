import { setTimeout as delay } from 'node:timers/promises';
import { readWithKcat } from '../../../edge/cli/demo/kcat-reader.ts';

export interface TopicPlace {
  readonly bootstrap: string;
  readonly topic: string;
}

export interface CentralPlace extends TopicPlace {
  readonly partitions: number;
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** What the node's log holds, by value. */
export type EdgeRecords = ReadonlyMap<string, Place>;

/** What central's readers see, held against the node's log. */
export interface ForwardTally {
  readonly atEdge: number;
  readonly atCentral: number;
  /** At the edge and not at central. */
  readonly lost: number;
  /** Seen at central again. */
  readonly duplicates: number;
  /** Behind one that comes later in the same partition of the edge; only first sights count. */
  readonly outOfOrder: number;
  /** In another partition than the edge's modulo central's count. */
  readonly misplaced: number;
  /** At central and not at the edge. */
  readonly unknown: number;
}

const readMsMax = 60_000;

/** Every record of a node's topic, read with kcat. Throws where a value is there twice. */
export const readEdge = async (edge: TopicPlace): Promise<EdgeRecords> => {
  const records = new Map<string, Place>();
  let count = 0;
  await readWithKcat({ ...edge, msMax: readMsMax }, ({ partition, offset, value }) => {
    count += 1;
    records.set(value?.toString() ?? '', { partition, offset });
  });
  if (records.size !== count) throw new Error(`${count - records.size} values twice at the edge`);
  return records;
};

/**
 * Reads central with kcat, read_committed, and compares it by value with the node's log. EndTxn is
 * answered before its markers are written, so what seems lost is looked for again for 5 s.
 */
export const tallyForwarded = async (
  edge: EdgeRecords,
  central: CentralPlace,
): Promise<ForwardTally> => {
  for (let triesLeft = 10; ; triesLeft -= 1) {
    const tally = await tallyOnce(edge, central);
    if (tally.lost === 0 || triesLeft === 0) return tally;
    await delay(500);
  }
};

const tallyOnce = async (edge: EdgeRecords, central: CentralPlace): Promise<ForwardTally> => {
  const counts = { atCentral: 0, duplicates: 0, outOfOrder: 0, misplaced: 0, unknown: 0 };
  const seen = new Set<string>();
  const last = new Map<number, number>();
  const { bootstrap, topic, partitions } = central;
  await readWithKcat({ bootstrap, topic, msMax: readMsMax }, ({ partition, value }) => {
    const identity = value?.toString() ?? '';
    const place = edge.get(identity);
    counts.atCentral += 1;
    if (place === undefined) counts.unknown += 1;
    else if (seen.has(identity)) counts.duplicates += 1;
    else {
      seen.add(identity);
      if (place.partition % partitions !== partition) counts.misplaced += 1;
      if (place.offset < (last.get(place.partition) ?? -1)) counts.outOfOrder += 1;
      else last.set(place.partition, place.offset);
    }
  });
  return { atEdge: edge.size, lost: edge.size - seen.size, ...counts };
};
