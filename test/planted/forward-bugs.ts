import type { PlantedBug } from './planted-bug.ts';

const checks = ['test/unit/core/forward/'];
const suites = [...checks, 'test/scenarios/forward-rules.test.ts'];
const faults = ['test/scenarios/forward-transactions.test.ts'];

/** Mistakes of the forwarder (X). */
export const forwardBugs: readonly PlantedBug[] = [
  {
    name: 'end-of-transaction-sent-again',
    rule: 'X3',
    file: 'src/core/forward/exactly-once.ts',
    from: "if (!answer.ok) return noAnswer(answer.error, 'central, EndTxn');",
    to: `if (!answer.ok) {
      yield* wait(this.#context.sleep(1_000));
      return yield* this.#end({ identity } as Producer, committed);
    }`,
    why: 'the late copy commits half of the next transaction',
    suites: faults,
  },
  {
    name: 'silence-is-a-commit',
    rule: 'X3',
    file: 'src/core/forward/exactly-once.ts',
    from: "if (!answer.ok) return noAnswer(answer.error, 'central, EndTxn');",
    to: 'if (!answer.ok) return undefined;',
    why: 'records of a transaction that never ended are passed over',
    suites: faults,
  },
  {
    name: 'start-again-at-0-on-a-foreign-cursor',
    rule: 'X1',
    file: 'src/core/forward/cursor-check.ts',
    from: "const found = facts.edgeBatch === 'none' ?",
    to: `if (edge.leaderEpoch > 0) return { type: 'resume', from: edge.logStartOffset };
  const found = facts.edgeBatch === 'none' ?`,
    why: 'central gets everything again',
    suites: checks,
  },
  {
    name: 'lost-cursor-is-a-first-start',
    rule: 'X1',
    file: 'src/core/forward/cursor-check.ts',
    from: 'mark !== undefined && mark.centralClusterId === centralClusterId',
    to: "mark !== undefined && centralClusterId === ''",
    why: 'central gets everything again',
    suites: checks,
  },
  {
    name: 'cursor-compared-without-its-crc',
    rule: 'X1',
    file: 'src/core/forward/cursor.ts',
    from: ' && a?.crc === b?.crc',
    to: '',
    why: 'another log with the same offsets goes on where this one was',
    suites: checks,
  },
  {
    name: 'cursor-above-the-log',
    rule: 'X1',
    file: 'src/core/forward/cursor-check.ts',
    from: 'if (cursor.forwardOffset > facts.edge.highWatermark) {',
    to: 'if (cursor.forwardOffset > facts.edge.highWatermark + 1e9) {',
    why: 'new records of a restored log are taken for forwarded',
    suites: checks,
  },
  {
    name: 'unexplained-deletion-is-skipped',
    rule: 'X1',
    file: 'src/core/forward/cursor-check.ts',
    from: 'if (!partition.drops.some((drop) => explains(drop, last, edge.logStartOffset))) {',
    to: "if (lostText(cursor, edge.logStartOffset) === '') {",
    why: 'records are skipped and nobody is told',
    suites: checks,
  },
  {
    name: 'higher-epoch-ignored',
    rule: 'X2',
    file: 'src/core/forward/cursor-check.ts',
    from: 'if (cursor.edgeLeaderEpoch > facts.edge.leaderEpoch) {',
    to: 'if (cursor.edgeLeaderEpoch > facts.edge.leaderEpoch + 1e6) {',
    why: 'an older copy of the log forwards beside the newer one',
    suites: checks,
  },
  {
    name: 'claim-without-reading-the-cursor',
    rule: 'X2',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'cursor: cursor.value,',
    to: 'cursor: undefined,',
    why: 'every takeover begins at the log start',
    suites,
  },
  {
    name: 'cursor-read-before-the-fence',
    rule: 'X2',
    file: 'src/core/forward/partition-forwarder.ts',
    from: `const opened = yield* this.#delivery.open();
    if (!opened.ok) return opened;
    const cursor = yield* readCursor(this.#context, places.value.cursor, this.#key);
    if (!cursor.ok) return cursor;`,
    to: `const cursor = yield* readCursor(this.#context, places.value.cursor, this.#key);
    if (!cursor.ok) return cursor;
    const opened = yield* this.#delivery.open();
    if (!opened.ok) return opened;`,
    why: 'the predecessor commits behind what was read: its records come twice',
    suites: faults,
  },
  {
    name: 'aborted-cursor-counts',
    rule: 'X2',
    file: 'src/core/forward/cursor-scan.ts',
    from: `if (header.isTransactional) this.#undecided.set(header.producerId, candidate);
      else this.#keepNewer(candidate);`,
    to: 'this.#keepNewer(candidate);',
    why: 'records of an aborted transaction are never sent again',
    suites: checks,
  },
  {
    name: 'fenced-one-comes-back-at-once',
    rule: 'X2',
    file: 'src/core/forward/partition-forwarder.ts',
    from: "if (trouble.state === 'fenced') yield* this.#stayAway();",
    to: "if (trouble.state === 'fenced') yield* wait(this.#context.sleep(1));",
    why: 'two forwarders of one identity fence each other for ever',
    suites: faults,
  },
  {
    name: 'cursor-not-last',
    rule: 'X3',
    file: 'src/core/forward/exactly-once.ts',
    from: `(yield* wait(producer.sendAll(places.data, batches))) ??
      (yield* wait(producer.sendRecords(places.cursor, cursorRecords)));`,
    to: `(yield* wait(producer.sendRecords(places.cursor, cursorRecords))) ??
      (yield* wait(producer.sendAll(places.data, batches)));`,
    why: 'the cursor speaks for records that may still be on their way',
    suites: faults,
  },
  {
    name: 'refused-transaction-left-open',
    rule: 'X5',
    file: 'src/core/forward/exactly-once.ts',
    from: "if (refused.state === 'blocked') yield* this.#end(producer, false);",
    to: '',
    why: 'every read_committed reader of those partitions waits for its timeout',
    suites,
  },
  {
    name: 'at-least-once-cursor-first',
    rule: 'X6',
    file: 'src/core/forward/at-least-once.ts',
    from: `(yield* wait(producer.sendAll(places.data, batches))) ??
      (yield* wait(producer.sendRecords(places.cursor, cursorRecords)));`,
    to: `(yield* wait(producer.sendRecords(places.cursor, cursorRecords))) ??
      (yield* wait(producer.sendAll(places.data, batches)));`,
    why: 'records that central refused are skipped',
    suites,
  },
  {
    name: 'gap-missing',
    rule: 'X5',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'const cursorRecords = [...told, {',
    to: 'const cursorRecords = [...told.slice(0, 0), {',
    why: 'nobody at central can tell that records are missing',
    suites,
  },
  {
    name: 'gap-behind-the-cursor',
    rule: 'X5',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'const cursorRecords = [...told, { key: utf8Encode(this.#key), value: cursor }];',
    to: 'const cursorRecords = [{ key: utf8Encode(this.#key), value: cursor }, ...told];',
    why: 'the cursor is not the last record of its transaction',
    suites,
  },
  {
    name: 'rot-not-told',
    rule: 'X5',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'const rot = rotGaps(headers, from, plan.nextOffset);',
    to: 'const rot = rotGaps(headers, from, plan.nextOffset).slice(0, 0);',
    why: 'nobody at central can tell that records rotted away',
    suites,
  },
  {
    name: 'deposed-leader-claims',
    rule: 'X2',
    file: 'src/core/forward/cursor-check.ts',
    from: 'cursor.edgeLeaderEpoch > facts.edge.leaderEpoch',
    to: 'cursor.edgeLeaderEpoch > facts.edge.leaderEpoch + 1_000',
    why: 'two leaders of one partition forward by turns, each what its own log says',
    suites: ['test/scenarios/forward-nodes.test.ts'],
  },
  {
    name: 'follower-forwards',
    rule: 'X2',
    file: 'src/core/forward/forward-ledger.ts',
    from: ' || !partition.isEpochCommitted) continue;',
    to: ') continue;',
    why: 'every node fences every other one for ever',
    suites: checks,
  },
  {
    name: 'log-end-asked-before-the-fence',
    rule: 'X1',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'edge: edge.value,',
    to: 'edge: view.value,',
    why: 'what a predecessor forwarded meanwhile lies above the log that was seen: it stops',
    suites: ['test/scenarios/forward-nodes.test.ts'],
  },
  {
    name: 'transaction-unasked',
    rule: 'L10',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'if (!isAllowed) {',
    to: 'if (!isAllowed && from < 0) {',
    why: 'the cursor moves on while the drop that names its place is committed: forwarding stops',
    suites: faults,
  },
  {
    name: 'control-batch-forwarded',
    rule: 'X6',
    file: 'src/core/forward/rebuild.ts',
    from: 'if (header.isControl) continue;',
    to: '',
    why: 'central gets a record that no sensor sent, or refuses the batch for good',
    suites,
  },
  {
    name: 'partition-order-lost',
    rule: 'X6',
    file: 'src/core/forward/rebuild.ts',
    from: 'this.#flush();\n    this.#openBytes += header.totalBytes;',
    to: 'this.#openBytes += header.totalBytes;',
    why: 'a large batch overtakes the small ones before it',
    suites,
  },
  {
    name: 'forward-mark-before-its-commit',
    rule: 'X4',
    file: 'src/core/forward/partition-forwarder.ts',
    from: 'const failed = yield* this.#commit(next, {',
    to: 'this.#progressed(next);\n      const failed = yield* this.#commit(next, {',
    why: 'retention deletes records that central then never gets',
    suites: faults,
  },
];
