import type { ViewChange } from '../../ports/state-view.ts';
import { utf8Decode } from '../../base/bytes.ts';
import { ClusterState } from './cluster-state.ts';
import type { InternalTopic } from './internal-topic.ts';

export interface DecisionsOptions {
  /** `__cluster`, while this node leads it and knows all that is committed there. */
  readonly log: () => Pick<InternalTopic, 'decide' | 'newest'> | undefined;
  /** What is committed there. */
  readonly cluster: ClusterState;
}

/** Appended, and not settled yet. */
interface Decision {
  /** Told whether it is committed, and applied here. */
  readonly told: ((isCommitted: boolean) => void)[];
}

/**
 * What the leader of `__cluster` decides about topics, nodes and producer ids. Each decision is
 * planned on all that are appended in front of it: by what is committed alone it would undo what is
 * on its way. It needs no turn of its own: of one leader epoch it is committed only behind those.
 */
export class Decisions {
  readonly #options: DecisionsOptions;
  /** In the order of the log. */
  #underway: Decision[] = [];
  /** What those make of the committed state; undefined: not asked for yet. */
  #planned: ClusterState | undefined;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** This node is the one that decides. */
  get isOpen(): boolean {
    return this.#options.log() !== undefined;
  }

  /** What the next decision is planned on. Nothing else may act on it: it may never be (C7). */
  get state(): ClusterState {
    const { log: find, cluster } = this.#options;
    const log = find();
    if (log === undefined || this.#underway.length === 0) return cluster;
    this.#planned ??= plannedState(log, cluster);
    return this.#planned;
  }

  /**
   * @param done is told whether it is committed, and applied here; of no changes, whether
   * everything is that `state` said.
   * @returns false if this node does not lead it, or does not know yet all that is committed there.
   */
  decide(changes: readonly ViewChange[], done: (isCommitted: boolean) => void): boolean {
    const newest = this.#underway.at(-1);
    if (changes.length === 0) {
      if (newest === undefined) done(true);
      else newest.told.push(done);
      return true;
    }
    const log = this.#options.log();
    if (log === undefined) return false;
    const decision: Decision = { told: [done] };
    this.#underway.push(decision);
    log.decide(changes, (isCommitted) => this.#settled(decision, isCommitted));
    if (!this.#underway.includes(decision)) return true;
    for (const { key, value } of changes) this.#planned?.apply(utf8Decode(key), value);
    return true;
  }

  #settled(decision: Decision, isCommitted: boolean): void {
    this.#underway = this.#underway.filter((each) => each !== decision);
    // Without it those that are on their way make something else.
    if (!isCommitted || this.#underway.length === 0) this.#planned = undefined;
    for (const told of decision.told) told(isCommitted);
  }
}

function plannedState(log: Pick<InternalTopic, 'newest'>, committed: ClusterState): ClusterState {
  const state = new ClusterState();
  // Behind a hole it is larger than any record says (P4).
  state.skipProducerIds(committed.nextProducerId);
  for (const [key, value] of log.newest()) state.apply(key, value);
  return state;
}
