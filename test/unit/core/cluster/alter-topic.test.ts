import { describe, expect, it } from 'vitest';
import { admit, type Admission } from '../../../../src/core/cluster/admission.ts';
import { alterTopic } from '../../../../src/core/cluster/alter-topic.ts';
import type { TopicAlteration } from '../../../../src/core/cluster/topic-alteration.ts';
import { admissionWorld } from './admission-world.ts';

const { node, topic, newCluster } = admissionWorld;

const text = (admission: Admission) => (admission.ok ? 'ok' : admission.text);

describe('replicas', () => {
  it('changes how many copies a topic has, and who keeps them', () => {
    const { view, commit, wanted, cluster } = newCluster([topic('logs', 1)]);
    for (const id of [2, 3]) commit(admit(node(id), view()));
    expect(wanted('logs')).toEqual(['1 2 3']);
    commit(alterTopic('logs', { replicas: 2 }, view()));
    expect([wanted('logs'), cluster.topic('logs')?.replicas]).toEqual([['1 2 w3'], 2]);
    expect(alterTopic('logs', { replicas: 2 }, view())).toEqual({ ok: true, changes: [] });
    commit(alterTopic('logs', { replicas: 0 }, view()));
    expect(wanted('logs')).toEqual(['1 2 3']);
    commit(alterTopic('logs', { replicas: 3 }, view()));
    expect([wanted('logs'), cluster.topic('logs')?.replicas]).toEqual([['1 2 3'], 3]);
  });

  it('refuses what is not there, what is internal, and more copies than nodes', () => {
    const { view } = newCluster([topic('logs', 1), topic('__x', 1, { internal: true })]);
    expect(text(alterTopic('none', { replicas: 1 }, view()))).toContain('no topic none');
    expect(text(alterTopic('__x', { retentionMs: 1 }, view()))).toContain('internal');
    expect(text(alterTopic('logs', { replicas: 2 }, view()))).toContain('there are 1');
  });
});

describe('minInsyncReplicas', () => {
  it('changes, and is never above the replicas, whichever of them is altered (C3)', () => {
    const { view, commit, cluster } = newCluster([topic('logs', 1)]);
    for (const id of [2, 3]) commit(admit(node(id), view()));
    const alter = (alteration: TopicAlteration) => alterTopic('logs', alteration, view());
    const refused = 'minInsyncReplicas is 3, and the replicas are 2.';
    expect(commit(alter({ minInsyncReplicas: 3 }))).toBe(1);
    expect(cluster.topic('logs')).toMatchObject({ minInsyncReplicas: 3, replicas: 0 });
    expect(alter({ minInsyncReplicas: 3 })).toEqual({ ok: true, changes: [] });
    expect(text(alter({ minInsyncReplicas: 4 }))).toContain('is 4, and the replicas are 3.');
    expect(text(alter({ replicas: 2 }))).toBe(refused);
    expect(text(alter({ retentionMs: 5 }))).toBe('ok');
    commit(alter({ replicas: 2, minInsyncReplicas: 2 }));
    expect(cluster.topic('logs')).toMatchObject({ minInsyncReplicas: 2, replicas: 2 });
    expect(text(alter({ minInsyncReplicas: 3 }))).toBe(refused);
    commit(alter({ minInsyncReplicas: 0 }));
    expect(cluster.topic('logs')).toMatchObject({ minInsyncReplicas: 0, replicas: 2 });
  });
});

describe('retention', () => {
  it('changes what is asked for, and leaves the rest and the copies as they are', () => {
    const { view, commit, cluster } = newCluster([topic('logs', 2, { retentionMs: 5 })]);
    const before = cluster.topic('logs');
    expect(commit(alterTopic('logs', { retentionBytes: 9 }, view()))).toBe(1);
    expect(cluster.topic('logs')).toEqual({ ...before, retentionBytes: 9 });
    expect(commit(alterTopic('logs', { retentionMs: -1 }, view()))).toBe(1);
    expect(cluster.topic('logs')).toEqual({ ...before, retentionMs: -1, retentionBytes: 9 });
    commit(alterTopic('logs', { keepUnforwarded: false }, view()));
    expect(cluster.topic('logs')).toMatchObject({ keepUnforwarded: false, retentionBytes: 9 });
    for (const same of [{}, { retentionMs: -1 }, { retentionMs: -1, retentionBytes: 9 }]) {
      expect(alterTopic('logs', same, view())).toEqual({ ok: true, changes: [] });
    }
  });

  it('changes while there are fewer nodes than copies, and together with them', () => {
    const { view, commit, cluster } = newCluster([topic('logs', 1, { replicas: 3 })]);
    expect(commit(alterTopic('logs', { retentionMs: 7 }, view()))).toBe(1);
    commit(admit(node(2), view()));
    commit(alterTopic('logs', { retentionMs: 8, replicas: 1 }, view()));
    expect(cluster.topic('logs')).toMatchObject({ retentionMs: 8, replicas: 1 });
  });
});
