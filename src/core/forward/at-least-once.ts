import { present } from '../../base/assert.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { apis } from '../../client/kafka/api.ts';
import type { ForwardContext } from './context.ts';
import type { Delivery, Work } from './delivery.ts';
import type { Procedure } from './procedure.ts';
import { wait } from './procedure.ts';
import { identityFrom, Producer } from './producer.ts';
import type { Trouble } from './trouble.ts';
import { noAnswer } from './trouble.ts';

/**
 * For a central without transactions (X6): an idempotent producer, and the cursor only when all
 * data before it has been acknowledged. What was sent but not acknowledged is sent again by the
 * next producer: repeated, never lost.
 */
export class AtLeastOnce implements Delivery {
  readonly #context: ForwardContext;
  #producer: Producer | undefined;

  constructor(context: ForwardContext) {
    this.#context = context;
  }

  *open(): Procedure<Result<void, Trouble>> {
    this.#producer = undefined;
    const body = {
      transactionalId: null,
      transactionTimeoutMs: this.#context.settings.transactionTimeoutMs,
      producerId: -1n,
      producerEpoch: -1,
    };
    const answer = yield* wait(this.#context.central.call({}, apis.initProducerId, body));
    if (!answer.ok) return fail(noAnswer(answer.error, 'central, InitProducerId'));
    const identity = identityFrom(null, answer.value);
    if (!identity.ok) return identity;
    this.#producer = new Producer(this.#context, identity.value);
    return ok(undefined);
  }

  *commit({ places, batches, cursorRecords }: Work): Procedure<Trouble | undefined> {
    const producer = present(this.#producer, 'records have a producer');
    this.#producer = undefined;
    const trouble =
      (yield* wait(producer.sendAll(places.data, batches))) ??
      (yield* wait(producer.sendRecords(places.cursor, cursorRecords)));
    if (trouble === undefined) this.#producer = producer;
    return trouble;
  }
}
