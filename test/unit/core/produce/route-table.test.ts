import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/base/limits.ts';
import { utf8Decode } from '../../../../src/base/bytes.ts';
import { filterMatches, RouteTable } from '../../../../src/core/produce/route-table.ts';
import type { RouteTarget } from '../../../../src/core/produce/route-table.ts';

const matches = (filter: string, topic: string) => filterMatches(filter.split('/'), topic);

describe('filterMatches [MQTT-4.7.1]', () => {
  it.each([
    ['#', 'a/b', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/+', 'a', false],
    ['+/b', 'a/b', true],
    ['+', '/a', false],
    ['+/+', '/a', true],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ])('%s on %s: %s', (filter, topic, expected) => {
    expect(matches(filter, topic)).toBe(expected);
  });
});

function located(routes: RouteTable, mqttTopic: string, clientId: string): RouteTarget {
  const place = routes.locate(mqttTopic, clientId);
  if (typeof place === 'string') throw new Error(place);
  return place;
}

describe('RouteTable', () => {
  it('remembers topics up to a length: what it remembers is bounded by their number', () => {
    const routes = table();
    const longest = 'plant/'.padEnd(limits.mqttTopicCachedLengthMax, 'x');
    expect(routes.locate(longest, 'c')).toBe(routes.locate(longest, 'c'));
    const longer = `${longest}x`;
    expect(routes.locate(longer, 'c')).toEqual(routes.locate(longer, 'c'));
    expect(routes.locate(longer, 'c')).not.toBe(routes.locate(longer, 'c'));
  });

  const table = () =>
    new RouteTable(
      [
        { from: 'plant/+/alarm', topic: 'alarms', key: 'clientId' },
        { from: 'plant/#', topic: 'sensors', key: 'mqttTopic' },
        { from: 'gone/#', topic: 'missing', key: 'mqttTopic' },
      ],
      (topic) => ({ alarms: 1, sensors: 4 })[topic],
    );

  it('takes the first rule that matches', () => {
    expect(located(table(), 'plant/7/alarm', 'c').topic).toBe('alarms');
    expect(located(table(), 'plant/7/temperature', 'c').topic).toBe('sensors');
  });

  it('keys by MQTT topic or by client, and places by murmur2 as Java does', () => {
    const byTopic = located(table(), 'plant/7/temperature', 'c');
    expect(utf8Decode(byTopic.key)).toBe('plant/7/temperature');
    expect(byTopic.partition).toBeLessThan(4);
    const byClient = located(table(), 'plant/7/alarm', 'client-1');
    expect(utf8Decode(byClient.key)).toBe('client-1');
  });

  it('does not mix clients up where the key is the client', () => {
    const routes = table();
    routes.locate('plant/7/alarm', 'client-1');
    const second = located(routes, 'plant/7/alarm', 'client-2');
    expect(utf8Decode(second.key)).toBe('client-2');
  });

  it('tells what no rule names from a topic that __cluster does not know', () => {
    expect(table().locate('other', 'c')).toBe('unrouted');
    expect(table().locate('gone/x', 'c')).toBe('topicMissing');
  });
});
