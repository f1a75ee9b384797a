import { expect, test } from 'vitest';
import { filterFault } from '../../../edge/mqtt-filter-fault.ts';

const faultsOf = (filter: string): readonly (string | undefined)[] => [
  filterFault({ cmd: 'subscribe', subscriptions: [{ topic: 'a' }, { topic: filter }] }),
  filterFault({ cmd: 'unsubscribe', unsubscriptions: [filter, 'a'] }),
];

test.each(['a', '#', '+', 'a/+/b', '+/+', 'a/#', '/', '$share/g/a'])('%s passes', (filter) => {
  expect(faultsOf(filter)).toEqual([undefined, undefined]);
});

test.each(['', 'ab/+e', '+a', 'a+', 'a#', '#/a', 'a/#/b', 'a\u0000', '\ufffd', 'a/'.repeat(33)])(
  'a filter like %j costs the connection',
  (filter) => {
    for (const fault of faultsOf(filter)) expect(fault).toMatch('a topic filter that');
  },
);

test('other packets name no filter', () => {
  expect(filterFault({ cmd: 'pingreq' })).toBeUndefined();
});
