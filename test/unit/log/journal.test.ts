import { describe, expect, it } from 'vitest';
import { leaderEpoch, offset, type Uuid } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import { Journal } from '../../../src/log/journal.ts';
import { storedEntries } from '../../../src/log/stored-entries.ts';
import type { PeerStart } from '../../../src/ports/stored-facts.ts';
import type { StoredVoter } from '../../../src/ports/stored-voters.ts';
import type { WitnessState } from '../../../src/ports/witness-state.ts';
import { FakeDisk } from '../../fakes/fake-disk.ts';
import { ManualClock, otherTopicId, topicId } from './log-fixture.ts';

const key = { topicId, partition: 3 };
const vote = { ...key, leaderEpoch: leaderEpoch(5), votedFor: otherTopicId };

const voters = (...nodes: number[]): readonly StoredVoter[] =>
  nodes.map((nodeId) => ({ nodeId, directoryId: otherTopicId, role: 'data' }));

const witness = (end: number, epoch: number): WitnessState => ({
  logStartOffset: offset(0),
  endOffset: offset(end),
  epochStarts: [{ leaderEpoch: leaderEpoch(epoch), startOffset: offset(0) }],
  voters: [{ from: offset(0), voters: voters(1, 2, 3) }],
  epochBeforeStart: leaderEpoch(0),
});

async function reopen(disk: FakeDisk): Promise<Journal> {
  return Journal.open(disk, new ManualClock(), false);
}

