import type { Uuid } from '../../base/brand.ts';
import { isBorn, type Introduction, type NodeFacts } from '../peer/node-facts.ts';
import type { Voter } from '../replica/voter-set.ts';

/** What a node that belongs to no cluster may do now (V2). */
export type BirthDecision =
  /** Not every listed peer has answered. */
  | { readonly type: 'wait' }
  /** It makes the cluster: the UUIDs are its to draw. */
  | { readonly type: 'found'; readonly voters: readonly Voter[] }
  | {
      readonly type: 'adopt';
      readonly clusterId: Uuid;
      readonly clusterTopicId: Uuid;
      readonly voters: readonly Voter[];
    }
  /** The cluster was born without it. */
  | {
      readonly type: 'outside';
      readonly text: string;
      /** It is not the one that these nodes would have made together: only `join` lets it in. */
      readonly isOlder: boolean;
    };

/** At most so many data nodes vote on `__cluster` (C3: auto). */
const dataVotersMax = 3;

/**
 * A cluster is born once: on empty disks, when every listed peer answers and all of them name the
 * same cluster and peers (whoever does not was refused before). The lowest data node makes it, the
 * others take it from a node whose `__cluster` names their disk, or that was as unborn as they when
 * they met: who votes on `__cluster` or not, all that are listed are part of it (V2).
 * @param metUnborn disks of nodes that answered this one before the cluster was born.
 */
export function decideBirth(
  own: NodeFacts,
  others: ReadonlyMap<number, Introduction>,
  metUnborn: ReadonlySet<Uuid>,
): BirthDecision {
  const born = [...others.values()].filter(isBorn);
  if (born.length > 0) return adoption(own, born, metUnborn);
  const listed = own.peers.filter(({ nodeId }) => nodeId !== own.nodeId);
  if (!listed.every(({ nodeId }) => others.has(nodeId))) return { type: 'wait' };
  if (founderOf(own) !== own.nodeId) return { type: 'wait' };
  return { type: 'found', voters: firstVoters([own, ...others.values()]) };
}

function adoption(
  own: NodeFacts,
  born: readonly Introduction[],
  metUnborn: ReadonlySet<Uuid>,
): BirthDecision {
  const founder = founderOf(own);
  for (const { nodeId: bornId, directoryId: bornDisk, ...cluster } of born) {
    const { clusterId, clusterTopicId, clusterVoters } = cluster;
    const isNamed = clusterVoters.some(({ directoryId }) => directoryId === own.directoryId);
    const isReplaced = clusterVoters.some(({ nodeId }) => nodeId === own.nodeId);
    // Another one that was met unborn may have joined a cluster that is older than both.
    const isBirth = bornId === founder && metUnborn.has(bornDisk);
    const isObserver = isBirth && !isReplaced && names(clusterVoters, founder);
    if (isNamed || isObserver)
      return { type: 'adopt', clusterId, clusterTopicId, voters: toVoters(clusterVoters) };
  }
  const knowing = born.some(({ clusterVoters }) => clusterVoters.length > 0);
  if (!knowing) return { type: 'wait' };
  // Known by its number, but not with this disk: it was lost, or exchanged (V4).
  const isKnown = born.some(({ clusterVoters }) =>
    clusterVoters.some(({ nodeId }) => nodeId === own.nodeId),
  );
  const text =
    `Cluster ${own.clusterName} exists and node ${own.nodeId} with this data directory is not part ` +
    `of it: run \`shorelog ${isKnown ? 'rejoin` to bring it back' : 'join` to add it'}.`;
  const isOlder = born.some(
    ({ clusterVoters }) => clusterVoters.length > 0 && !names(clusterVoters, founder),
  );
  return { type: 'outside', text, isOlder };
}

/** Who makes the cluster where all listed nodes are unborn. */
function founderOf({ peers }: NodeFacts): number {
  const data = peers.filter(({ isWitness }) => !isWitness);
  return Math.min(...data.map(({ nodeId }) => nodeId));
}

const names = (voters: readonly NamedVoter[], nodeId: number): boolean =>
  voters.some((voter) => voter.nodeId === nodeId);

/** The three lowest data nodes, and a witness where their number is even (V5). */
function firstVoters(all: readonly NodeFacts[]): Voter[] {
  const sorted = [...all].sort((a, b) => a.nodeId - b.nodeId);
  const data = sorted.filter(({ isWitness }) => !isWitness).slice(0, dataVotersMax);
  const witnesses = sorted.filter(({ isWitness }) => isWitness).slice(0, 1);
  return toVoters(data.length % 2 === 0 ? [...data, ...witnesses] : data);
}

interface NamedVoter {
  readonly nodeId: number;
  readonly directoryId: Uuid;
  readonly isWitness: boolean;
}

const toVoters = (named: readonly NamedVoter[]): Voter[] =>
  named.map(({ nodeId, directoryId, isWitness }) => ({
    ...{ nodeId, directoryId, role: isWitness ? 'witness' : 'data' },
  }));
