import type { PlantedBug } from './planted-bug.ts';

const queues = ['test/unit/core/produce/produce-queues.test.ts'];
const placing = ['test/unit/core/cluster/'];
const queue = 'src/core/produce/produce-queue.ts';

/** Mistakes on the way to a partition's leader, and about who keeps what (P1, P3, C5, V1, T4). */
export const queueBugs: readonly PlantedBug[] = [
  {
    name: 'new-leader-gets-all-at-once',
    rule: 'P1',
    file: queue,
    from: 'if (this.#isProbing) return this.#sent.length === 0;',
    to: 'if (this.#isProbing) return true;',
    why: 'a leader that refuses the first and takes the second turns the order for good',
    suites: queues,
  },
  {
    name: 'forgotten-duplicate-is-an-error',
    rule: 'P5',
    file: 'src/core/produce/produce-queue.ts',
    from: "if (outcome.error === 'DUPLICATE_SEQUENCE_NUMBER') return this.#stored(batch, storedBefore);",
    to: '',
    why: 'what was stored long ago is refused, and can never be closed',
    suites: ['test/unit/core/produce/'],
  },
  {
    name: 'in-flight-left-with-the-old-leader',
    rule: 'P1',
    file: queue,
    from: 'if (leader !== undefined) this.#leaderIs(leader);',
    to: '',
    why: 'what a silent leader never answers waits until it is given up',
    suites: queues,
  },
  {
    name: 'open-batch-keeps-closed-connections',
    rule: 'P3',
    file: queue,
    from: 'if (!this.#cutGone(batch)) {',
    to: 'if (this.#waiting.length > 1 && !this.#cutGone(batch)) {',
    why: 'what came before was cut, so the second sending of it comes in behind',
    suites: queues,
  },
  {
    name: 'called-back-behind-what-waits',
    rule: 'P1',
    file: queue,
    from: 'for (const batch of this.#sent) waiting.push(batch);',
    to: '',
    why: 'batches in flight at a change of leader are lost',
    suites: queues,
  },
  {
    name: 'own-log-stamped-twice',
    rule: 'C5',
    file: 'src/core/produce/queued-batch.ts',
    from: 'if (this.isShared && this.triple !== undefined) this.#copy(this.triple);',
    to: '',
    why: 'the next leader on this node writes another offset into bytes that the log holds',
    suites: queues,
  },
  {
    name: 'given-up-and-gone-on-under-the-same-id',
    rule: 'P3',
    file: queue,
    from: 'if (isSentLost) this.#options.identity?.renew();',
    to: '',
    why: 'the sequence that was given up is missing: what follows is refused',
    suites: queues,
  },
  {
    name: 'closed-connections-sent-late',
    rule: 'P3',
    file: 'src/core/produce/queued-batch.ts',
    from: 'if (waiter.isGone) continue;',
    to: '',
    why: 'old values come behind newer ones that the client sent elsewhere',
    suites: queues,
  },
  {
    name: 'first-voters-are-the-wanted-ones',
    rule: 'V1',
    file: 'src/core/cluster/replan.ts',
    from: '{ ...topic, assignments: first, wanted }',
    to: '{ ...topic, assignments: wanted, wanted }',
    why: 'new replicas elect each other beside a leader that knows nothing of them',
    suites: placing,
  },
  {
    name: 'drift-after-a-moment-in-sync',
    rule: 'T4',
    file: 'src/core/cluster/leader-drift.ts',
    from: 'nowMs - since.sinceMs >= driftInSyncMs',
    to: 'nowMs - since.sinceMs >= 0',
    why: 'a flapping node gets its partitions back again and again',
    suites: placing,
  },
];
