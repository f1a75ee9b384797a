import { kafkaCodeOf, errorRow, type ErrorCode } from '../../../base/errors.ts';
import { monotonicMs, type Uuid } from '../../../base/brand.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import type {
  CreateTopicsRequest,
  CreateTopicsRequestTopic,
  CreateTopicsResponse,
  CreateTopicsResponseTopic,
} from '../../../wire/kafka/generated/19-create-topics.ts';
import { createTopicsCodec } from '../../../wire/kafka/generated/19-create-topics.ts';
import { zeroUuid } from '../../../wire/kafka/protocol-reader.ts';
import { newTopicDefaults, type NewTopic } from '../broker-view.ts';
import type { Deadline } from '../deadlines.ts';
import type { Handler, HandlerContext, TypedExchange } from '../handler.ts';
import { handlerOf } from '../handler.ts';

/** CreateTopics v2-7. Each topic is answered for itself; replicas can only be on this node. */
export const createTopicsHandler: Handler = handlerOf(
  createTopicsCodec,
  (request, typed, context) => new Creation(request, typed, context).start(),
);

type Outcome = Result<{ readonly topicId: Uuid; readonly partitions: number }, ErrorCode>;

/** One request on its way: answered when every topic is, or at its timeout. */
class Creation {
  readonly #request: CreateTopicsRequest;
  readonly #typed: TypedExchange<CreateTopicsResponse>;
  readonly #context: HandlerContext;
  readonly #outcomes: (Outcome | undefined)[];
  #deadline: Deadline | undefined;
  #undecided: number;

  constructor(
    request: CreateTopicsRequest,
    typed: TypedExchange<CreateTopicsResponse>,
    context: HandlerContext,
  ) {
    this.#request = request;
    this.#typed = typed;
    this.#context = context;
    this.#undecided = request.topics.length;
    this.#outcomes = request.topics.map(() => undefined);
  }

  start(): void {
    const names = new Map<string, number>();
    for (const { name } of this.#request.topics) names.set(name, (names.get(name) ?? 0) + 1);
    this.#request.topics.forEach((topic, index) => {
      if ((names.get(topic.name) ?? 0) > 1) this.#decide(index, fail('INVALID_REQUEST'));
      else this.#create(topic, index);
    });
    if (this.#request.topics.length === 0) return this.#reply();
    if (this.#undecided === 0) return;
    const { deadlines, now } = this.#context;
    const expiry = monotonicMs(now() + Math.max(this.#request.timeoutMs, 0));
    const deadline = deadlines.add(expiry, () => this.#expire());
    this.#deadline = deadline;
    this.#typed.exchange.onAbandoned(() => {
      deadlines.cancel(deadline);
      this.#undecided = 0;
    });
  }

  #create(asked: CreateTopicsRequestTopic, index: number): void {
    const { view } = this.#context;
    const topic = toNewTopic(asked);
    if (!topic.ok) return this.#decide(index, topic);
    const refusal = view.topicRefusal(topic.value);
    if (refusal !== undefined) return this.#decide(index, fail(refusal));
    const { partitions } = topic.value;
    if (this.#request.validateOnly)
      return this.#decide(index, ok({ topicId: zeroUuid, partitions }));
    return view.createTopic(topic.value, (topicId) =>
      this.#decide(index, ok({ topicId, partitions })),
    );
  }

  #decide(index: number, outcome: Outcome): void {
    if (this.#undecided === 0 || this.#outcomes[index] !== undefined) return;
    this.#outcomes[index] = outcome;
    this.#undecided--;
    if (this.#undecided === 0) this.#reply();
  }

  #expire(): void {
    this.#outcomes.forEach((outcome, index) => {
      if (outcome === undefined) this.#decide(index, fail('REQUEST_TIMED_OUT'));
    });
  }

  #reply(): void {
    if (this.#deadline !== undefined) this.#context.deadlines.cancel(this.#deadline);
    const topics = this.#request.topics.map(({ name }, index) => {
      return describe(name, this.#outcomes[index] ?? fail('UNKNOWN_SERVER_ERROR'));
    });
    this.#typed.reply({ throttleTimeMs: 0, topics });
  }
}

function toNewTopic(asked: CreateTopicsRequestTopic): Result<NewTopic, ErrorCode> {
  const { name, numPartitions, replicationFactor, assignments, configs } = asked;
  if (assignments.length > 0) return fail('INVALID_REPLICA_ASSIGNMENT');
  if (replicationFactor !== -1 && replicationFactor !== 1)
    return fail('INVALID_REPLICATION_FACTOR');
  const partitions = numPartitions === -1 ? newTopicDefaults.partitions : numPartitions;
  let topic: NewTopic = { ...newTopicDefaults, name, partitions };
  for (const config of configs) {
    const next = withConfig(topic, config.name, config.value);
    if (next === undefined) return fail('INVALID_CONFIG');
    topic = next;
  }
  return ok(topic);
}

/** What a log here can do; any other config would be a promise that nobody keeps. */
const fixedConfigs: ReadonlyMap<string, string> = new Map([
  ['cleanup.policy', 'delete'],
  ['compression.type', 'producer'],
  ['message.timestamp.type', 'CreateTime'],
  ['min.insync.replicas', '1'],
]);

function withConfig(topic: NewTopic, name: string, value: string | null): NewTopic | undefined {
  if (value === null) return undefined;
  if (name === 'retention.ms' || name === 'retention.bytes') {
    const limit = Number(value);
    if (!/^-?\d{1,15}$/.test(value) || limit === 0 || limit < -1) return undefined;
    return { ...topic, [name === 'retention.ms' ? 'retentionMs' : 'retentionBytes']: limit };
  }
  return fixedConfigs.get(name) === value ? topic : undefined;
}

function describe(name: string, outcome: Outcome): CreateTopicsResponseTopic {
  const unset = { name, topicConfigErrorCode: 0, configs: [] };
  if (outcome.ok) {
    const { topicId, partitions: numPartitions } = outcome.value;
    return {
      ...unset,
      topicId,
      errorCode: 0,
      errorMessage: null,
      numPartitions,
      replicationFactor: 1,
    };
  }
  const errorMessage = errorRow(outcome.error).text;
  const errorCode = kafkaCodeOf(outcome.error);
  return {
    ...unset,
    topicId: zeroUuid,
    errorCode,
    errorMessage,
    numPartitions: -1,
    replicationFactor: -1,
  };
}
