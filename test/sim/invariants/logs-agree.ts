import type { GroupNode } from '../group-node.ts';
import { isSameRecord, show, type CommittedLog } from './committed-log.ts';
import { InvariantBroken } from './invariant-broken.ts';

interface Compared {
  incarnation: number;
  generation: number;
  /** Below it the log is the committed one. */
  to: number;
}

/** Logs agree below the high watermark: each with all that leaders committed. */
export class LogsAgree {
  readonly #committed: CommittedLog;
  readonly #compared = new Map<GroupNode, Compared>();

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  /** Compares what lies between the watermark and what was compared before. */
  check(nodes: readonly GroupNode[]): void {
    for (const node of nodes) this.checkOne(node);
  }

  /** At once where a leader commits: it may resign within the same event. */
  checkOne(node: GroupNode): void {
    const { replica, log, incarnation } = node;
    if (replica === undefined) return;
    const compared = this.#of(node);
    const isSameLog =
      compared.incarnation === incarnation && compared.generation === log.generation;
    const { highWatermark } = replica;
    if (isSameLog && compared.to === highWatermark) return;
    if (highWatermark > log.logEndOffset) {
      fail(`node ${node.nodeId} ends at ${log.logEndOffset}, below ${highWatermark}`);
    }
    const known = isSameLog ? compared.to : 0;
    this.#compare(node, Math.max(known, log.logStartOffset), highWatermark);
    Object.assign(compared, { incarnation, generation: log.generation, to: highWatermark });
  }

  /** At the end, with all healed: each log is the committed log, all of it. */
  checkAll(nodes: readonly GroupNode[]): void {
    for (const node of nodes) this.#compare(node, node.log.logStartOffset, this.#committed.end);
  }

  #compare({ nodeId, role, log, replica }: GroupNode, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const record = log.at(at);
      if (record === undefined) fail(`node ${nodeId} has nothing at ${at}, below its watermark`);
      if (replica?.isLeader === true) {
        const { leaderEpoch } = replica;
        this.#committed.commit(at, record, { nodeId, leaderEpoch });
      }
      const known = this.#committed.at(at);
      if (isSameRecord(known, record, role === 'witness')) continue;
      fail(`node ${nodeId} has ${show(record)} at ${at}, committed is ${show(known)}`);
    }
  }

  #of(node: GroupNode): Compared {
    const known = this.#compared.get(node);
    if (known !== undefined) return known;
    const first = { incarnation: -1, generation: -1, to: 0 };
    this.#compared.set(node, first);
    return first;
  }
}

function fail(text: string): never {
  throw new InvariantBroken('logs-agree', text);
}
