import { fail } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { limits } from '../../base/limits.ts';
import { apis } from '../../client/kafka/api.ts';
import type { CentralPartition } from './central-topics.ts';
import type { ForwardContext } from './context.ts';
import { CursorScan } from './cursor-scan.ts';
import type { Cursor } from './cursor.ts';
import { fetchRequest } from './fetch-request.ts';
import type { Procedure } from './procedure.ts';
import { wait } from './procedure.ts';
import type { Trouble } from './trouble.ts';
import { noAnswer, stopped, troubleOf, waiting } from './trouble.ts';

const latest = -1;
const earliest = -2;
const emptyAnswersMax = 20;

/**
 * The newest committed cursor, read from the log start of its partition to the high watermark that
 * the partition has now: to be called after InitProducerId, which decides what a predecessor left
 * open (X2).
 */
export function* readCursor(
  context: ForwardContext,
  place: CentralPartition,
  key: string,
): Procedure<Result<Cursor | undefined, Trouble>> {
  const end = yield* listOffset(context, place, latest);
  if (!end.ok) return end;
  const start = yield* listOffset(context, place, earliest);
  if (!start.ok) return start;
  const bytesMax = limits.forwardDecompressedBytesMax;
  const scan = new CursorScan(key, start.value, { compression: context.compression, bytesMax });
  let emptyAnswers = 0;
  while (scan.nextOffset < end.value) {
    const before = scan.nextOffset;
    const bytes = yield* fetchBytes(context, place, before);
    if (!bytes.ok) return bytes;
    const added = scan.add(bytes.value);
    if (!added.ok) return fail(stopped(added.error));
    emptyAnswers = scan.nextOffset === before ? emptyAnswers + 1 : 0;
    if (emptyAnswers === emptyAnswersMax) {
      return fail(waiting(`central's cursor partition gives nothing at offset ${before}`));
    }
    if (emptyAnswers > 0) yield* wait(context.sleep(limits.forwardBusyMs));
  }
  const cursor = scan.finish();
  return cursor.ok ? cursor : fail(stopped(cursor.error));
}

const whatOf = ({ topic, partition }: CentralPartition): string =>
  `central, cursor partition ${topic}/${partition}`;

function* fetchBytes(
  { central }: ForwardContext,
  place: CentralPartition,
  offset: number,
): Procedure<Result<Uint8Array, Trouble>> {
  const bytesMax = limits.forwardCursorFetchBytesMax;
  const want = { ...place, leaderEpoch: -1, offset, bytesMax };
  const request = fetchRequest([want], { maxWaitMs: 0, bytesMax });
  const answer = yield* wait(central.call({ nodeId: place.leaderId }, apis.fetch, request));
  if (!answer.ok) return fail(noAnswer(answer.error, whatOf(place)));
  const found = answer.value.responses[0]?.partitions[0];
  const code = answer.value.errorCode || (found?.errorCode ?? -1);
  if (code !== 0) return fail(troubleOf(code, whatOf(place)));
  return { ok: true, value: found?.records ?? new Uint8Array(0) };
}

/** `latest` as read_uncommitted is the high watermark. */
function* listOffset(
  { central }: ForwardContext,
  place: CentralPartition,
  timestamp: number,
): Procedure<Result<number, Trouble>> {
  const partition = { partitionIndex: place.partition, currentLeaderEpoch: -1, timestamp };
  const topics = [{ name: place.topic, partitions: [partition] }];
  const request = { replicaId: -1, isolationLevel: 0, topics };
  const answer = yield* wait(central.call({ nodeId: place.leaderId }, apis.listOffsets, request));
  if (!answer.ok) return fail(noAnswer(answer.error, whatOf(place)));
  const found = answer.value.topics[0]?.partitions[0];
  if (found === undefined || found.errorCode !== 0) {
    return fail(troubleOf(found?.errorCode ?? -1, whatOf(place)));
  }
  return { ok: true, value: found.offset };
}
