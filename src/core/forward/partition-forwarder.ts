import type { Offset } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { AtLeastOnce } from './at-least-once.ts';
import { Backoff, jitterMs } from './backoff.ts';
import { BatchCeiling } from './batch-ceiling.ts';
import { findPlaces, type CentralPlaces } from './central-topics.ts';
import type { ForwardContext } from './context.ts';
import { CursorJudge, type Resume } from './cursor-judge.ts';
import { readCursor } from './cursor-reader.ts';
import { cursorKey, cursorRecords, jumpedDrops, type Cursor } from './cursor.ts';
import type { Delivery } from './delivery.ts';
import { EdgeReader } from './edge-reader.ts';
import { ExactlyOnce } from './exactly-once.ts';
import { notAllowedYet, Permission } from './permission.ts';
import { Runner, wait, type Procedure } from './procedure.ts';
import { planForward, type ForwardPlan, type Outgoing } from './rebuild.ts';
import { rotGaps } from './rot-gaps.ts';
import { markOf, type Standing } from './standing.ts';
import type {
  DropRecord,
  ForwardMark,
  ForwardPartition,
  ForwardState,
  ForwardStatus,
} from './supervision.ts';
import { explainRefusal, isOfRecords, pauseMsMax, withSmallerBatches } from './refused-records.ts';
import { TransactionSize } from './transaction-size.ts';
import { stopped, waiting, type Trouble } from './trouble.ts';

/** What one transaction carries beside the cursor. */
interface Load {
  readonly batches: readonly Outgoing[];
  readonly from: Offset;
  readonly gaps: readonly DropRecord[];
}

/**
 * Forwards one edge partition, for ever: takes over (X1, X2), then one transaction after the other,
 * and after any trouble it takes over again. Nothing that an earlier attempt knew is trusted.
 */
export class PartitionForwarder {
  readonly #context: ForwardContext;
  readonly #targetTopic: string;
  readonly #key: string;
  readonly #reader: EdgeReader;
  readonly #judge: CursorJudge;
  readonly #delivery: Delivery;
  readonly #permission: Permission;
  readonly #backoff: Backoff;
  readonly #size = new TransactionSize();
  readonly #ceiling: BatchCeiling;
  readonly #runner = new Runner();
  readonly #statusChanged: (isUrgent: boolean) => void;
  #partition: ForwardPartition;
  #state: ForwardState = 'waiting';
  #forwardOffset: Offset | undefined;
  #highWatermark: Offset | undefined;
  #lastError: string | undefined;
  #isCommitting = false;
  #isStopping = false;

  constructor(
    context: ForwardContext,
    partition: ForwardPartition,
    targetTopic: string,
    statusChanged: (isUrgent: boolean) => void,
  ) {
    this.#context = context;
    this.#partition = partition;
    this.#targetTopic = targetTopic;
    this.#statusChanged = statusChanged;
    const { topic, topicId, partition: index } = partition;
    this.#key = cursorKey(context.node.clusterId, topicId, index);
    this.#permission = new Permission(context);
    this.#reader = new EdgeReader(context, topic, topicId, index);
    this.#judge = new CursorJudge(this.#reader);
    this.#delivery =
      context.settings.delivery === 'exactlyOnce'
        ? new ExactlyOnce(context, this.#key)
        : new AtLeastOnce(context);
    this.#ceiling = new BatchCeiling(context.settings.batchBytesMax, context.compression);
    this.#backoff = new Backoff(
      context.random,
      limits.forwardBackoffMsMin,
      limits.forwardBackoffMsMax,
    );
  }

  start(): void {
    this.#permission.drop();
    this.#context.memory.release(this);
    this.#isCommitting = false;
    this.#runner.start(this.#run());
  }

