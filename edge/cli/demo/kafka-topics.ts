import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../../../src/config/address.ts';
import { BareKafkaConnection } from './bare-kafka-connection.ts';

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Topic configs by Kafka's names, such as `cleanup.policy`. */
  readonly configs?: Readonly<Record<string, string>>;
}

const apiKeys = { metadata: 3, createTopics: 19 } as const;
const topicAlreadyExists = 36;
/** Timed out, no broker unfenced yet, not the controller yet: a young cluster's answers. */
const passingErrors: ReadonlySet<number> = new Set([7, 38, 41]);
const answerMsMax = 10_000;

/**
 * Whether a broker answers Metadata and knows a live broker, which is when topics can be created.
 * Never rejects.
 */
export const isKafkaReady = async (address: Address): Promise<boolean> => {
  try {
    return (await liveBrokers(address)) > 0;
  } catch {
    return false;
  }
};

/**
 * Creates the topics that are not there, replication factor 1; waits for a young cluster up to
 * `timeoutMs`.
 */
export const createTopics = async (
  address: Address,
  specs: readonly TopicSpec[],
  timeoutMs = 30_000,
): Promise<void> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const failures = await tryToCreate(address, specs).catch((error: unknown) => [
      { name: '', code: 7, text: error instanceof Error ? error.message : String(error) },
    ]);
    if (failures.length === 0) return;
    const final = failures.find((failure) => !passingErrors.has(failure.code));
    if (final !== undefined || Date.now() > deadline) {
      const { name, code, text } = final ?? failures[0] ?? { name: '', code: -1, text: '' };
      const what = name === '' ? 'no Kafka answers' : `topic ${name} was refused with ${code}`;
      throw new Error(`${what} (${text})`);
    }
    await delay(200);
  }
};

interface TopicFailure {
  readonly name: string;
  readonly code: number;
  readonly text: string;
}

const tryToCreate = async (
  address: Address,
  specs: readonly TopicSpec[],
): Promise<TopicFailure[]> => {
  const answer = await ask(address, apiKeys.createTopics, 2, createTopicsBody(specs));
  const failures: TopicFailure[] = [];
  let at = 8;
  for (let left = answer.readInt32BE(4); left > 0; left -= 1) {
    const name = stringAt(answer, at);
    at += 2 + Buffer.byteLength(name);
    const code = answer.readInt16BE(at);
    const text = stringAt(answer, at + 2);
    at += 4 + Buffer.byteLength(text);
    if (code !== 0 && code !== topicAlreadyExists) failures.push({ name, code, text });
  }
  return failures;
};

const liveBrokers = async (address: Address): Promise<number> => {
  const noTopics = Buffer.alloc(4);
  const answer = await ask(address, apiKeys.metadata, 1, noTopics);
  return answer.readInt32BE(0);
};

const ask = async (
  address: Address,
  apiKey: number,
  apiVersion: number,
  body: Buffer,
): Promise<Buffer> => {
  const connection = await BareKafkaConnection.open(address, answerMsMax);
  try {
    return await connection.request(apiKey, apiVersion, body);
  } finally {
    connection.close();
  }
};

const createTopicsBody = (specs: readonly TopicSpec[]): Buffer =>
  Buffer.concat([
    int32(specs.length),
    ...specs.map(topicBytes),
    int32(answerMsMax),
    Buffer.from([0]),
  ]);

const topicBytes = ({ name, partitions, configs = {} }: TopicSpec): Buffer => {
  const replicationFactor = Buffer.from([0, 1]);
  const noAssignments = int32(0);
  const entries = Object.entries(configs);
  return Buffer.concat([
    string(name),
    int32(partitions),
    replicationFactor,
    noAssignments,
    int32(entries.length),
    ...entries.flatMap(([key, value]) => [string(key), string(value)]),
  ]);
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const string = (text: string): Buffer => {
  const length = Buffer.alloc(2);
  length.writeInt16BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
};

/** A nullable string; null reads as empty. */
const stringAt = (bytes: Buffer, at: number): string => {
  const length = Math.max(bytes.readInt16BE(at), 0);
  return bytes.toString('utf8', at + 2, at + 2 + length);
};
