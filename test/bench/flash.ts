import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchNode } from '../../edge/cli/demo/node-launcher.ts';
import type { NodeProcess } from '../../edge/cli/demo/node-launcher.ts';
import { waitUntil } from '../integration/harness/wait-until.ts';
import type { Figure } from './figure.ts';
import { mountLoopDisk } from './loop-disk.ts';
import type { LoopDisk } from './loop-disk.ts';
import { SteadySensors } from './steady-sensors.ts';
import { median } from './statistics.ts';

export interface FlashOptions {
  readonly folder: string;
  readonly runs: number;
  readonly seconds: number;
  /** Messages per second of all sensors together. */
  readonly rate: number;
  readonly sensors: number;
  readonly payloadBytes: number;
  readonly lingerMs: number;
  readonly say: (text: string) => void;
}

const diskBytes = 1024 * 1024 * 1024;
const partitions = 4;

/**
 * Bytes that the device is given for each byte of payload that sensors publish with QoS 1, on an
 * ext4 of its own, its journal and metadata included. The baseline appends batches of the same size
 * to as many files at the same pace, with one fdatasync each: what the file system itself costs.
 */
export const measureFlash = async (options: FlashOptions): Promise<Figure> => {
  const runs: NodeRun[] = [];
  const bare: number[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    options.say(`flash: run ${run + 1} of ${options.runs}`);
    const disk = mountLoopDisk(join(options.folder, `flash-${run}`), diskBytes);
    try {
      const measured = await measureNode(options, disk);
      runs.push(measured);
      bare.push(await measureBare(options, disk, measured));
    } finally {
      disk.close();
    }
  }
  const { seconds, rate, sensors, payloadBytes, lingerMs } = options;
  const values = runs.map((run) => run.perPayloadByte);
  return {
    figure: 'flash',
    value: median(values),
    unit: 'device bytes per payload byte',
    runs: values,
    baselines: {
      bareAppendAndSync: median(bare),
      idleNodeBytesPerSecond: median(runs.map((run) => run.idleBytesPerSecond)),
    },
    details: {
      ...{ seconds, rate, sensors, payloadBytes, lingerMs, partitions },
      fsyncs: median(runs.map((run) => run.fsyncs)),
      logBytesPerPayloadByte: median(runs.map((run) => run.logBytesPerPayloadByte)),
      deviceBytesPerFsync: median(runs.map((run) => run.deviceBytesPerFsync)),
    },
  };
};

interface NodeRun {
  readonly perPayloadByte: number;
  readonly logBytesPerPayloadByte: number;
  readonly deviceBytesPerFsync: number;
  readonly fsyncs: number;
  readonly logBytes: number;
  readonly idleBytesPerSecond: number;
}

const measureNode = async (options: FlashOptions, disk: LoopDisk): Promise<NodeRun> => {
  const { seconds, rate, sensors, payloadBytes, lingerMs } = options;
  const folder = join(disk.folder, 'node');
  mkdirSync(folder);
  // Its reserve would be written while we count.
  const config = {
    log: { lingerMs },
    disk: { reserveBytes: 0 },
    topics: [{ name: 'sensors', partitions }],
  };
  const node = await launchNode({ folder, config });
  try {
    const load = await SteadySensors.connect({ port: node.ports.mqtt, sensors, payloadBytes });
    await load.publish(rate, 2);
    const idleFrom = disk.bytesWritten();
    await delay(3_000);
    const idleBytesPerSecond = Math.round((disk.bytesWritten() - idleFrom) / 3);
    const before = { bytes: disk.bytesWritten(), ...(await logFacts(node)) };
    const published = await load.publish(rate, seconds);
    const written = disk.bytesWritten() - before.bytes;
    const after = await logFacts(node);
    await load.close();
    const payload = published * payloadBytes;
    const fsyncs = after.fsyncs - before.fsyncs;
    const logBytes = after.logBytes - before.logBytes;
    return {
      perPayloadByte: round(written / payload),
      logBytesPerPayloadByte: round(logBytes / payload),
      deviceBytesPerFsync: Math.round(written / fsyncs),
      ...{ fsyncs, logBytes, idleBytesPerSecond },
    };
  } finally {
    await node.stop();
  }
};

/** The same bytes in as many appends, each with its fdatasync, at the same pace. */
const measureBare = async (
  { seconds, rate, payloadBytes }: FlashOptions,
  disk: LoopDisk,
  { fsyncs, logBytes }: NodeRun,
): Promise<number> => {
  const files = Array.from({ length: partitions }, (_, i) =>
    openSync(join(disk.folder, `bare-${i}`), 'w'),
  );
  const batch = Buffer.alloc(Math.round(logBytes / fsyncs), 0x5a);
  const from = disk.bytesWritten();
  const startMs = performance.now();
  for (let i = 0; i < fsyncs; i += 1) {
    const waitMs = startMs + (i * seconds * 1_000) / fsyncs - performance.now();
    if (waitMs > 1) await delay(waitMs);
    const file = files[i % partitions] as number;
    writeSync(file, batch);
    fdatasyncSync(file);
  }
  const written = disk.bytesWritten() - from;
  for (const file of files) closeSync(file);
  return round(written / (seconds * rate * payloadBytes));
};

const logFacts = async (
  node: NodeProcess,
): Promise<{ readonly fsyncs: number; readonly logBytes: number }> => {
  let facts = { fsyncs: 0, logBytes: 0 };
  await waitUntil('the metrics', 5_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${node.ports.admin}/metrics`);
    const text = await answer.text();
    const value = (name: string): number =>
      Number(new RegExp(`^(?:shorelog_)?${name} (\\S+)$`, 'm').exec(text)?.[1]);
    facts = { fsyncs: value('log_fsyncs_total'), logBytes: value('disk_used_bytes') };
    return facts.fsyncs > 0;
  });
  return facts;
};

const round = (value: number): number => Math.round(value * 10) / 10;
