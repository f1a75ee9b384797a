import type { LeaderEpoch, Offset } from '../../base/brand.ts';
import { offset } from '../../base/brand.ts';
import { limits } from '../../base/limits.ts';
import { fail, ok } from '../../base/result.ts';
import type { Result } from '../../base/result.ts';
import { apis } from '../../client/kafka/api.ts';
import type { Outcome } from '../../client/kafka/call.ts';
import type { ClusterClient } from '../../client/kafka/cluster-client.ts';
import type { FetchResponse } from '../../wire/kafka/generated/01-fetch.ts';
import { fetchRequest } from './fetch-request.ts';
import type { Wait } from './procedure.ts';
import type { Trouble } from './trouble.ts';
import { codeText, noAnswer, waiting } from './trouble.ts';

/** A partition that has forwarded all it knows of. */
export interface PollWant {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: LeaderEpoch;
  readonly offset: Offset;
}

type Answered = (high: Result<Offset, Trouble>) => void;

/**
 * One parked Fetch at the node for all idle partitions: a long poll on a connection of its own, so
 * that hundreds of idle partitions cost one request in a quarter of a second and none waits behind
 * another. It asks for a single byte, because only the news matters: who has some fetches for
 * itself.
 */
export class EdgePoll {
  readonly #edge: ClusterClient;
  #wants: { readonly want: PollWant; readonly resume: Answered }[] = [];
  #isParked = false;

  constructor(edge: ClusterClient) {
    this.#edge = edge;
  }

  /** Waits for one poll; the high watermark may still be where it was. */
  wait(want: PollWant): Wait<Result<Offset, Trouble>> {
    return (resume) => void this.#wants.push({ want, resume });
  }

  /** At the end of a step: parks a Fetch for all that want one, unless one is parked. */
  flush(): void {
    if (this.#isParked || this.#wants.length === 0) return;
    const asked = this.#wants;
    this.#wants = [];
    this.#isParked = true;
    const wants = asked.map(({ want }) => ({ ...want, bytesMax: 1 }));
    const request = fetchRequest(wants, { maxWaitMs: limits.forwardPollMs, bytesMax: 1 });
    this.#edge.call(
      { lane: 'poll' },
      apis.fetch,
      request,
    )((outcome) => {
      this.#isParked = false;
      for (const { want, resume } of asked) resume(highWatermarkIn(outcome, want));
    });
  }
}

function highWatermarkIn(outcome: Outcome<FetchResponse>, want: PollWant): Result<Offset, Trouble> {
  if (!outcome.ok) return fail(noAnswer(outcome.error, 'the node'));
  if (outcome.value.errorCode !== 0) {
    return fail(waiting(`the node: ${codeText(outcome.value.errorCode)}`));
  }
  const found = outcome.value.responses
    .find((topic) => topic.topic === want.topic)
    ?.partitions.find((partition) => partition.partitionIndex === want.partition);
  if (found === undefined) return fail(waiting('the node left the partition out of its answer'));
  if (found.errorCode !== 0) return fail(waiting(`the node: ${codeText(found.errorCode)}`));
  return ok(offset(found.highWatermark));
}
