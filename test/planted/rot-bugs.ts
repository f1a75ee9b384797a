import type { PlantedBug } from './planted-bug.ts';

const rot = ['test/unit/core/partition-rot.test.ts'];
const doubt = ['test/unit/core/partition-doubt.test.ts'];
const repairer = ['test/unit/core/peer/hole-repairer.test.ts'];

/** Mistakes about rot among several nodes, and about disks that are behind (V4, L6, P5, T1). */
export const rotBugs: readonly PlantedBug[] = [
  {
    name: 'repair-takes-any-bytes',
    rule: 'L6',
    file: 'src/core/peer/hole-repairer.ts',
    from: 'if (baseOffset !== next || lastOffset >= hole.to) break;',
    to: 'if (lastOffset >= hole.to) break;',
    why: 'what a peer sends from behind its own hole is written in front of it',
    suites: repairer,
  },
  {
    name: 'repair-without-the-crc',
    rule: 'L6',
    file: 'src/wire/kafka/batch-scan.ts',
    from: "if (!isBatchCrcValid(bytes, header.value)) return { headers, end: at, fault: 'crc' };",
    to: '',
    why: 'bytes that rotted on the wire, or at a peer, pass for what was lost',
    suites: repairer,
  },
  {
    name: 'rot-is-not-handed-over',
    rule: 'V4',
    file: 'src/core/partition.ts',
    from: 'this.log.rotFound(generation, ranges);\n    this.#handOverIfRotten();',
    to: 'this.log.rotFound(generation, ranges);',
    why: 'a leader keeps a hole that it can fetch from nobody while it leads',
    suites: rot,
  },
  {
    name: 'rot-is-handed-over-to-nobody',
    rule: 'V4',
    file: 'src/core/partition.ts',
    from: 'if (leadership.hasHeirs(now)) return this.replica.resign(now);',
    to: 'if (leadership !== undefined) return this.replica.resign(now);',
    why: 'it has no vote for its successor, who wins no election without it',
    suites: rot,
  },
  {
    name: 'reads-jump-what-others-have',
    rule: 'V4',
    file: 'src/core/pending-reads.ts',
    from: 'return header?.ok === true && header.value.baseOffset > from;',
    to: 'return header?.ok === true && header.value.baseOffset < from;',
    why: 'consumers, the forwarder and followers lose committed records beside sound copies',
    suites: ['test/unit/core/pending-reads.test.ts'],
  },
  {
    name: 'state-goes-on-behind-a-hole',
    rule: 'V4',
    file: 'src/core/cluster/internal-topic.ts',
    from: 'this.#isAtHole = !read.ok && present === generation && holes.length > 0;',
    to: 'this.#isAtHole = false;',
    why: 'a node ends because of rot that it could have fetched again',
    suites: ['test/unit/core/cluster/internal-topic.test.ts'],
  },
  {
    name: 'epoch-under-a-sound-crc-stays-rotten',
    rule: 'L6',
    file: 'src/log/fill-hole.ts',
    from: 'const at = next === first ? end : headers.find((one) => one.baseOffset === first)?.position;',
    to: 'const at = next === first ? end : undefined;',
    why: 'no CRC covers the leader epoch: the hole is never filled',
    suites: ['test/scenarios/several-voters-rot.test.ts'],
  },
  {
    name: 'any-disk-takes-the-place-of-another',
    rule: 'V4',
    file: 'src/core/cluster/admission.ts',
    from: 'if (replaced !== zeroUuid && known.directoryId !== replaced) {',
    to: 'if (replaced !== zeroUuid && known.directoryId === zeroUuid) {',
    why: 'an old disk drives out the one that an operator brought in its place',
    suites: ['test/unit/core/cluster/admission.test.ts'],
  },
  {
    name: 'deposed-leader-denies-a-batch',
    rule: 'P5',
    file: 'src/core/partition.ts',
    from: 'if (!isKnown && this.isLeader) return this.#whenConfirmed(done, produceRefusals.outOfOrder);',
    to: 'if (!isKnown) return done(produceRefusals.outOfOrder);',
    why: 'what its successor has is stored anew: a reading is there twice',
    suites: doubt,
  },
  {
    name: 'full-disk-fetches-on',
    rule: 'T1',
    file: 'src/core/peer/fetch-lane.ts',
    from: "const wantsRecords = hasRoom || request.role === 'witness';",
    to: 'const wantsRecords = true;',
    why: 'memory grows with what others publish until the process is killed',
    suites: ['test/unit/core/peer/follower-fetcher.test.ts'],
  },
];
