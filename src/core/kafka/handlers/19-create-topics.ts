import { kafkaCodeOf, errorRow, type ErrorCode } from '../../../base/errors.ts';
import type { Uuid } from '../../../base/brand.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import type {
  CreateTopicsRequest,
  CreateTopicsRequestTopic,
  CreateTopicsResponse,
  CreateTopicsResponseTopic,
} from '../../../wire/kafka/generated/19-create-topics.ts';
import { createTopicsCodec } from '../../../wire/kafka/generated/19-create-topics.ts';
import { zeroUuid } from '../../../wire/kafka/protocol-reader.ts';
import { newTopicDefaults, type NewTopic, type TopicRefusal } from '../broker-view.ts';
import type { Handler, HandlerContext, TypedExchange } from '../handler.ts';
import { handlerOf } from '../handler.ts';
import { PendingOutcomes } from '../pending-outcomes.ts';

/** CreateTopics v2-7. Each topic is answered for itself; where its replicas go is not asked for. */
export const createTopicsHandler: Handler = handlerOf(
  createTopicsCodec,
  (request, typed, context) => new Creation(request, typed, context).start(),
);

/** What came of a topic. */
interface MadeTopic {
  readonly topicId: Uuid;
  readonly partitions: number;
  readonly copies: number;
}

type Outcome = Result<MadeTopic, TopicRefusal>;

/** One request on its way: answered when every topic is, or at its timeout. */
class Creation {
  readonly #request: CreateTopicsRequest;
  readonly #typed: TypedExchange<CreateTopicsResponse>;
  readonly #context: HandlerContext;
  readonly #outcomes: PendingOutcomes<Outcome>;

  constructor(
    request: CreateTopicsRequest,
    typed: TypedExchange<CreateTopicsResponse>,
    context: HandlerContext,
  ) {
    this.#request = request;
    this.#typed = typed;
    this.#context = context;
    this.#outcomes = new PendingOutcomes<Outcome>({
      count: request.topics.length,
      timeoutMs: request.timeoutMs,
      settle: (outcomes) => this.#reply(outcomes),
    });
  }

  start(): void {
    const names = new Map<string, number>();
    for (const { name } of this.#request.topics) names.set(name, (names.get(name) ?? 0) + 1);
    this.#request.topics.forEach((topic, index) => {
      const decide = (outcome: Outcome): void => this.#outcomes.decide(index, outcome);
      if ((names.get(topic.name) ?? 0) > 1) decide(refuse('INVALID_REQUEST'));
      else this.#create(topic, decide);
    });
    this.#outcomes.wait(this.#context, this.#typed.exchange);
  }

  #create(asked: CreateTopicsRequestTopic, decide: (outcome: Outcome) => void): void {
    const { view } = this.#context;
    const topic = toNewTopic(asked);
    if (!topic.ok) return decide(topic);
    const refusal = view.topicRefusal(topic.value);
    if (refusal !== undefined) return decide(fail(refusal));
    const { partitions, replicas } = topic.value;
    const made = { topicId: zeroUuid, partitions, copies: view.copiesOf(replicas) };
    if (this.#request.validateOnly) return decide(ok(made));
    return view.createTopic(topic.value, (topicId) => decide(ok({ ...made, topicId })));
  }

  #reply(outcomes: readonly (Outcome | undefined)[]): void {
    const topics = this.#request.topics.map(({ name }, index) =>
      describe(name, outcomes[index] ?? refuse('REQUEST_TIMED_OUT')),
    );
    this.#typed.reply({ throttleTimeMs: 0, topics });
  }
}

function toNewTopic(asked: CreateTopicsRequestTopic): Result<NewTopic, TopicRefusal> {
  const { name, numPartitions, replicationFactor, assignments, configs } = asked;
  if (assignments.length > 0) return refuse('INVALID_REPLICA_ASSIGNMENT');
  if (replicationFactor < -1 || replicationFactor === 0) {
    return refuse(
      'INVALID_REPLICATION_FACTOR',
      `A topic cannot have ${replicationFactor} replicas.`,
    );
  }
  const partitions = numPartitions === -1 ? newTopicDefaults.partitions : numPartitions;
  const replicas = replicationFactor === -1 ? newTopicDefaults.replicas : replicationFactor;
  let topic: NewTopic = { ...newTopicDefaults, name, partitions, replicas };
  for (const config of configs) {
    const next = withConfig(topic, config.name, config.value);
    if (next === undefined) return refuse('INVALID_CONFIG', refusedConfig(config.name));
    topic = next;
  }
  return ok(topic);
}

/** What a log here can do; any other config would be a promise that nobody keeps. */
const fixedConfigs: ReadonlyMap<string, string> = new Map([
  ['cleanup.policy', 'delete'],
  ['compression.type', 'producer'],
  ['message.timestamp.type', 'CreateTime'],
]);

function withConfig(topic: NewTopic, name: string, value: string | null): NewTopic | undefined {
  if (value === null) return undefined;
  if (name === 'retention.ms' || name === 'retention.bytes') {
    const limit = Number(value);
    if (!/^-?\d{1,15}$/.test(value) || limit === 0 || limit < -1) return undefined;
    return { ...topic, [name === 'retention.ms' ? 'retentionMs' : 'retentionBytes']: limit };
  }
  if (name === 'min.insync.replicas') {
    return /^[1-9]\d?$/.test(value) ? { ...topic, minInsyncReplicas: Number(value) } : undefined;
  }
  return fixedConfigs.get(name) === value ? topic : undefined;
}

/** Names the config, unless it is nothing that a text should carry. */
const refusedConfig = (name: string): string | undefined =>
  /^[a-z.]{1,64}$/.test(name)
    ? `The topic config ${name} is not known here, or has a value that is not served.`
    : undefined;

const refuse = (error: ErrorCode, text?: string): Result<never, TopicRefusal> =>
  fail(text === undefined ? { error } : { error, text });

function describe(name: string, outcome: Outcome): CreateTopicsResponseTopic {
  const unset = { name, topicConfigErrorCode: 0, configs: [] };
  if (outcome.ok) {
    const { topicId, partitions: numPartitions, copies: replicationFactor } = outcome.value;
    return {
      ...unset,
      topicId,
      errorCode: 0,
      errorMessage: null,
      ...{ numPartitions, replicationFactor },
    };
  }
  const { error, text } = outcome.error;
  const errorMessage = text ?? errorRow(error).text;
  const errorCode = kafkaCodeOf(error);
  return {
    ...unset,
    topicId: zeroUuid,
    errorCode,
    errorMessage,
    numPartitions: -1,
    replicationFactor: -1,
  };
}
