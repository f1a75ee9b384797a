import type { DiskProbe } from '../probe-disk.ts';
import type { Terminal } from '../terminal.ts';
import { formatBytes } from '../terminal.ts';
import type { NodeMeasured } from './bench-phases.ts';
import type { Outlook } from './gateway-outlook.ts';
import { roughly } from './gateway-outlook.ts';

/** Everything `shorelog bench` found; `--json` prints it as it is. */
export interface BenchReport {
  readonly dataDir: string;
  readonly asked: {
    readonly ratePerSecond: number;
    readonly payloadBytes: number;
    readonly seconds: number;
  };
  readonly disk: DiskProbe;
  readonly node: NodeMeasured;
  readonly budgetBytes: number;
  readonly enduranceTerabytes: number;
  readonly outlook: Outlook;
}

/** The figures, then what they mean, in words. */
export function printReport(terminal: Terminal, report: BenchReport): void {
  const { asked, disk, node } = report;
  const line = (name: string, text: string): void => terminal.out(`${name.padEnd(16)}${text}`);
  const { busy, steady, rssBytes } = node;
  line('data directory', report.dataDir);
  line('fdatasync', `p50 ${ms(disk.syncMsP50)}, p99 ${ms(disk.syncMsP99)}`);
  line('append', `${formatBytes(disk.appendBytesPerSecond)}/s`);
  line(
    'ingest, busy',
    `${count(busy.perSecond)} msg/s of ${asked.payloadBytes} B, QoS 1; PUBACK p50 ` +
      `${ms(busy.ackMsP50)}, p99 ${ms(busy.ackMsP99)}`,
  );
  line(
    'ingest, steady',
    `${count(steady.perSecond)} msg/s; PUBACK p50 ${ms(steady.ackMsP50)}, p99 ` +
      `${ms(steady.ackMsP99)}`,
  );
  line('memory', `${mebibytes(rssBytes.idle)} at rest, ${mebibytes(rssBytes.busy)} when busy`);
  line('log', `${node.logBytesPerRecord.toFixed(0)} B for each message`);
  line('disk writes', deviceText(node.deviceBytesPerPayloadByte));
  terminal.out('');
  for (const sentence of sentences(report)) terminal.out(sentence);
}

function deviceText(perByte: number | undefined): string {
  if (perByte === undefined) return 'cannot be seen on this file system';
  return `${perByte.toFixed(1)} bytes to the device for each byte of payload`;
}

function sentences({ asked, node, outlook, budgetBytes, ...report }: BenchReport): string[] {
  const rate = `${count(asked.ratePerSecond)} msg/s of ${asked.payloadBytes} B`;
  const share = outlook.loadShare * 100;
  const isEnough = node.steady.perSecond >= 0.95 * asked.ratePerSecond;
  const first = isEnough
    ? `${rate} are ${share < 1 ? 'less than 1' : share.toFixed(0)} % of what this machine takes, ` +
      'with the load itself on it.'
    : `This machine does not sustain ${rate}: it took ${count(node.steady.perSecond)} a second.`;
  const list = [
    first,
    `Offline, ${formatBytes(budgetBytes)} of disk hold ${roughly(outlook.daysOffline)} of them.`,
  ];
  const { writtenBytesPerDay, lifetimeYears } = outlook;
  if (writtenBytesPerDay !== undefined && lifetimeYears !== undefined) {
    list.push(
      `They write ${formatBytes(writtenBytesPerDay)} a day. A card made for ` +
        `${report.enduranceTerabytes} TB of writes lasts about ${roughly(lifetimeYears * 365.25)}; ` +
        'the maker says',
      'how many it is made for (--endurance), and other programs that write now count here too.',
      'log.lingerMs gathers messages for so long before each fsync: fewer writes, later PUBACKs.',
    );
  }
  return list;
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const count = (value: number): string => value.toLocaleString('en-US');
const mebibytes = (bytes: number | undefined): string =>
  bytes === undefined ? 'unknown' : formatBytes(bytes);
