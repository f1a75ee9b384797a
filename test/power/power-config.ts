import type { NodeConfig } from '../../edge/cli/demo/node-launcher.ts';

/** Topic whose readings stay, and one whose oldest go. */
export const topics = { kept: 'kept', aged: 'aged' } as const;

export const keptPartitions = 2;

/** Small segments: rolls, seals and unlinks all the time. */
export const segmentSizes = [4_096, 16_384, 131_072] as const;

export const powerConfig = (segmentBytes: number): NodeConfig => ({
  log: { segmentBytes },
  disk: { reserveBytes: 1_048_576 },
  topics: [
    { name: topics.kept, partitions: keptPartitions, retentionMs: 'unlimited' },
    { name: topics.aged, partitions: 1, retentionMs: 'unlimited', retentionBytes: 65_536 },
  ],
  routes: [
    { from: 'aged/#', topic: topics.aged },
    { from: '#', topic: topics.kept },
  ],
});