describe('Journal', () => {
  it('keeps what it promised over a power cut', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    await Promise.all([
      journal.persistVotes([vote]),
      journal.persistLogStart(key, { at: offset(7), epochBefore: leaderEpoch(2) }),
      journal.persistEntry('a', '{"x":"ü\\n"}'),
      journal.persistEntry('b', '1'),
    ]);
    await journal.persistEntry('b', undefined);
    await journal.persistCut(key, offset(9));
    disk.reboot('lost');
    const again = await reopen(disk);
    expect(again.isDamaged).toBe(false);
    expect(again.votes()).toEqual([vote]);
    expect(again.entries()).toEqual([{ key: 'a', json: '{"x":"ü\\n"}' }]);
    expect(again.logStartOffset(key)).toBe(7);
    expect(again.mark(key)).toEqual({ to: 9, cut: 'tail' });
  });

  it('sends what is asked for during a flush out together', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const before = disk.count('sync');
    await Promise.all(Array.from({ length: 50 }, (_, i) => journal.persistEntry(`${i}`, '1')));
    expect(disk.count('sync') - before).toBeLessThanOrEqual(2);
    expect((await reopen(disk)).entries().length).toBe(50);
  });

  it('lets marks lag until they are due, go out with something else, or are asked for', async () => {
    const disk = new FakeDisk();
    const clock = new ManualClock();
    const journal = await Journal.open(disk, clock, true);
    journal.noteDurable(key, offset(10), 100);
    expect(journal.isMarkDue).toBe(false);
    expect(journal.mark(key)).toBeUndefined();
    clock.nowMs += limits.markLagMsMax;
    expect(journal.isMarkDue).toBe(true);
    await journal.writeMarks();
    expect(journal.isMarkDue).toBe(false);
    journal.noteDurable(key, offset(20), limits.markLagBytesMax);
    expect(journal.isMarkDue).toBe(true);
    await journal.persistEntry('a', '1');
    expect(journal.isMarkDue).toBe(false);
    disk.reboot('lost');
    expect((await reopen(disk)).mark(key)).toEqual({ to: 20, cut: undefined });
  });

  it('forgets a mark that lags when the log is cut', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    journal.noteDurable(key, offset(10), 100);
    await journal.persistMark(key, offset(4));
    await journal.writeMarks();
    expect((await reopen(disk)).mark(key)?.to).toBe(4);
  });

  it('takes a torn end for what it is, at every byte', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    await journal.persistVotes([vote]);
    const whole = disk.files().get('journal') as Uint8Array;
    await journal.persistEntry('a', '1');
    const longer = disk.files().get('journal') as Uint8Array;
    for (let size = whole.length; size < longer.length; size++) {
      disk.plant('journal', longer.subarray(0, size));
      const again = await reopen(disk);
      expect(again.isDamaged).toBe(false);
      expect(again.votes()).toEqual([vote]);
      expect(again.entries()).toEqual([]);
    }
  });

  it('reports a broken record with a good one behind it, until the first vote after', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const start = disk.files().get('journal')?.length ?? 0;
    await journal.persistMark(key, offset(3));
    await journal.persistVotes([vote]);
    disk.flipBit('journal', start + 12);
    const damaged = await reopen(disk);
    expect(damaged.isDamaged).toBe(true);
    expect(damaged.mark(key)).toBeUndefined();
    expect((await reopen(disk)).isDamaged).toBe(true);
    const third = await reopen(disk);
    await third.persistVotes([vote]);
    expect((await reopen(disk)).isDamaged).toBe(false);
  });

  it('counts a missing file as damage, except in a new directory', async () => {
    expect((await Journal.open(new FakeDisk(), new ManualClock(), true)).isDamaged).toBe(false);
    expect((await Journal.open(new FakeDisk(), new ManualClock(), false)).isDamaged).toBe(true);
  });

  it('starts a fresh file when it is too long, and keeps the old one on a full disk', async () => {
    for (const isFull of [false, true]) {
      const disk = new FakeDisk();
      const journal = await Journal.open(disk, new ManualClock(), true);
      const json = 'x'.repeat(100_000);
      for (let time = 0; time < 11; time++) {
        if (time === 10 && isFull) disk.budgetBytes = limits.journalBytesMax + 120_000;
        await journal.persistEntry('a', `${time}${json}`);
      }
      expect((disk.files().get('journal')?.length ?? 0) < 300_000).toBe(!isFull);
      await journal.persistVotes([vote]);
      disk.budgetBytes *= 2;
      disk.reboot('lost');
      const again = await reopen(disk);
      expect(again.isDamaged).toBe(false);
      expect(again.votes()).toEqual([vote]);
      expect(again.entries()[0]?.json.startsWith('10x')).toBe(true);
    }
  });

  it('takes the room that it is given on a full disk', async () => {
    const disk = new FakeDisk();
    disk.plant('reserve', new Uint8Array(1_000));
    const journal = await Journal.open(disk, new ManualClock(), true);
    journal.onFull(async () => {
      if (!disk.files().has('reserve')) return false;
      await disk.unlink('reserve');
      return true;
    });
    disk.budgetBytes = 1_000 + (disk.files().get('journal')?.length ?? 0) + 5;
    await journal.persistVotes([vote]);
    disk.budgetBytes = (disk.files().get('journal')?.length ?? 0) + 5;
    await expect(journal.persistEntry('a', '1')).rejects.toThrow('ENOSPC');
    disk.reboot('lost');
    disk.budgetBytes = 1 << 20;
    const again = await reopen(disk);
    expect(again.isDamaged).toBe(false);
    expect(again.votes()).toEqual([vote]);
  });

  it('leaves no half record behind when the disk is full', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    disk.budgetBytes = (disk.files().get('journal')?.length ?? 0) + 20;
    await expect(journal.persistVotes([vote])).rejects.toMatchObject({ code: 'ENOSPC' });
    disk.budgetBytes = 1 << 20;
    await journal.persistVotes([vote]);
    const again = await reopen(disk);
    expect(again.isDamaged).toBe(false);
    expect(again.votes()).toEqual([vote]);
  });

  it('keeps an older vote out that had to wait for room', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    await journal.persistVotes([{ ...vote, leaderEpoch: leaderEpoch(6) }]);
    await journal.persistVotes([vote]);
    expect((await reopen(disk)).votes()[0]?.leaderEpoch).toBe(6);
  });

  it('keeps who votes at the log start, with the start or alone', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    expect(journal.startVoters(key)).toBeUndefined();
    await journal.persistVoters(key, voters(1, 2));
    expect(journal.startVoters(key)).toEqual(voters(1, 2));
    const start = { at: offset(5), epochBefore: leaderEpoch(3), voters: voters(2) };
    await journal.persistLogStart(key, start);
    await journal.persistLogStart(key, { at: offset(6), epochBefore: leaderEpoch(3) });
    const again = await reopen(disk);
    expect(again.startVoters(key)).toEqual(voters(2));
    expect([again.logStartOffset(key), again.epochBeforeStart(key)]).toEqual([6, 3]);
  });

  const startOf = (startCounter: number, startId?: Uuid): PeerStart => ({
    ...{ directoryId: otherTopicId, startCounter, startId },
  });

  it('keeps the newest start of a peer', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    await journal.notePeerStart(startOf(4));
    const syncs = disk.count('sync');
    await journal.notePeerStart(startOf(3));
    expect(disk.count('sync')).toBe(syncs);
    expect(storedEntries((await reopen(disk)).entries())).toEqual({
      cluster: undefined,
      onceHad: [],
      peerStarts: [startOf(4)],
      givingUp: [],
    });
    const before = [{ key: `peer-start/${otherTopicId}`, json: '7' }];
    expect(storedEntries(before).peerStarts).toEqual([startOf(7)]);
    // What an older version wrote gets the name of the start once it is known, and keeps it.
    const again = await reopen(disk);
    for (const startId of [topicId, otherTopicId]) await again.notePeerStart(startOf(4, startId));
    const { peerStarts } = storedEntries((await reopen(disk)).entries());
    expect(peerStarts).toEqual([startOf(4, topicId)]);
  });

  describe('how far a log once was (V4)', () => {
    const place = (partition: number, to: number) => ({ topicId, partition, to: offset(to) });
    const onceHad = async (disk: FakeDisk) => storedEntries((await reopen(disk)).entries()).onceHad;

    async function cutJournal() {
      const disk = new FakeDisk();
      const journal = await Journal.open(disk, new ManualClock(), true);
      await journal.persistCut(key, offset(80), offset(100));
      await journal.persistCut({ ...key, partition: 4 }, offset(5), offset(9));
      return { disk, journal };
    }

    it('is kept until it is forgotten, over power cuts and in a journal that is written anew', async () => {
      const { disk, journal } = await cutJournal();
      disk.reboot('lost');
      expect(await onceHad(disk)).toEqual([place(3, 100), place(4, 9)]);
      const again = await reopen(disk);
      await again.forgetOnceHad(key);
      disk.reboot('lost');
      for (let start = 0; start < 2; start++) expect(await onceHad(disk)).toEqual([place(4, 9)]);
      expect(journal.mark(key)?.to).toBe(80);
      const long = await reopen(disk);
      const text = 'x'.repeat(0.6 * limits.journalBytesMax);
      for (const each of [`${text}1`, `${text}2`]) await long.persistEntry('a', each);
      expect(disk.files().get('journal')?.length).toBeLessThan(limits.journalBytesMax);
      disk.reboot('lost');
      expect(await onceHad(disk)).toEqual([place(4, 9)]);
    });

    it('is kept by a power cut while it is being forgotten, or it is forgotten, with the mark', async () => {
      const seen = new Set<number>();
      for (const mode of ['lost', 'some', 'torn', 'killed'] as const) {
        for (let call = 1; ; call++) {
          const { disk, journal } = await cutJournal();
          // What makes it whole was fsynced before; its mark lags.
          journal.noteDurable(key, offset(95), 1);
          disk.crashAt(disk.callCount + call);
          const isDone = await journal.forgetOnceHad(key).then(
            () => true,
            () => false,
          );
          disk.reboot(mode);
          const again = await reopen(disk);
          expect(again.isDamaged).toBe(false);
          const left = storedEntries(again.entries()).onceHad.length;
          seen.add(left);
          expect(again.mark(key)?.to).toBe(left === 1 ? 95 : 80);
          if (isDone) {
            expect(left).toBe(1);
            break;
          }
        }
      }
      expect(seen).toEqual(new Set([1, 2]));
    });

    it('is what was said last, where it is forgotten and cut again in one turn', async () => {
      const { disk, journal } = await cutJournal();
      const cut = { at: offset(0), epochBefore: leaderEpoch(0), onceHad: offset(70) };
      await Promise.all([journal.forgetOnceHad(key), journal.persistReset(key, cut)]);
      expect(await onceHad(disk)).toEqual([place(4, 9), place(3, 70)]);
    });
  });

  it('keeps whom an operator gives up until that is done (V5)', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const lost = { nodeId: 2, directoryId: topicId };
    const givingUp = async () => storedEntries((await reopen(disk)).entries()).givingUp;
    await journal.persistGivingUp([lost]);
    expect(await givingUp()).toEqual([lost]);
    await (await reopen(disk)).persistGivingUp([]);
    expect(await givingUp()).toEqual([]);
  });

  it('writes only the end of a witness while nothing else of it changes', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const size = () => disk.files().get('journal')?.length ?? 0;
    await journal.persistWitness(key, witness(10, 1));
    const full = size();
    await journal.persistWitness(key, witness(20, 1));
    expect(size() - full).toBeLessThan(130);
    expect((await reopen(disk)).witnesses()).toEqual([{ ...key, state: witness(20, 1) }]);
    // Asked for in one turn: the last one stands, whatever it shares with the one before.
    const other = await reopen(disk);
    await Promise.all([
      other.persistWitness(key, witness(30, 2)),
      other.persistWitness(key, witness(15, 1)),
    ]);
    expect((await reopen(disk)).witnesses()[0]?.state).toEqual(witness(15, 1));
  });

  it('stays small however often a witness moves', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const size = () => disk.files().get('journal')?.length ?? 0;
    await journal.persistEntry('a', 'x'.repeat(limits.journalBytesMax / 2));
    await journal.persistEntry('a', 'x'.repeat(limits.journalBytesMax / 2 - 20_000));
    let most = 0;
    for (let end = 1; end <= 300; end++) {
      await journal.persistWitness(key, witness(end, 1 + Math.floor(end / 10)));
      most = Math.max(most, size());
    }
    expect(most).toBeLessThan(limits.journalBytesMax + 1_000);
    expect(size()).toBeLessThan(limits.journalBytesMax - 100_000);
    expect((await reopen(disk)).witnesses()[0]?.state).toEqual(witness(300, 31));
  });

  it('is not written anew again and again when what counts is long', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    const json = 'x'.repeat(200_000);
    for (let i = 0; i < 8; i++) await journal.persistEntry(`${i}`, json);
    const renames = disk.count('rename');
    for (let i = 0; i < 4; i++) await journal.persistEntry('small', `${i}`);
    expect(disk.count('rename')).toBe(renames);
  });

  it('forgets the states of witnesses with damage, for an older one says too much', async () => {
    const disk = new FakeDisk();
    const journal = await Journal.open(disk, new ManualClock(), true);
    await journal.persistWitness(key, witness(10, 1));
    const at = disk.files().get('journal')?.length ?? 0;
    await journal.persistWitness(key, witness(20, 2));
    await journal.persistVotes([vote]);
    disk.flipBit('journal', at + 20);
    expect((await reopen(disk)).witnesses()).toEqual([]);
  });
});
