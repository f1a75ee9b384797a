import { present } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { apis } from '../../client/kafka/api.ts';
import type { CentralPartition } from './central-topics.ts';
import type { ForwardContext } from './context.ts';
import type { Delivery, Work } from './delivery.ts';
import type { Procedure } from './procedure.ts';
import { wait } from './procedure.ts';
import { identityFrom, Producer } from './producer.ts';
import type { Trouble } from './trouble.ts';
import { noAnswer, troubleOf, waiting } from './trouble.ts';

const transactionKey = 1;
const concurrentTransactions = 51;

/**
 * Transactions of one transactional.id, in Kafka's first protocol: AddPartitionsToTxn, the data,
 * the cursor last, EndTxn. EndTxn is sent once for a transaction and never again: a late copy would
 * commit half of the next one, which has the same epoch (X3).
 */
export class ExactlyOnce implements Delivery {
  readonly #context: ForwardContext;
  readonly #transactionalId: string;
  #coordinator = -1;
  #producer: Producer | undefined;

  constructor(context: ForwardContext, transactionalId: string) {
    this.#context = context;
    this.#transactionalId = transactionalId;
  }

  *open(): Procedure<Result<void, Trouble>> {
    this.#producer = undefined;
    const found = yield* this.#findCoordinator();
    if (!found.ok) return found;
    this.#coordinator = found.value;
    for (let attempt = 0; attempt < limits.forwardBusyAttemptsMax; attempt++) {
      const answer = yield* wait(
        this.#context.central.call({ nodeId: this.#coordinator }, apis.initProducerId, {
          transactionalId: this.#transactionalId,
          transactionTimeoutMs: this.#context.settings.transactionTimeoutMs,
          producerId: -1n,
          producerEpoch: -1,
        }),
      );
      if (!answer.ok) return fail(noAnswer(answer.error, 'central, InitProducerId'));
      if (answer.value.errorCode !== concurrentTransactions) {
        const identity = identityFrom(this.#transactionalId, answer.value);
        if (!identity.ok) return identity;
        this.#producer = new Producer(this.#context, identity.value);
        return ok(undefined);
      }
      yield* wait(this.#context.sleep(limits.forwardBusyMs));
    }
    return fail(waiting('central still ends our transaction before this one'));
  }

  *commit(work: Work): Procedure<Trouble | undefined> {
    const producer = present(this.#producer, 'a transaction has a producer');
    // Used up by any trouble: the sequences and the state at central are unknown then.
    this.#producer = undefined;
    const trouble = yield* this.#send(producer, work);
    if (trouble === undefined) this.#producer = producer;
    return trouble;
  }

  *#send(producer: Producer, work: Work): Procedure<Trouble | undefined> {
    const { places, batches, cursorRecords } = work;
    const partitions = batches.length === 0 ? [places.cursor] : [places.data, places.cursor];
    const added = yield* this.#addPartitions(producer, partitions);
    if (added !== undefined) return added;
    const refused =
      (yield* wait(producer.sendAll(places.data, batches))) ??
      (yield* wait(producer.sendRecords(places.cursor, cursorRecords)));
    if (refused === undefined) return yield* this.#end(producer, true);
    // An open transaction would hold every read_committed reader of these partitions until it times
    // out.
    if (refused.state === 'blocked') yield* this.#end(producer, false);
    return refused;
  }

  *#addPartitions(
    { identity }: Producer,
    partitions: readonly CentralPartition[],
  ): Procedure<Trouble | undefined> {
    const body = {
      transactionalId: this.#transactionalId,
      producerId: identity.producerId,
      producerEpoch: identity.producerEpoch,
      topics: partitions.map(({ topic, partition }) => ({ name: topic, partitions: [partition] })),
    };
    const target = { nodeId: this.#coordinator };
    for (let attempt = 0; attempt < limits.forwardBusyAttemptsMax; attempt++) {
      const call = this.#context.central.call(target, apis.addPartitionsToTxn, body);
      const answer = yield* wait(call);
      if (!answer.ok) return noAnswer(answer.error, 'central, AddPartitionsToTxn');
      const codes = answer.value.results.flatMap(({ results }) => results.map((r) => r.errorCode));
      if (codes.length !== partitions.length) return waiting('central left out a partition');
      const failed = worstOf(codes);
      if (failed === undefined) return undefined;
      if (failed !== concurrentTransactions)
        return troubleOf(failed, 'central, AddPartitionsToTxn');
      // EndTxn is answered before the markers are written; the next transaction waits for them.
      yield* wait(this.#context.sleep(limits.forwardBusyMs));
    }
    return waiting('central still ends our transaction before this one');
  }

  *#end({ identity }: Producer, committed: boolean): Procedure<Trouble | undefined> {
    const answer = yield* wait(
      this.#context.central.call({ nodeId: this.#coordinator }, apis.endTxn, {
        transactionalId: this.#transactionalId,
        producerId: identity.producerId,
        producerEpoch: identity.producerEpoch,
        committed,
      }),
    );
    if (!answer.ok) return noAnswer(answer.error, 'central, EndTxn');
    const code = answer.value.errorCode;
    return code === 0 ? undefined : troubleOf(code, 'central, EndTxn');
  }

  *#findCoordinator(): Procedure<Result<number, Trouble>> {
    const body = { key: this.#transactionalId, keyType: transactionKey, coordinatorKeys: [] };
    const answer = yield* wait(this.#context.central.call({}, apis.findCoordinator, body));
    if (!answer.ok) return fail(noAnswer(answer.error, 'central, FindCoordinator'));
    const { errorCode, nodeId } = answer.value;
    return errorCode === 0 ? ok(nodeId) : fail(troubleOf(errorCode, 'central, FindCoordinator'));
  }
}

const notAttempted = 55;

/** With one partition refused Kafka answers 55 for the others: the refusal is what counts. */
const worstOf = (codes: readonly number[]): number | undefined =>
  codes.find((code) => code !== 0 && code !== notAttempted) ?? codes.find((code) => code !== 0);
