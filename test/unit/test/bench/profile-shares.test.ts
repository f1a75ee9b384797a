import { expect, test } from 'vitest';
import { profileShares } from '../../../bench/profile-shares.ts';

const node = (id: number, functionName: string, url = '') => ({
  id,
  callFrame: { functionName, url },
});

test('parts by file and native function, from the first publish to the last', () => {
  const nodes = [
    node(1, 'take', 'file:///x/dist/edge/mqtt-publish-lane.js'),
    node(2, '(idle)'),
    node(3, 'parse', 'file:///x/node_modules/mqtt-packet/parser.js'),
    node(4, 'fdatasync'),
    node(5, 'tiny', 'file:///x/dist/src/core/node.js'),
  ];
  // The first and the last second lie outside of the publishes.
  const samples = [2, 1, 2, 3, 4, 5, 1, 3];
  const timeDeltas = [1e6, 100, 500, 200, 97, 3, 100, 1e6];
  expect(profileShares({ nodes, samples, timeDeltas })).toEqual({
    idle: 50,
    'edge: MQTT': 20,
    'MQTT engine': 20,
    'handing writes and fsyncs to the thread pool': 9.7,
    rest: 0.3,
  });
});
