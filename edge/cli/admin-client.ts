import type { Result } from '../../src/base/result.ts';
import { fail, ok } from '../../src/base/result.ts';
import type { OperatorRequest } from '../../src/core/cluster/operator-request.ts';
import type { AdminAnswer } from '../../src/core/effect.ts';
import type { NodeStatus } from '../../src/core/node-status.ts';
import type { ForwardRequest } from '../admin-http.ts';
import type { CliProblem } from './terminal.ts';

const answerMsMax = 15_000;

/** The status of the node whose admin HTTP is at `host:port`. */
export async function fetchStatus(address: string): Promise<Result<NodeStatus, CliProblem>> {
  const answer = await ask(address, '/api/v1/status', {});
  if (!answer.ok) return answer;
  return isStatus(answer.value.body)
    ? ok(answer.value.body)
    : fail(unexpected(address, answer.value));
}

/**
 * Tells the node where to go on forwarding one partition; fails with its reason when it refuses.
 */
export function postForward(
  address: string,
  request: ForwardRequest,
): Promise<Result<unknown, CliProblem>> {
  return post(address, '/api/v1/forward', request);
}

/** Asks something of the cluster; fails with the reason when it refuses. */
export function postOperator(
  address: string,
  request: OperatorRequest,
): Promise<Result<Done, CliProblem>> {
  return post(address, '/api/v1/cluster', request);
}

type Done = Extract<AdminAnswer, { ok: true }>;

async function post(
  address: string,
  path: string,
  request: ForwardRequest | OperatorRequest,
): Promise<Result<Done, CliProblem>> {
  const answer = await ask(address, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (!answer.ok) return answer;
  const { body, code } = answer.value;
  if (code === 200 && isDone(body)) return ok(body);
  const reason =
    typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof reason !== 'string') return fail(unexpected(address, answer.value));
  return fail({ text: `the node refused: ${reason}` });
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

async function ask(
  address: string,
  path: string,
  init: RequestInit,
): Promise<Result<Answer, CliProblem>> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(`http://${address}${path}`, { ...init, signal });
    const text = await response.text();
    return ok({ code: response.status, body: parsed(text) });
  } catch (error) {
    return fail(noAnswer(address, error));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noAnswer(address: string, error: unknown): CliProblem {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
  return {
    text: `no node answers at ${address} (${code})`,
    hint: 'start one with `shorelog start`, or say where it is with --admin HOST:PORT',
  };
}

const unexpected = (address: string, answer: Answer): CliProblem => ({
  text: `what answers at ${address} is not a shorelog node (HTTP ${answer.code})`,
  hint: 'say where the node is with --admin HOST:PORT',
});

const isDone = (body: unknown): body is Done =>
  typeof body === 'object' && body !== null && 'ok' in body && body.ok === true;

function isStatus(body: unknown): body is NodeStatus {
  if (typeof body !== 'object' || body === null) return false;
  return 'health' in body && 'partitions' in body && Array.isArray(body.partitions);
}
