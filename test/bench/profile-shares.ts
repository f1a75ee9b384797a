/** The parts of a V8 CPU profile that are used. Times are microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** By the first pattern that the file, or the name of a native function, matches. */
const groups: readonly (readonly [RegExp, string])[] = [
  [/\/node_modules\/(aedes|mqtt-packet|bl|mqemitter|qlobber|debug)/, 'MQTT engine'],
  [/\/node_modules\//, 'other packages'],
  [/\/edge\/mqtt-/, 'edge: MQTT'],
  [/\/edge\//, 'edge'],
  [/\/src\/core\//, 'core'],
  [/\/src\/log\//, 'log'],
  [/\/src\/(wire|base)\//, 'batch encoding and CRC'],
  [/^node:internal\/(fs|stream|streams|stream_base_commons)/, 'node: streams and files'],
  [/^node:/, 'node'],
];

const natives: Readonly<Record<string, string>> = {
  '(idle)': 'idle',
  '(garbage collector)': 'garbage collector',
  fdatasync: 'handing writes and fsyncs to the thread pool',
  writeBuffers: 'handing writes and fsyncs to the thread pool',
  writeBuffer: 'socket writes',
  writeUtf8String: 'socket writes',
  writev: 'socket writes',
};

/** Seen from the first publish to the last: start and stop of the process are left out. */
const publishPath = /\/edge\/mqtt-(publish-lane|inbound)\./;

/**
 * Where the main thread's time went while publishes came in, in per cent by part of the program,
 * largest first; parts below half a per cent go into `rest`.
 */
export const profileShares = (profile: CpuProfile): Record<string, number> => {
  const groupOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const inPath = new Set(
    profile.nodes.filter(({ callFrame }) => publishPath.test(callFrame.url)).map(({ id }) => id),
  );
  const first = profile.samples.findIndex((id) => inPath.has(id));
  const last = profile.samples.findLastIndex((id) => inPath.has(id));
  const totals = new Map<string, number>();
  let all = 0;
  for (const [index, id] of profile.samples.entries()) {
    if (index < first || index > last) continue;
    const us = profile.timeDeltas[index] ?? 0;
    const group = groupOf.get(id) ?? 'rest';
    totals.set(group, (totals.get(group) ?? 0) + us);
    all += us;
  }
  const shares = [...totals].map(([name, us]) => [name, round((100 * us) / all)] as const);
  const large = shares.filter(([name, share]) => share >= 0.5 && name !== 'rest');
  const rest = 100 - large.reduce((sum, [, share]) => sum + share, 0);
  const sorted = large.toSorted(([, a], [, b]) => b - a);
  return Object.fromEntries([...sorted, ['rest', round(rest)]]);
};

const nameOf = (frame: { readonly functionName: string; readonly url: string }): string => {
  if (frame.url === '') return natives[frame.functionName] ?? 'native';
  return groups.find(([pattern]) => pattern.test(frame.url))?.[1] ?? 'rest';
};

const round = (value: number): number => Math.round(value * 10) / 10;
