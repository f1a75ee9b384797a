import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { Context, Next } from 'hono';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';

import { limits } from '../src/base/limits.ts';
import { isLegalTopicName } from '../src/base/topic-name.ts';
import { isLoopbackHost } from '../src/config/address.ts';
import type { OperatorRequest } from '../src/core/cluster/operator-request.ts';
import type { AdminAnswer } from '../src/core/effect.ts';
import type { NodeStatus } from '../src/core/node-status.ts';
import type { MetricSample } from '../src/ports/metric-sample.ts';
import type { Telemetry } from '../src/ports/telemetry.ts';
import { metricsContentType, metricsText } from './metrics-text.ts';

/** An operator's decision about one partition (X1). */
export interface ForwardRequest {
  readonly topic: string;
  readonly partition: number;
  readonly from: 'cursor' | 'start' | number;
}

export interface AdminDeps {
  readonly telemetry: Telemetry;
  status(): Promise<NodeStatus>;
  isReady(): boolean;
  metrics(): readonly MetricSample[];
  /** Answers when the decision is committed, or refused. */
  decideForward(request: ForwardRequest): Promise<AdminAnswer>;
  /** Answers when the leader of the cluster has decided, and this node has taken part in it. */
  operate(request: OperatorRequest): Promise<AdminAnswer>;
}

/** What the HTTP server hands over with each request; absent in a call without a socket. */
export interface AdminBindings {
  readonly incoming?: Pick<IncomingMessage, 'socket'>;
}

type AdminContext = Context<{ Bindings: AdminBindings }>;

const forwardRequest = z.strictObject({
  topic: z.string().refine(isLegalTopicName),
  partition: z.int().min(0).max(limits.partitionsPerTopicMax),
  from: z.union([z.literal('cursor'), z.literal('start'), z.int().min(0)]),
});

/** 0: auto. */
const copies = z.int().min(0).max(limits.clusterNodesMax);
/** -1: unlimited. */
const retention = z.union([z.literal(-1), z.int().min(1)]);

const operatorRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('join') }),
  z.strictObject({ type: z.literal('rejoin') }),
  z.strictObject({ type: z.literal('promote'), isConfirmed: z.boolean() }),
  z.strictObject({
    type: z.literal('alterTopic'),
    topic: z.string().refine(isLegalTopicName),
    replicas: copies.optional(),
    minInsyncReplicas: copies.optional(),
    retentionMs: retention.optional(),
    retentionBytes: retention.optional(),
    keepUnforwarded: z.boolean().optional(),
  }),
]);

/**
 * The node's HTTP surface, without a socket (`admin-server.ts` has it). Reading is open to whoever
 * reaches the address; what changes something must come from this machine and not from a web page.
 */
export function adminApp(deps: AdminDeps): Hono<{ Bindings: AdminBindings }> {
  const app = new Hono<{ Bindings: AdminBindings }>();
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => (deps.isReady() ? c.text('ready\n') : c.text('not ready\n', 503)));
  app.get('/metrics', (c) =>
    c.body(metricsText(deps.metrics()), 200, { 'content-type': metricsContentType }),
  );
  app.get('/api/v1/status', async (c) => c.json(await deps.status()));
  const small = bodyLimit({ maxSize: limits.adminRequestBytesMax, onError: tooLarge });
  app.post('/api/v1/forward', localOnly, small, (c) => forward(c, deps));
  app.post('/api/v1/cluster', localOnly, small, (c) => operate(c, deps));
  app.notFound((c) => c.json({ error: `nothing is served at ${c.req.method} ${c.req.path}` }, 404));
  app.onError((error, c) => {
    deps.telemetry.write('error', 'an admin request failed', {
      path: c.req.path,
      cause: String(error),
    });
    return c.json({ error: 'the request failed; the node has printed why' }, 500);
  });
  return app;
}

/**
 * Against web pages that reach loopback through the operator's browser (CSRF, DNS rebinding): the
 * names in Host and Origin are loopback's, and JSON is asked for, which a foreign page cannot send
 * unasked. Against the network: the other end is this machine, whatever it writes in its headers.
 */
async function localOnly(c: AdminContext, next: Next): Promise<Response | undefined> {
  const sender = c.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  if (!isLoopbackHost(sender) || !isLoopbackUrl(`http://${c.req.header('host') ?? ''}`)) {
    return c.json({ error: 'only requests from this machine are taken here' }, 403);
  }
  const origin = c.req.header('origin');
  if (origin !== undefined && !isLoopbackUrl(origin)) {
    return c.json({ error: 'requests from web pages of other places are refused' }, 403);
  }
  if (c.req.header('content-type')?.split(';')[0]?.trim() !== 'application/json') {
    return c.json({ error: 'the body must be application/json' }, 415);
  }
  await next();
  return undefined;
}

function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return isLoopbackHost(new URL(text).hostname.replace(/^\[|\]$/g, ''));
}

const tooLarge = (c: Context): Response => c.json({ error: 'the request is too large' }, 413);

async function forward(c: AdminContext, deps: AdminDeps): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const request = forwardRequest.safeParse(body);
  if (request.success) return answered(c, deps.decideForward(request.data));
  const error =
    'expected {"topic": NAME, "partition": NUMBER, "from": "cursor", "start" or OFFSET}';
  return c.json({ error }, 400);
}

async function operate(c: AdminContext, deps: AdminDeps): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const request = operatorRequest.safeParse(body);
  if (request.success) return answered(c, deps.operate(request.data));
  const error =
    'expected {"type": "join"}, {"type": "rejoin"}, {"type": "promote", "isConfirmed": BOOLEAN} ' +
    'or {"type": "alterTopic", "topic": NAME} with "replicas", "minInsyncReplicas": NUMBER or 0 for ' +
    'auto, "retentionMs", "retentionBytes": NUMBER or -1 for unlimited, "keepUnforwarded": BOOLEAN';
  return c.json({ error }, 400);
}

/** A decision takes its time, but not for ever. */
async function answered(c: AdminContext, decision: Promise<AdminAnswer>): Promise<Response> {
  const timeout = new AbortController();
  const late = delay(limits.adminAnswerMsMax, undefined, { signal: timeout.signal, ref: false });
  const answer = await Promise.race([decision, late.catch(() => undefined)]);
  timeout.abort();
  if (answer === undefined) {
    return c.json(
      { error: 'the node did not answer in time; see status whether it took effect' },
      504,
    );
  }
  return answer.ok ? c.json(answer) : c.json({ error: answer.text }, 409);
}
