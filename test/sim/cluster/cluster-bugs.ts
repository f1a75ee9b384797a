import { allBugs } from '../../planted/all-bugs.ts';
import type { PlantedBug } from '../../planted/planted-bug.ts';

/** A mistake that `npm run sim:nodes -- --bugs` must find by its seeds alone. */
export type ClusterBug = Omit<PlantedBug, 'suites'>;

const known = (name: string): ClusterBug => {
  const bug = allBugs.find((each) => each.name === name);
  if (bug === undefined) throw new Error(`no planted bug ${name}`);
  return bug;
};

/** Mistakes of whole nodes, each found within 15 seeds of a minute when it was listed. */
export const clusterBugs: readonly ClusterBug[] = [
  {
    name: 'acknowledged-at-the-append',
    rule: 'C5',
    file: 'src/core/partition.ts',
    from: 'settled: (isCommitted) => done(isCommitted ? stored() : produceRefusals.notLeader),\n    });',
    to: 'settled: () => undefined,\n    });\n    done(stored());',
    why: 'a new leader does not have what was acknowledged',
  },
  {
    name: 'persisted-before-the-fsync',
    rule: 'L4',
    file: 'edge/log-executor.ts',
    from: 'const { generation, endOffset } = await this.#options.log.sync();',
    to: `const { log } = this.#options;
        const { generation, logEndOffset: endOffset } = log;
        this.#options.persisted(generation, endOffset);
        await log.sync();`,
    why: 'a breaker takes what all nodes acknowledged',
  },
  {
    name: 'block-of-producer-ids-given-twice',
    rule: 'P4',
    file: 'src/core/cluster/producer-id-blocks.ts',
    from: 'const nextProducerId = first + limits.producerIdBlockSize;',
    to: 'const nextProducerId = first + Number(first < 0);',
    why: "two nodes' batches pass for retries of one",
  },
  {
    name: 'topic-made-by-each-leader',
    rule: 'C7',
    file: 'src/core/boot.ts',
    from: 'if (known === undefined) {',
    to: 'if (known === undefined || !isAlone) {',
    why: 'a topic has two ids, and what the first one held is set aside',
  },
  {
    name: 'session-taken-before-it-is-known',
    rule: 'P5',
    file: 'src/core/mqtt/shared-sessions.ts',
    from: 'held.owner = owner;',
    to: 'held.owner = owner;\n    if (this.#table.get(clientId) !== undefined) return this.#taken(held, false);',
    why: 'a node that lags stores the readings of another one again',
  },
  {
    name: 'no-copy-of-the-sessions',
    rule: 'P5',
    file: 'src/core/local-partitions.ts',
    from: "topic.internal && !isWitness ? 'data' : undefined",
    to: "topic.internal && isWitness ? 'data' : undefined",
    why: 'a fourth node ends when a client opens a session there',
  },
  {
    name: 'producers-of-a-session-overtake',
    rule: 'P5',
    file: 'src/core/produce/produce-queues.ts',
    from: 'let queue = sessions.get(clientId);',
    to: `clientId = \`\${clientId}/\${triple.producerId}\`;
    let queue = sessions.get(clientId);`,
    why: 'the next reading comes before those that are repeated under the earlier producer id',
  },
  known('claim-without-reading-the-cursor'),
  known('silence-is-a-commit'),
  known('cursor-read-before-the-fence'),
  known('record-before-its-identifier'),
];
