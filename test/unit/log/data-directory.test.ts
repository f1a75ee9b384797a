import { describe, expect, it } from 'vitest';
import { decodeMeta, encodeMeta, openDataDirectory } from '../../../src/log/data-directory.ts';
import { Storage, describeOpenError } from '../../../src/log/storage.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import type { AdoptedCluster } from '../../../src/log/stored-entries.ts';
import { zeroUuid } from '../../../src/wire/kafka/protocol-reader.ts';
import { SeededRandom, openStorage, otherTopicId, storageOptions, topicId } from './log-fixture.ts';

const open = (disk: FakeDisk, nodeId = 1, seed = 1) =>
  openDataDirectory(disk, nodeId, new SeededRandom(seed));

describe('the data directory', () => {
  it('is founded once, with a random identity, and counts its starts', async () => {
    const disk = new FakeDisk();
    await disk.makeDir('lock');
    const first = await open(disk);
    const second = await open(disk, 1, 99);
    if (!first.ok || !second.ok) throw new Error('refused');
    expect(first.value.isFirstStart).toBe(true);
    expect(first.value.meta.directoryId).not.toBe(first.value.meta.clusterId);
    expect(second.value).toEqual({
      isFirstStart: false,
      meta: {
        ...first.value.meta,
        startCounter: 2,
        startIds: [...first.value.meta.startIds, expect.any(String)],
      },
    });
  });

  it('has nothing constant in its identity', async () => {
    const [one, other] = [await open(new FakeDisk(), 1, 7), await open(new FakeDisk(), 1, 8)];
    if (!one.ok || !other.ok) throw new Error('refused');
    expect(one.value.meta.clusterId).not.toBe(other.value.meta.clusterId);
    expect(one.value.meta.directoryId).not.toBe(other.value.meta.directoryId);
  });

  it('counts durably before it is open', async () => {
    const disk = new FakeDisk();
    await open(disk);
    await open(disk);
    disk.reboot('lost');
    const third = await open(disk);
    expect(third.ok && third.value.meta.startCounter).toBe(3);
  });

  it('lives on with either copy, the higher count being the true one', async () => {
    for (const gone of ['meta.json', 'meta.copy.json']) {
      const disk = new FakeDisk();
      await open(disk);
      disk.flipBit(gone, 30, 2);
      const second = await open(disk);
      expect(second.ok && second.value.meta.startCounter).toBe(2);
    }
  });

  it('is missed as soon as neither copy is there, and not before', async () => {
    const disk = new FakeDisk();
    const storage = await openStorage(disk);
    await disk.unlink('meta.json');
    await expect(storage.space()).resolves.toBeDefined();
    await disk.unlink('meta.copy.json');
    await expect(storage.space()).rejects.toMatchObject({ name: 'DiskError', code: 'ENOENT' });
  });

  it('stays a witness or a data node once it is born, and says what to do (V3)', async () => {
    const as = (disk: FakeDisk, isWitness: boolean, isClustered = true) =>
      openDataDirectory(disk, 1, new SeededRandom(1), { isWitness, isClustered });
    const unborn = new FakeDisk();
    await as(unborn, false);
    expect((await as(unborn, true)).ok).toBe(true);
    const disk = new FakeDisk();
    await as(disk, false, false);
    const refused = await as(disk, true);
    expect(refused).toEqual({ ok: false, error: { code: 'OTHER_ROLE', isWitness: false } });
    if (refused.ok) throw new Error('opened');
    expect(describeOpenError(refused.error)).toMatch(/that of a data node.*set its role back/);
    const again = await as(disk, false);
    expect(again.ok && again.value.meta.startCounter).toBe(2);
  });

  it('refuses data without an intact copy and writes nothing', async () => {
    const disk = new FakeDisk();
    await open(disk);
    await disk.makeDir('logs');
    disk.flipBit('meta.json', 12);
    disk.flipBit('meta.copy.json', 12);
    const before = disk.files();
    const opened = await open(disk);
    if (opened.ok) throw new Error('opened');
    expect(opened.error.code).toBe('NO_IDENTITY');
    expect(describeOpenError(opened.error)).toContain('logs');
    expect(disk.files()).toEqual(before);
  });

  it('refuses another node', async () => {
    const disk = new FakeDisk();
    await open(disk);
    const opened = await open(disk, 2);
    expect(opened).toEqual({ ok: false, error: { code: 'OTHER_NODE', found: 1, wanted: 2 } });
  });

  it('refuses a newer format, names both and writes nothing', async () => {
    const disk = new FakeDisk();
    const first = await open(disk);
    if (!first.ok) throw new Error('refused');
    disk.plant('meta.json', encodeMeta({ ...first.value.meta, formatVersion: 7 }));
    const before = disk.files();
    const opened = await Storage.open(disk, storageOptions());
    if (opened.ok) throw new Error('opened');
    expect(opened.error).toEqual({ code: 'NEWER_FORMAT', found: 7, supported: 1 });
    expect(describeOpenError(opened.error)).toMatch(/format 7.*format 1/);
    expect(disk.files()).toEqual(before);
  });

  it('sees every flipped bit of its identity', async () => {
    const disk = new FakeDisk();
    await open(disk);
    const bytes = disk.files().get('meta.json') as Uint8Array;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeMeta(flipped)).toBeUndefined();
    }
  });

  describe('of one of several nodes', () => {
    const clustered = async (disk: FakeDisk) => {
      const opened = await Storage.open(disk, { ...storageOptions(), isClustered: true });
      if (!opened.ok) throw new Error(opened.error.code);
      return opened.value;
    };
    const reopened = async (disk: FakeDisk) => {
      const storage = await clustered(disk);
      const { meta, facts } = storage;
      return { meta, facts, adopt: (to: AdoptedCluster) => storage.adoptCluster(to, [voter]) };
    };
    const voter = { nodeId: 1, directoryId: otherTopicId, role: 'data' } as const;

    it('has no cluster until one is adopted, and then no other', async () => {
      const disk = new FakeDisk();
      expect((await clustered(disk)).meta.clusterId).toBe(zeroUuid);
      const storage = await clustered(disk);
      expect(storage.meta).toMatchObject({ clusterId: zeroUuid, startCounter: 2 });
      expect(storage.facts.clusterTopicId).toBeUndefined();
      const cluster = { clusterId: topicId, clusterTopicId: otherTopicId };
      expect((await storage.adoptCluster(cluster, [voter])).ok).toBe(true);
      expect((await storage.adoptCluster(cluster, [voter])).ok).toBe(true);
      disk.reboot('lost');
      const again = await clustered(disk);
      expect(again.meta.clusterId).toBe(topicId);
      expect(again.facts).toMatchObject({
        clusterTopicId: otherTopicId,
        startVoters: [{ topicId: otherTopicId, partition: 0, voters: [voter] }],
      });
      for (const other of [
        { clusterId: otherTopicId, clusterTopicId: otherTopicId },
        { clusterId: topicId, clusterTopicId: topicId },
      ]) {
        const refused = await again.adoptCluster(other, [voter]);
        expect(refused).toMatchObject({ ok: false, error: { code: 'OTHER_CLUSTER' } });
      }
      expect((await clustered(disk)).meta.clusterId).toBe(topicId);
    });

    it('is adopted with the newer copy of two from the same start', async () => {
      const disk = new FakeDisk();
      const unborn = await clustered(disk);
      for (const name of ['meta.json', 'meta.copy.json']) {
        disk.plant(name, encodeMeta({ ...unborn.meta, clusterId: topicId }));
        expect((await clustered(disk)).meta.clusterId).toBe(topicId);
        for (const each of ['meta.json', 'meta.copy.json']) {
          disk.plant(each, encodeMeta(unborn.meta));
        }
      }
    });

    it('is adopted whole or not at all, whenever it dies', async () => {
      for (let call = 1; ; call++) {
        const disk = new FakeDisk(call);
        const storage = await clustered(disk);
        disk.crashAt(disk.callCount + call);
        const cluster = { clusterId: topicId, clusterTopicId: otherTopicId };
        const isAdopted = await storage.adoptCluster(cluster, [voter]).catch(() => undefined);
        disk.reboot(call % 2 === 0 ? 'lost' : 'killed');
        const { meta, facts, ...again } = await reopened(disk);
        expect(meta.clusterId === topicId || isAdopted === undefined).toBe(true);
        expect(facts.clusterTopicId).toBe(meta.clusterId === topicId ? otherTopicId : undefined);
        if (meta.clusterId === topicId) expect(facts.startVoters[0]?.voters).toEqual([voter]);
        expect((await again.adopt(cluster)).ok).toBe(true);
        if (isAdopted !== undefined) break;
      }
    });

    it('goes on as a new disk where its votes may be lost (V4)', async () => {
      const disk = new FakeDisk();
      const first = await clustered(disk);
      const random = new SeededRandom(99);
      const restarted = async () => {
        const opened = await Storage.open(disk, { ...storageOptions(), random, isClustered: true });
        if (!opened.ok) throw new Error(opened.error.code);
        return opened.value;
      };
      const { directoryId } = first.meta;
      expect(first.facts.formerDirectoryIds).toEqual([]);
      await disk.unlink('journal');
      const second = await restarted();
      expect(second.meta.directoryId).not.toBe(first.meta.directoryId);
      expect(second.journal.isDamaged).toBe(false);
      expect(second.facts.formerDirectoryIds).toEqual([directoryId]);
      disk.reboot('lost');
      const third = await restarted();
      expect(third.meta.directoryId).toBe(second.meta.directoryId);
      expect(third.journal.isDamaged).toBe(false);
      expect(third.facts.formerDirectoryIds).toEqual([directoryId]);
      await disk.unlink('journal');
      const fourth = await restarted();
      expect(fourth.facts.formerDirectoryIds).toEqual([directoryId, third.meta.directoryId]);
    });

    it('becomes a cluster of one where the config names no other node', async () => {
      const disk = new FakeDisk();
      await clustered(disk);
      const alone = await open(disk);
      expect(alone.ok && alone.value.meta.clusterId).not.toBe(zeroUuid);
      expect((await clustered(disk)).meta.clusterId).toBe(alone.ok && alone.value.meta.clusterId);
    });
  });
});
