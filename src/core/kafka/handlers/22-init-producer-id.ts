import { kafkaCodeOf } from '../../../base/errors.ts';
import { initProducerIdCodec } from '../../../wire/kafka/generated/22-init-producer-id.ts';
import type { Handler } from '../handler.ts';
import { handlerOf } from '../handler.ts';

/*
 * InitProducerId v0-4 for idempotent producers: each call gives a new id at epoch 0 (P4). A
 * transactional.id gets 53, which clients take as final; any retriable code would make them wait
 * for a timeout.
 */
export const initProducerIdHandler: Handler = handlerOf(
  initProducerIdCodec,
  ({ transactionalId }, { reply }, { view }) => {
    const refused = { throttleTimeMs: 0, producerId: -1n, producerEpoch: -1 };
    if (transactionalId !== null) {
      const errorCode = kafkaCodeOf('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
      return reply({ ...refused, errorCode });
    }
    const producerId = view.allocateProducerId();
    if (producerId === undefined) {
      return reply({ ...refused, errorCode: kafkaCodeOf('COORDINATOR_LOAD_IN_PROGRESS') });
    }
    return reply({ throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch: 0 });
  },
);
