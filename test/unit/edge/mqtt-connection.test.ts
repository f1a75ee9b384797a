import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Client } from 'aedes';
import { MqttConnection } from '../../../edge/mqtt-connection.ts';
import { MqttCrowd } from '../../../edge/mqtt-crowd.ts';
import { connectionId, monotonicMs } from '../../../src/base/brand.ts';
import { limits } from '../../../src/base/limits.ts';
import type { HeldPublishers } from '../../../src/core/effect.ts';
import { connectBytes } from '../../fakes/mqtt-fake-core.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection whose packet began and never ends, and how often its keep-alive was put off. */
function slowConnection(sent = connectBytes('a', true).subarray(0, 5)) {
  const socket = new Socket();
  sockets.push(socket);
  let refreshed = 0;
  const client = {
    deliver0: undefined,
    deliverQoS: undefined,
    _nextBatch: (): void => void socket.read(),
    _keepaliveTimer: { refresh: (): void => void refreshed++ },
    _parsingBatch: 0,
    _parser: new EventEmitter(),
  };
  const crowd = new MqttCrowd(() => []);
  const connection = new MqttConnection({
    ...{ id: connectionId(1), socket, packetBytesMax: 1_024 },
    crowd,
    onBreach: () => undefined,
  });
  connection.attach(client as unknown as Client);
  socket.push(sent);
  socket.emit('readable');
  return { connection, crowd, putOff: () => refreshed };
}

const later = (): ReturnType<typeof monotonicMs> =>
  monotonicMs(performance.now() + 2 * limits.partArrivalMs);

test('what must wait is counted until it is gone', () => {
  const early = Buffer.from([0x30, 3, 0, 1, 0x61]); // a publish before CONNACK
  const { connection, crowd } = slowConnection(Buffer.concat([connectBytes('a', true), early]));
  expect([connection.heldBytes, crowd.bytes.held]).toEqual([early.length, early.length]);
  connection.cut();
  expect(crowd.bytes.held).toBe(0);
});

test('a packet that does not end is late, and its keep-alive runs', () => {
  const { connection, putOff } = slowConnection();
  expect(connection.isOverdue(later())).toBe(true);
  expect(putOff()).toBe(0);
});

test.each<HeldPublishers>(['acknowledged', 'all'])(
  'while publishers are held (%s) nobody is late, and no keep-alive runs out',
  (held) => {
    const { connection, putOff } = slowConnection();
    connection.hold(held);
    expect(connection.isOverdue(later())).toBe(false);
    expect(putOff()).toBe(1);
  },
);