  /**
   * A new description. Another leader epoch, a decision, or whatever may end a stop, begins from
   * the top; marks are taken along.
   */
  describe(partition: ForwardPartition): void {
    const before = this.#partition;
    this.#partition = partition;
    const isDecided =
      partition.decision !== undefined &&
      partition.decision.decisionId !== before.decision?.decisionId;
    const isExplained = JSON.stringify(partition.drops) !== JSON.stringify(before.drops);
    const isNewEpoch = partition.leaderEpoch !== before.leaderEpoch;
    if (isNewEpoch || isDecided || (isExplained && this.#state === 'stopped')) this.start();
  }

  /** No new transaction; one that is open is finished first. */
  stop(): void {
    this.#isStopping = true;
    if (this.#isCommitting) return;
    this.#permission.drop();
    this.#runner.stop();
    this.#context.memory.release(this);
  }

  get isRunning(): boolean {
    return this.#runner.running;
  }

  get status(): ForwardStatus {
    const { topic, topicId, partition } = this.#partition;
    // Until central has been asked, as far as the node knows: only to be told (X3).
    const at = this.#forwardOffset ?? this.#partition.mark?.forwardOffset;
    const end = this.#highWatermark;
    return {
      topic,
      topicId,
      partition,
      state: this.#state,
      ...(at === undefined ? {} : { forwardOffset: at }),
      ...(at === undefined || end === undefined ? {} : { lag: Math.max(0, end - at) }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  *#run(): Procedure<void> {
    for (;;) {
      const trouble = yield* this.#forward();
      this.#isCommitting = false;
      this.#context.memory.release(this);
      if (this.#isStopping) return;
      this.#report(trouble);
      if (trouble.state === 'stopped') return;
      if (trouble.state === 'fenced') yield* this.#stayAway();
      else yield* wait(this.#context.sleep(this.#backoff.nextMs(pauseMsMax(trouble))));
    }
  }

  /** Ends with the first trouble. */
  *#forward(): Procedure<Trouble> {
    const taken = yield* this.#takeOver();
    if (!taken.ok) return taken.error;
    // A claim that succeeds says nothing about the data: the pauses stay long until that arrives.
    while (!this.#isStopping) {
      const failed = yield* this.#forwardOnce(taken.value);
      if (failed !== undefined) return failed;
    }
    return stopped('asked to stop');
  }

  /** X2: fence the predecessor, read the cursor, judge it, and only then claim. */
  *#takeOver(): Procedure<Result<Standing, Trouble>> {
    const view = yield* this.#reader.view();
    if (!view.ok) return view;
    this.#highWatermark = view.value.highWatermark;
    const places = yield* findPlaces(this.#context, {
      topic: this.#targetTopic,
      edgePartition: this.#partition.partition,
      edgePartitions: view.value.partitions,
      cursorKey: this.#key,
    });
    if (!places.ok) return places;
    const opened = yield* this.#delivery.open();
    if (!opened.ok) return opened;
    const cursor = yield* readCursor(this.#context, places.value.cursor, this.#key);
    if (!cursor.ok) return cursor;
    // Once more: a predecessor may have forwarded what was appended since the first time.
    const edge = yield* this.#reader.view();
    if (!edge.ok) return edge;
    const verdict = yield* this.#judge.judge({
      cursor: cursor.value,
      partition: this.#partition,
      centralClusterId: places.value.clusterId,
      delivery: this.#context.settings.delivery,
      edge: edge.value,
    });
    if (!verdict.ok) return verdict;
    return yield* this.#claim(places.value, verdict.value, cursor.value);
  }

  /** The cursor alone with our leader epoch, and what the jump to it passes over (X5). */
  *#claim(
    places: CentralPlaces,
    verdict: Resume,
    cursor: Cursor | undefined,
  ): Procedure<Result<Standing, Trouble>> {
    const standing: Standing = {
      places,
      forwardOffset: verdict.from,
      lastForwarded: verdict.lastForwarded,
      decisionId: verdict.decisionId ?? cursor?.decisionId ?? '',
    };
    if (cursor !== undefined) this.#tellStand({ places, ...cursor });
    const gaps = jumpedDrops(this.#partition.drops, cursor, verdict.from);
    const failed = yield* this.#commit(standing, { batches: [], from: verdict.from, gaps });
    if (failed !== undefined) return fail(failed);
    this.#progressed(standing);
    if (verdict.decisionId !== undefined) this.#tellDecided(verdict.decisionId);
    return ok(standing);
  }

  /** Waits for records, then forwards one transaction's worth of them. */
  *#forwardOnce(standing: Standing): Procedure<Trouble | undefined> {
    const ready = yield* this.#waitForRecords(standing.forwardOffset);
    if (ready !== undefined) return ready;
    const { memory, settings, compression } = this.#context;
    yield* wait(memory.acquire(this, limits.forwardTransactionBytesMax));
    const from = standing.forwardOffset;
    const chunk = yield* this.#reader.fetch(from, this.#size.bytes);
    if (!chunk.ok) return chunk.error;
    this.#highWatermark = chunk.value.highWatermark;
    const { bytes, headers } = chunk.value;
    if (headers.length === 0) {
      memory.release(this);
      yield* wait(this.#context.sleep(limits.forwardPollMs));
      return undefined;
    }
    const batchBytesMax = Math.min(
      this.#ceiling.bytes,
      Math.max(limits.forwardBatchBytesMin, this.#size.bytes),
    );
    const options = { from, batchBytesMax, type: settings.compression, compression };
    const plan = planForward(bytes, headers, options);
    const rot = rotGaps(headers, from, plan.nextOffset);
    const failed = yield* this.#forwardPlan(standing, plan, rot);
    memory.release(this);
    return failed;
  }

  *#forwardPlan(
    standing: Standing,
    plan: ForwardPlan,
    rot: readonly DropRecord[],
  ): Procedure<Trouble | undefined> {
    const from = standing.forwardOffset;
    const next: Standing = {
      ...standing,
      forwardOffset: plan.nextOffset,
      lastForwarded: plan.lastForwarded ?? standing.lastForwarded,
    };
    // Control batches alone are no reason for a transaction: the next one passes over them.
    if (plan.batches.length > 0 || rot.length > 0) {
      // A refused partition stays blocked in every attempt until one succeeds: no flicker, and
      // longer pauses.
      if (this.#state !== 'blocked') this.#setState('sending');
      const begunMs = this.#context.now().monotonicMs;
      const failed = yield* this.#commit(next, { batches: plan.batches, from, gaps: rot });
      if (failed !== undefined) return this.#failed(failed, plan, from);
      this.#size.committed(this.#context.now().monotonicMs - begunMs);
      Object.assign(standing, next);
      this.#progressed(standing);
      this.#recovered('sending');
    }
    standing.forwardOffset = plan.nextOffset;
    this.#forwardOffset = plan.nextOffset;
    return undefined;
  }

  #failed(failed: Trouble, plan: ForwardPlan, from: Offset): Trouble {
    const smaller = withSmallerBatches(failed, plan, this.#ceiling);
    if (smaller !== undefined) return smaller;
    // Other refusals say nothing about the size; to be fenced may be a transaction's expiry.
    if (isOfRecords(failed)) this.#size.refused(plan.batches);
    else if (failed.state !== 'blocked') this.#size.failed();
    return explainRefusal(failed, plan, from);
  }

  *#commit(standing: Standing, { batches, from, gaps }: Load): Procedure<Trouble | undefined> {
    const epoch = this.#reader.leaderEpoch;
    const attempt = markOf(standing, this.#partition, epoch);
    const isAllowed = yield* this.#asked(attempt, from);
    if (!isAllowed) {
      return waiting('the node drops what this transaction begins with, or leads no more');
    }
    const { places, forwardOffset, lastForwarded, decisionId } = standing;
    const cursor: Cursor = {
      ...{ forwardOffset, edgeLeaderEpoch: epoch, lastForwarded, decisionId },
      topic: this.#partition.topic,
      nodeId: this.#context.node.nodeId,
      writtenAtMs: this.#context.now().wallMs,
    };
    const told = cursorRecords(this.#key, cursor, gaps);
    this.#isCommitting = true;
    const failed = yield* this.#delivery.commit({ places, batches, cursorRecords: told });
    this.#isCommitting = false;
    return failed;
  }

  /** Whether the transaction may begin. An answer that takes long is waited for in words. */
  *#asked(attempt: ForwardMark, from: Offset): Procedure<boolean> {
    const [state, lastError] = [this.#state, this.#lastError];
    const isAllowed = yield* this.#permission.ask(attempt, from, () => {
      // Of a refused partition somebody must mend something else.
      if (state !== 'blocked') this.#report(notAllowedYet);
    });
    this.#lastError = lastError;
    this.#setState(state);
    return isAllowed;
  }

  /**
   * Until there is something above `from`; then for the linger, unless a whole transaction is
   * waiting already.
   */
  *#waitForRecords(from: Offset): Procedure<Trouble | undefined> {
    if ((this.#highWatermark ?? 0) > from) return undefined;
    const { topic, partition } = this.#partition;
    this.#recovered('idle');
    for (;;) {
      const want = { topic, partition, leaderEpoch: this.#reader.leaderEpoch, offset: from };
      const end = yield* wait(this.#context.edgePoll.wait(want));
      if (!end.ok) return end.error;
      this.#highWatermark = end.value;
      if (end.value > from) break;
    }
    this.#statusChanged(false);
    yield* wait(this.#context.sleep(this.#context.settings.lingerMs));
    return undefined;
  }

  /**
   * X2: another one is at work. Away for a while, and back only while our node answers for our
   * leader epoch.
   */
  *#stayAway(): Procedure<void> {
    do {
      const ms = jitterMs(
        this.#context.random,
        limits.forwardFencedMsMin,
        limits.forwardFencedMsMax,
      );
      yield* wait(this.#context.sleep(ms));
    } while (!(yield* this.#reader.isAnswered()));
  }

  #progressed(standing: Standing): void {
    this.#forwardOffset = standing.forwardOffset;
    this.#tellStand(standing);
    this.#statusChanged(false);
  }

  /**
   * Where central's cursor stands, beyond doubt. Said before a claim moves it too: the node may
   * know an older place only, and it must name this one in a drop while the claim may fail (X5).
   */
  #tellStand(standing: Omit<Standing, 'decisionId'>): void {
    const mark = markOf(standing, this.#partition, this.#reader.leaderEpoch);
    this.#partition = { ...this.#partition, mark };
    this.#context.tell({ type: 'ForwardProgressed', mark });
  }

  #tellDecided(decisionId: string): void {
    const { topicId, partition } = this.#partition;
    this.#context.tell({ type: 'ForwardDecisionApplied', topicId, partition, decisionId });
  }

  #report({ state, text }: Trouble): void {
    const isNew = this.#lastError !== text || this.#state !== state;
    this.#lastError = text;
    if (isNew) {
      const { topic, partition } = this.#partition;
      const level = state === 'waiting' ? 'warn' : 'error';
      this.#context.print(level, `forwarding is ${state}`, { topic, partition, error: text });
    }
    this.#setState(state);
    this.#statusChanged(isNew);
  }

  /** Whatever was wrong is over: the next pause is short again. */
  #recovered(state: ForwardState): void {
    this.#backoff.reset();
    this.#lastError = undefined;
    this.#setState(state);
  }

  #setState(state: ForwardState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#statusChanged(true);
  }
}
