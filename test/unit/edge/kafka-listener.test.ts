import { connect } from 'node:net';
import { expect, it, vi } from 'vitest';
import type { ConnectionId } from '../../../src/base/brand.ts';
import { connectionId } from '../../../src/base/brand.ts';
import type { Event } from '../../../src/core/event.ts';
import { KafkaListener } from '../../../edge/kafka-listener.ts';

const id: ConnectionId = connectionId(1);

/** Of one connection, on a free port. */
async function startListener() {
  const events: Event[] = [];
  const listener = new KafkaListener({
    address: { host: '127.0.0.1', port: 0 },
    connectionsMax: 10,
    post: (event) => events.push(event),
    nextConnectionId: () => id,
  });
  const bound = await listener.listen();
  expect(bound.ok).toBe(true);
  return { events, listener, port: bound.ok ? bound.value.port : 0 };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000 });

it('reports what a peer took, and nothing while it does not read', async () => {
  const { events, listener, port } = await startListener();
  const socket = connect({ host: '127.0.0.1', port });
  const sentBytes = (): number =>
    events.reduce((sum, event) => sum + (event.type === 'KafkaBytesSent' ? event.bytes : 0), 0);
  try {
    socket.pause();
    await until(() => expect(events.map(({ type }) => type)).toEqual(['KafkaConnectionOpened']));
    const chunk = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 64; i++) listener.send(id, [chunk]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sentBytes()).toBeLessThan(64 * chunk.length);
    socket.resume();
    await until(() => expect(sentBytes()).toBe(64 * chunk.length));
  } finally {
    socket.destroy();
    await listener.stop();
  }
});

it('ends a connection in time whose peer goes on sending after it was closed', async () => {
  const { events, listener, port } = await startListener();
  // It never sends the end of its own side.
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => undefined).resume();
  const types = (): string[] => events.map(({ type }) => type);
  try {
    await until(() => expect(types()).toContain('KafkaConnectionOpened'));
    // Timers of sockets are Node's own and go on.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    listener.close(id, false);
    vi.advanceTimersByTime(4_999);
    await new Promise((resolve) => socket.once('end', () => resolve(undefined)));
    socket.write('x');
    expect(listener.connections).toBe(1);
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    await until(() => expect(types()).toContain('ConnectionClosed'));
  } finally {
    vi.useRealTimers();
    socket.destroy();
    await listener.stop();
  }
});
