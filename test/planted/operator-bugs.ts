import type { PlantedBug } from './planted-bug.ts';

const cursor = ['test/unit/core/forward/cursor-check.test.ts'];
const drops = ['test/unit/core/forward/reduce-drop-change.test.ts'];
const strays = ['test/unit/core/stray-logs.test.ts'];

/** Mistakes around what operators decide: promotions, fewer copies, another disk (V4, V5, X1). */
export const operatorBugs: readonly PlantedBug[] = [
  {
    name: 'lone-voter-without-its-votes',
    rule: 'V4',
    file: 'src/core/local-partitions.ts',
    from: 'isRenewed ? [] :',
    to: 'self.nodeId < 0 ? [] :',
    why: 'a disk that lost its votes leads alone, beside the cluster that it was of',
    suites: ['test/unit/core/node.test.ts'],
  },
  {
    name: 'any-cut-explains-a-cursor',
    rule: 'X1',
    file: 'src/core/forward/cursor-check.ts',
    from: 'if (of === lastEpoch && cutOffset',
    to: 'if (of !== -2 && cutOffset',
    why: 'records of another history are jumped, and never arrive',
    suites: cursor,
  },
  {
    name: 'cursor-behind-a-cut-goes-on',
    rule: 'V5',
    file: 'src/core/forward/promotion-cuts.ts',
    from: 'edgeLeaderEpoch < cut.leaderEpoch && forwardOffset > cut.cutOffset',
    to: 'edgeLeaderEpoch < cut.leaderEpoch && forwardOffset < cut.cutOffset',
    why: 'what was stored behind the cut is taken for forwarded',
    suites: cursor,
  },
  {
    name: 'late-word-of-a-deposed-leader',
    rule: 'L10',
    file: 'src/core/forward/reduce-drop-change.ts',
    from: 'if (isOlder(leaderEpoch, word)) return stored(key);',
    to: '',
    why: 'central is told a gap that is none, or none where one is',
    suites: drops,
  },
  {
    name: 'emptied-copy-votes',
    rule: 'V4',
    file: 'src/core/log-state.ts',
    from: ' && this.#persistedOffset >= (this.#onceHad ?? 0)',
    to: '',
    why: 'a voter that was away is elected over what is committed',
    suites: strays,
  },
  {
    name: 'copy-goes-while-its-voters-are-unknown',
    rule: 'V1',
    file: 'src/core/stray-logs.ts',
    from: ' || !log.isCurrent',
    to: '',
    why: 'a voter empties its log',
    suites: strays,
  },
  {
    name: 'given-up-under-another-id',
    rule: 'V5',
    file: 'src/core/peer/node-facts.ts',
    from: '): readonly Uuid[] => [\n  ...formerDirectoryIds,\n  directoryId,\n];',
    to: '): readonly Uuid[] => (formerDirectoryIds.length < 0 ? [] : [directoryId]);',
    why: 'a disk that was given up and lost its journal comes back, and what only it has is cut',
    suites: ['test/unit/core/cluster/operators.test.ts'],
  },
  {
    name: 'planned-on-what-is-committed-alone',
    rule: 'V1',
    file: 'src/core/cluster/decisions.ts',
    from: 'if (log === undefined || this.#underway.length === 0) return cluster;',
    to: 'if (log === undefined || this.#underway.length >= 0) return cluster;',
    why: 'of two nodes that join together one gets no copy of anything',
    suites: ['test/unit/core/cluster/operators.test.ts'],
  },
  {
    name: 'given-up-only-once-it-is-said',
    rule: 'V5',
    file: 'src/core/cluster/promotion.ts',
    from: 'return isGoing || this.#options.state.promotions.isGivenUp(directoryId);',
    to: 'return this.#options.state.promotions.isGivenUp(directoryId) && !isGoing;',
    why: 'after a crash the others lead __cluster beside the node that was promoted',
    suites: ['test/unit/core/cluster/promotion.test.ts'],
  },
  {
    name: 'last-copy-deleted',
    rule: 'V1',
    file: 'src/core/stray-logs.ts',
    from: 'return heardMs !== undefined && now - heardMs < limits.peerAnswersMsMax;',
    to: 'return leaderId === undefined || heardMs === undefined || now >= heardMs;',
    why: 'a copy that is not wanted goes although everybody who votes is gone',
    suites: strays,
  },
];
