import { setTimeout as delay } from 'node:timers/promises';
import { readWithKcat } from '../../edge/cli/demo/kcat-reader.ts';
import { BadCompany } from '../integration/harness/bad-company.ts';
import { residentBytes } from '../integration/harness/child-pids.ts';
import { openMemoryCap } from '../integration/harness/memory-cap.ts';
import { PacedPublishers } from '../integration/harness/paced-publishers.ts';
import { startTestNode } from '../integration/harness/shorelog-node.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly clients: number;
  /** Publishes a second, of all clients together. */
  readonly rate: number;
  readonly memoryMiB: number;
  /** Bad peers of each kind beside them. */
  readonly badEach: number;
  readonly say: (text: string) => void;
}

export interface SoakResult {
  readonly seconds: number;
  readonly clients: number;
  readonly published: number;
  readonly acked: number;
  readonly inLog: number;
  readonly lost: number;
  readonly disconnected: number;
  readonly unansweredPings: number;
  readonly pubackMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly pingrespMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly rssMiB: { readonly start: number; readonly p50: number; readonly max: number };
  /** Of the cgroup, page cache included; undefined without one: then only RSS is watched. */
  readonly cappedPeakMiB: number | undefined;
  readonly thrownOut: number;
}

const mebibyte = 1024 * 1024;
const topic = 'sensors';
const partitions = 4;

/**
 * Many sensors at an even pace under a memory cap, among peers that waste what they are given. The
 * sensors never connect again, so every connection that falls shows.
 */
export const runSoak = async (options: SoakOptions): Promise<SoakResult> => {
  const cap = openMemoryCap(options.memoryMiB * mebibyte);
  if (cap === undefined) options.say('no cgroup v1 memory here: only RSS is watched');
  const { node, remove } = await startTestNode(
    'soak',
    { topics: [{ name: topic, partitions }] },
    cap === undefined ? {} : { runUnder: cap.runUnder },
  );
  try {
    const resident = (): number => Math.round((residentBytes(node.pid) / mebibyte) * 10) / 10;
    const { clients, rate, seconds } = options;
    const start = resident();
    const load = await PacedPublishers.start({
      ...{ port: node.ports.mqtt, name: 'soak', clients, rate },
    });
    const { mqtt: mqttPort, kafka: kafkaPort } = node.ports;
    const bad = new BadCompany({ mqttPort, kafkaPort, topic, partitions, each: options.badEach });
    const rss: number[] = [];
    const deadline = Date.now() + seconds * 1_000;
    while (Date.now() < deadline && node.isRunning) {
      await delay(1_000);
      if (!node.isRunning) break;
      rss.push(resident());
      if (rss.length % 30 === 0) options.say(`soak: ${rss.length} s, ${rss.at(-1)} MiB`);
    }
    bad.stop();
    await load.stop();
    if (!node.isRunning) throw new Error(`the node ended: ${node.output().slice(-2_000)}`);
    const [disconnected, unansweredPings] = [load.disconnected, load.unansweredPings(5_000)];
    const found = new Set<string>();
    await readWithKcat({ bootstrap: node.bootstrap, topic, msMax: 120_000 }, ({ value }) => {
      found.add((value ?? '').toString().trimEnd());
    });
    const sorted = rss.toSorted((a, b) => a - b);
    return {
      ...{ seconds, clients, published: load.sent.size, acked: load.acked.size },
      inLog: found.size,
      lost: [...load.acked].filter((payload) => !found.has(payload)).length,
      ...{ disconnected, unansweredPings },
      pubackMs: { p50: load.puback.at(0.5), p99: load.puback.at(0.99), max: load.puback.at(1) },
      pingrespMs: {
        p50: load.pingresp.at(0.5),
        p99: load.pingresp.at(0.99),
        max: load.pingresp.at(1),
      },
      rssMiB: { start, p50: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0 },
      cappedPeakMiB: cap === undefined ? undefined : Math.round(cap.peakBytes() / mebibyte),
      thrownOut: bad.thrownOut,
    };
  } finally {
    await remove();
    cap?.remove();
  }
};
