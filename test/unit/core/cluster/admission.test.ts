import { describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/assert.ts';
import { limits } from '../../../../src/base/limits.ts';
import { admit, readmit, type Admission } from '../../../../src/core/cluster/admission.ts';
import type { ClusterMember } from '../../../../src/core/cluster/place-topic.ts';
import { clusterReplicas } from '../../../../src/core/cluster/replan.ts';
import { topicReplicas } from '../../../../src/core/cluster/topic-replicas.ts';
import { zeroUuid } from '../../../../src/wire/kafka/protocol-reader.ts';
import type { AssignmentValue } from '../../../../src/wire/state/state-codec.ts';
import { admissionWorld } from './admission-world.ts';

const { disk, node, topic, shown, newCluster } = admissionWorld;

describe('admit', () => {
  it('lets a cluster of one grow to three, one node at a time', () => {
    const { view, commit, wanted, cluster } = newCluster();
    expect(commit(admit(node(2), view()))).toBe(3);
    expect(view().members).toEqual([node(1), node(2)]);
    expect([wanted('sensors'), wanted('logs')]).toEqual([['1 2', '2 1'], ['1 2']]);
    commit(admit(node(3), view()));
    expect([wanted('sensors'), wanted('logs')]).toEqual([['2 3 1', '3 1 2'], ['1 2 3']]);
    // Whoever begins at offset 0 must not think that it votes: the log says when it does (V1).
    const sensors = present(cluster.topic('sensors'), 'a topic');
    expect(topicReplicas.first(sensors, 1)).toEqual([
      { nodeId: 1, directoryId: disk(1), role: 'data' },
    ]);
  });

  it('brings a witness beside two data nodes (V5)', () => {
    const { view, commit, wanted } = newCluster();
    commit(admit(node(2), view()));
    commit(admit(node(3, true), view()));
    expect(wanted('sensors')).toEqual(['2 1 w3', '2 1 w3']);
    commit(admit(node(4), view()));
    expect(wanted('sensors')).toEqual(['2 4 1', '4 1 2']);
  });

  it('leaves copies where they are of topics that ask for no more, and writes down where that is', () => {
    const { view, commit, wanted } = newCluster([topic('one', 1, { replicas: 1 })]);
    expect(commit(admit(node(2), view()))).toBe(2);
    expect(wanted('one')).toEqual(['1']);
  });

  it('changes nothing when it is asked again', () => {
    const { view, commit } = newCluster();
    commit(admit(node(2), view()));
    expect(admit(node(2), view())).toEqual({ ok: true, changes: [] });
  });

  it('refuses a number that is taken, a copied directory, and one node too many', () => {
    const { view, voters } = newCluster();
    expect(admit(node(1, false, 5), view())).toMatchObject({ ok: false });
    expect(JSON.stringify(admit(node(1, false, 5), view()))).toContain('shorelog rejoin');
    const copy = { nodeId: 2, directoryId: disk(1), isWitness: false };
    expect(JSON.stringify(admit(copy, view()))).toContain('a copy of that of node 1');
    for (let id = 2; id < limits.clusterNodesMax; id++) {
      voters.push({ nodeId: id, directoryId: disk(id), role: 'data' });
    }
    expect(admit(node(98), view())).toMatchObject({ ok: true });
    voters.push({ nodeId: 97, directoryId: disk(97), role: 'data' });
    expect(admit(node(98), view())).toMatchObject({ ok: false });
  });
});

describe('readmit', () => {
  const grown = () => {
    const world = newCluster();
    world.commit(admit(node(2), world.view()));
    world.commit(admit(node(3), world.view()));
    return world;
  };

  it('takes another data directory of a known node for all that it carries (V4)', () => {
    const { view, commit, cluster } = grown();
    expect(commit(readmit(node(2, false, 5), zeroUuid, view()))).toBe(3);
    expect(view().members[1]).toEqual(node(2, false, 5));
    const sensors = present(cluster.topic('sensors'), 'a topic');
    for (const partition of [0, 1]) {
      expect(topicReplicas.wanted(sensors, partition)).toContainEqual(node(2, false, 5));
      expect(topicReplicas.wanted(sensors, partition)).not.toContainEqual(node(2));
    }
    expect(readmit(node(2, false, 5), zeroUuid, view())).toEqual({ ok: true, changes: [] });
  });

  it('refuses who is not known, who decides, another role, and a copy', () => {
    const { view } = grown();
    const text = (admission: Admission) => (admission.ok ? 'ok' : admission.text);
    expect(text(readmit(node(4), zeroUuid, view()))).toContain('shorelog join');
    expect(text(readmit(node(1, false, 5), zeroUuid, view()))).toContain('running');
    expect(text(readmit(node(2, true, 5), zeroUuid, view()))).toContain('config says otherwise');
    const copy = { nodeId: 2, directoryId: disk(3), isWitness: false };
    const late = readmit(node(2, false, 5), disk(2, 4), view());
    expect(text(late)).toContain('meanwhile');
    expect(readmit(node(2, false, 5), disk(2), view()).ok).toBe(true);
    expect(text(readmit(copy, zeroUuid, view()))).toContain('a copy of that of node 3');
  });
});

describe('clusterReplicas', () => {
  it('are the three lowest data nodes, or two and a witness; who votes stays', () => {
    const of = (members: ClusterMember[], now: AssignmentValue = []) =>
      shown(clusterReplicas(members, now));
    expect(of([node(1)])).toBe('1');
    expect(of([node(4), node(2), node(3), node(1)])).toBe('1 2 3');
    expect(of([node(1), node(2), node(3, true)])).toBe('1 2 w3');
    expect(of([node(1), node(2), node(3), node(4)], [node(2), node(4)])).toBe('2 4 1');
  });
});
