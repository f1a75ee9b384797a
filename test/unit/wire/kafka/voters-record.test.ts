import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid } from '../../../../src/base/brand.ts';
import { buildControlBatch, leaderChangeEpoch } from '../../../../src/wire/kafka/control-record.ts';
import { buildLeaderChangeBatch } from '../../../../src/wire/kafka/control-record.ts';
import { readControlType } from '../../../../src/wire/kafka/control-record.ts';
import type { RecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import { isBatchCrcValid } from '../../../../src/wire/kafka/record-batch-header.ts';
import { readRecordBatchHeader } from '../../../../src/wire/kafka/record-batch-header.ts';
import { iterateRecords } from '../../../../src/wire/kafka/record-iterator.ts';
import type { RecordedVoter } from '../../../../src/wire/kafka/voters-record.ts';
import { buildVotersBatch, readVoters } from '../../../../src/wire/kafka/voters-record.ts';

const place = { baseOffset: 12, leaderEpoch: 9, timestamp: 1_700_000_000_000 };
const directoryId = uuid('000102ff-0405-0607-0809-0a0b0c0d0e0f');
const one: RecordedVoter = { nodeId: 5, directoryId, isWitness: false };

function headerOf(bytes: Uint8Array): RecordBatchHeader {
  const header = readRecordBatchHeader(bytes, 0);
  if (!header.ok) throw new Error(header.error);
  return header.value;
}

function valueOf(batch: Uint8Array): string {
  const records = iterateRecords(batch, headerOf(batch));
  if (!records.ok || !records.value.next()) throw new Error('no record');
  return Buffer.from(records.value.value() ?? []).toString('hex');
}

const read = (batch: Uint8Array): readonly RecordedVoter[] | undefined =>
  readVoters(batch, headerOf(batch));

const readValue = (hex: string): readonly RecordedVoter[] | undefined =>
  read(buildControlBatch('VOTERS', Buffer.from(hex, 'hex'), place));

const directory = '000102ff0405060708090a0b0c0d0e0f';

describe('a Voters batch', () => {
  it('has the bytes of KIP-853, and says its epoch a second time', () => {
    const batch = buildVotersBatch([one, { ...one, nodeId: 6, isWitness: true }], place);
    const header = headerOf(batch);
    expect(header).toMatchObject({ isControl: true, recordCount: 1, lastOffset: 12 });
    expect([header.leaderEpoch, leaderChangeEpoch(header)]).toEqual([9, 9]);
    expect(isBatchCrcValid(batch, header)).toBe(true);
    expect(readControlType(batch, header)).toBe('VOTERS');
    const features = '01' + '00010001' + '00';
    const witness = '01' + '904e' + '01' + '01';
    expect(valueOf(batch)).toBe(
      `0000` +
        `03` +
        `00000005${directory}${features}00` +
        `00000006${directory}${features}${witness}` +
        `00`,
    );
  });

  it('brings any set of voters back', () => {
    const voter = fc.record({
      nodeId: fc.integer(),
      directoryId: fc.uuid().map(uuid),
      isWitness: fc.boolean(),
    });
    const sets = fc.uniqueArray(voter, {
      selector: ({ nodeId }) => nodeId,
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(sets, (voters) => {
        expect(read(buildVotersBatch(voters, place))).toEqual(voters);
      }),
    );
  });

  it('is read with endpoints and tags of others', () => {
    const endpoint = `0343` + `44` + `0561626364` + `1f90` + `00`;
    const tagged = `01` + `05` + `02` + `aabb`;
    const voter = `00000005${directory}02${endpoint}00000001${tagged}${tagged}`;
    expect(readValue(`000002${voter}${tagged}`)).toEqual([one]);
  });

  it.each([
    ['no voter', `00000100`],
    ['null voters', `00000000`],
    ['a version below 0', `ffff02${'00000005' + directory + '01' + '00010001' + '0000'}00`],
    ['one node twice', `0000` + `03` + `00000005${directory}01000100010000`.repeat(2) + `00`],
    ['more voters than bytes', `0000` + `7f` + `00000005${directory}01000100010000` + `00`],
    ['an empty value', ''],
  ])('with %s is none', (_name, hex) => {
    expect(readValue(hex)).toBeUndefined();
  });

  it('is none where it is cut, of another type, or no control batch', () => {
    const whole = valueOf(buildVotersBatch([{ ...one, isWitness: true }], place));
    expect(readValue(whole)).toHaveLength(1);
    for (let cut = 0; cut < whole.length; cut += 2) {
      expect(readValue(whole.slice(0, cut))).toBeUndefined();
    }
    const value = Buffer.from(whole, 'hex');
    expect(read(buildControlBatch('LEADER_CHANGE', value, place))).toBeUndefined();
    const batch = buildVotersBatch([one], place);
    expect(readVoters(batch, { ...headerOf(batch), isControl: false })).toBeUndefined();
  });

  it('of any bytes gives voters or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (value) => {
        const voters = read(buildControlBatch('VOTERS', value, place));
        expect(voters === undefined || voters.length > 0).toBe(true);
      }),
    );
  });
});

it('a LeaderChange batch names nine voters and who of them granted', () => {
  const voters = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const change = { leaderId: 1, voters, grantingVoters: [1, 2, 3, 4, 5] };
  const named = (ids: readonly number[]): string => ids.map((id) => `0000000${id}00`).join('');
  expect(valueOf(buildLeaderChangeBatch(change, place))).toBe(
    `0000` + `00000001` + `0a${named(voters)}` + `06${named([1, 2, 3, 4, 5])}` + `00`,
  );
});
